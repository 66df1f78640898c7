import { percent, shown } from '../../numbers.js'
import { place, type Rule } from '../rule.js'
import { reinit, reinitCode } from '../treatments.js'

const LARGE = 5

/** Weights so large that units start on their flat parts, or outputs explode. */
export const initTooLarge: Rule = {
  id: 'init-too-large',
  check(c) {
    const large = c.start.weights.filter(w => w.gain > LARGE)
    if (large.length === 0) return null
    const worst = large.reduce((a, b) => (b.gain > a.gain ? b : a))
    const { loss, baseline } = c.start
    const saturated = c.start.activations.find(a => a.layer === worst.layer)?.saturated ?? null
    const names = large.map(w => w.name)
    return {
      severity: 'warning',
      layer: worst.layer,
      evidence: {
        'deviation of the weights times √inputs': shown(worst.gain),
        'usual values': '0.58 (default), 1 (Xavier), 1.41 (He)',
        ...(saturated === null ? {} : { 'saturated behind it': percent(saturated) }),
        ...(loss !== null && baseline !== null && baseline > 0
          ? { 'first loss against the best constant': shown(loss / baseline) }
          : {}),
      },
      cause: `The weights of ${place(worst.layer)} start ${shown(worst.gain)} times as large as keeps the size of what passes through: ${saturated !== null ? 'its units sit on the flat part of their activation, where there is no gradient' : 'what passes grows from layer to layer'}.`,
      summary: 'Draw the weights with Xavier initialisation (sigmoid, tanh) or He initialisation (ReLU).',
      code: reinitCode(c, names, place),
      treat: reinit(c, names),
    }
  },
}
