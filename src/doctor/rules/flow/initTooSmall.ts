import { shown } from '../../numbers.js'
import { place, type Rule } from '../rule.js'
import { reinit, reinitCode } from '../treatments.js'

const SMALL = 0.05
const FADED = 1e-4

/** Weights so small that nothing of the input arrives. A small last layer is a common choice and does no harm. */
export const initTooSmall: Rule = {
  id: 'init-too-small',
  check(c) {
    const small = c.start.weights.filter(w => w.hidden && w.gain > 0 && w.gain < SMALL)
    const hidden = c.start.activations.filter(a => a.hidden && a.kind !== 'sigmoid')
    const fading =
      hidden.length > 1 && hidden[0].std > 0 && hidden.at(-1)!.std / hidden[0].std < FADED && hidden.at(-1)!.std > 0
    if (small.length === 0 && !fading) return null
    const named = small.length > 0 ? small : c.start.weights.filter(w => w.hidden)
    const names = named.map(w => w.name)
    return {
      severity: 'warning',
      layer: named[0].layer,
      evidence: {
        'deviation of the weights times √inputs': shown(named[0].gain),
        'usual values': '0.58 (default), 1 (Xavier), 1.41 (He)',
        'deviation after each layer': c.start.activations
          .filter(a => a.hidden)
          .map(a => shown(a.std))
          .slice(0, 8)
          .join(', '),
      },
      cause: `The weights of ${place(named[0].layer)} start so small that what passes through shrinks to ${shown(named[0].gain)} of its size: later layers see hardly anything of the input, and earlier ones hardly any gradient.`,
      summary: 'Draw the weights with Xavier initialisation (sigmoid, tanh) or He initialisation (ReLU).',
      code: reinitCode(c, names, place),
      treat: reinit(c, names),
      proof: 'outcome',
    }
  },
}
