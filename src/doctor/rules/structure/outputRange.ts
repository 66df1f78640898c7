import { percent, shown } from '../../numbers.js'
import { place, type Rule } from '../rule.js'
import { dropModule, finalModule } from '../treatments.js'

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  sigmoid: [0, 1],
  softmax: [0, 1],
  hardsigmoid: [0, 1],
  tanh: [-1, 1],
  softsign: [-1, 1],
  hardtanh: [-1, 1],
  softplus: [0, Number.POSITIVE_INFINITY],
}
const SHARE = 0.02

/** Targets that the last activation can never give. */
export const outputRange: Rule = {
  id: 'output-range',
  check(c) {
    const { final, kind } = c.start
    const range = final === null ? undefined : RANGES[final.name]
    if (final === null || range === undefined || (kind !== 'mse' && kind !== 'l1')) return null
    const targets = c.program.y.toTypedArray()
    let outside = 0
    for (const t of targets) if (t < range[0] - 1e-6 || t > range[1] + 1e-6) outside++
    const share = outside / targets.length
    if (share <= SHARE) return null
    const module = finalModule(c.start)
    return {
      severity: 'error',
      ...(module === null ? {} : { layer: module }),
      evidence: {
        'targets out of reach': percent(share),
        'range of the targets': `${shown(c.data.target.min)} to ${shown(c.data.target.max)}`,
        'range of the outputs': `${range[0]} to ${range[1]}`,
      },
      cause: `The last layer is a ${final.name}, which gives ${range[0]} to ${range[1]}; ${percent(share)} of the targets lie outside. On them the network can only press against the end of its range, where the slope is 0.`,
      summary: `Leave out the last ${final.name}, or scale the targets into its range.`,
      code: module === null ? `return x // not ${final.name}(x)` : `// leave out ${place(module)}`,
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
