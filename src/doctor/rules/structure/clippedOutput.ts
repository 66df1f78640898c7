import { percent, shown } from '../../numbers.js'
import { place, type Rule } from '../rule.js'
import { dropModule, finalModule } from '../treatments.js'

/** A ReLU at the end: scores below 0 get no gradient. */
export const clippedOutput: Rule = {
  id: 'clipped-output',
  check(c) {
    const { final, kind, output } = c.start
    if (final?.name !== 'relu') return null
    const scores = kind === 'ce' || kind === 'bceLogits'
    const regression = kind === 'mse' || kind === 'l1'
    if (!scores && !regression) return null
    const values = output.toTypedArray()
    let zeros = 0
    for (const v of values) if (v === 0) zeros++
    const reachable = regression && c.data.target.min >= 0
    const module = finalModule(c.start)
    return {
      severity: reachable ? 'info' : 'warning',
      ...(module === null ? {} : { layer: module }),
      evidence: {
        'outputs that are exactly 0': percent(zeros / values.length),
        ...(regression ? { 'smallest target': shown(c.data.target.min) } : {}),
      },
      cause: reachable
        ? 'The last layer is a ReLU: an output that is 0 gets no gradient, and a unit that is 0 for every row stays so.'
        : `The last layer is a ReLU: it cannot give ${scores ? 'scores' : 'targets'} below 0, and where it is cut off no gradient comes through.`,
      summary: 'Leave out the last ReLU.',
      code: module === null ? 'return x // not x.relu()' : `// leave out ${place(module)}`,
      ...(module === null
        ? {}
        : {
            treat: options => {
              dropModule(options.model, module)
              return { model: options.model }
            },
          }),
    }
  },
}
