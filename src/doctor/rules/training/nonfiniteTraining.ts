import { shown } from '../../numbers.js'
import type { Rule } from '../rule.js'

/** NaN or Inf came up while training. */
export const nonfiniteTraining: Rule = {
  id: 'nonfinite-training',
  check(c) {
    const { nonfinite } = c.run
    if (nonfinite === null) return null
    return {
      severity: 'error',
      symptom: true,
      ...(nonfinite.where === 'the loss' ? {} : { layer: nonfinite.where }),
      evidence: {
        step: nonfinite.step,
        first: nonfinite.where,
        'last finite loss': nonfinite.lastLoss === null ? 'none' : shown(nonfinite.lastLoss),
      },
      cause: `At step ${nonfinite.step} ${nonfinite.where} stopped being a finite number: something overflowed, or a logarithm or a division met 0.`,
      summary: 'Run that step within autograd.detectAnomaly, which names the operation.',
      code: 'autograd.detectAnomaly(() => {\n  criterion.forward(model.forward(x), y).backward()\n})',
    }
  },
}
