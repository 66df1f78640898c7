import { shown } from '../../numbers.js'
import type { Rule } from '../rule.js'

const STEPS = 3

/** Gradients of all steps so far are added up: each step goes on in the direction of the ones before. */
export const gradNotZeroed: Rule = {
  id: 'grad-not-zeroed',
  check({ wiring }) {
    if (wiring === null || wiring.unzeroed < STEPS) return null
    const norms = wiring.gradientNorms
    return {
      severity: 'error',
      evidence: {
        'steps without clearing': wiring.unzeroed,
        ...(norms.length > 1
          ? { 'gradient norm at first': shown(norms[0]), 'at last': shown(norms[norms.length - 1]) }
          : {}),
      },
      cause:
        'Gradients are not cleared between steps. backward() adds to what is there, so each step follows the sum of all gradients since the start.',
      summary: 'Clear the gradients first in every step.',
      code: 'optimizer.zeroGrad()\nconst loss = criterion.forward(model.forward(x), y)\nloss.backward()\noptimizer.step()',
    }
  },
}
