import { percent } from '../../numbers.js'
import { optimized } from '../../sandbox.js'
import type { Rule } from '../rule.js'

/** Parameters that ask for a gradient and that no step will change. */
export const paramsNotInOptimizer: Rule = {
  id: 'params-not-in-optimizer',
  check({ program: { model, optimizer } }) {
    const own = new Set(optimized(optimizer))
    const trainable = [...model.namedParameters()].filter(([, p]) => p.leafRequiresGrad)
    const missing = trainable.filter(([, p]) => !own.has(p))
    if (missing.length === 0) return null
    const count = (list: typeof missing) => list.reduce((n, [, p]) => n + p.count, 0)
    return {
      severity: 'error',
      layer: missing[0][0],
      evidence: {
        parameters: missing
          .slice(0, 8)
          .map(([name]) => name)
          .join(', '),
        'share of all': percent(count(missing) / count(trainable)),
      },
      cause: `${missing.length === trainable.length ? 'No parameter of the model is' : `${missing.length} parameters of the model are not`} in the optimizer: steps leave them as they were at the start. An optimizer that was made before a layer was replaced, or from another model, looks like this.`,
      summary: 'Make the optimizer of all parameters of the model, after the model is complete.',
      code: `const optimizer = new optim.${optimizer.constructor.name}(model.parameters(), { lr: ${optimizer.paramGroups[0].lr} })`,
      treat: options => {
        const present = new Set(optimized(options.optimizer))
        const lacking = [...options.model.parameters()].filter(p => p.leafRequiresGrad && !present.has(p))
        if (lacking.length > 0) options.optimizer.addParamGroup({ params: lacking })
        return { optimizer: options.optimizer }
      },
    }
  },
}
