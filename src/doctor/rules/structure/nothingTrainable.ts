import { optimized } from '../../sandbox.js'
import type { Rule } from '../rule.js'

/** Everything is frozen. */
export const nothingTrainable: Rule = {
  id: 'nothing-trainable',
  check({ program: { optimizer, model } }) {
    const all = optimized(optimizer)
    if (all.some(p => p.leafRequiresGrad)) return null
    return {
      severity: 'error',
      evidence: { 'parameters in the optimizer': all.length, 'of them trainable': 0 },
      cause: 'No parameter in the optimizer asks for a gradient: backward computes none, and steps change nothing.',
      summary: 'Let the parameters that should learn require gradients.',
      code: 'model.requiresGrad_(true)',
      treat: options => {
        model.requiresGrad_(true)
        return { model: options.model }
      },
    }
  },
}
