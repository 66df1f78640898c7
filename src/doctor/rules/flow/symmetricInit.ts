import { place, type Rule } from '../rule.js'
import { reinit, reinitCode } from '../treatments.js'

/**
 * Every unit of a hidden layer has the same weights, and gets the same gradient: they stay one unit for ever. The gradient is looked
 * at as well, since a layer of zeros before random weights (the end of a residual branch, say) does come apart.
 */
export const symmetricInit: Rule = {
  id: 'symmetric-init',
  check(c) {
    const alike = c.start.weights.filter(w => w.hidden && w.units > 1 && w.identical === w.units)
    const sure = alike.filter(w => w.changedAlike)
    // Biases drawn at random tell such units apart, a little.
    const hidden = sure.length > 0 ? sure : alike.filter(w => !w.zero)
    if (hidden.length === 0) return null
    const first = hidden[0]
    // A last layer that is constant too keeps them alike.
    const constant = c.start.weights.filter(w => hidden.includes(w) || (!w.hidden && w.gain < 1e-6)).map(w => w.name)
    return {
      severity: 'error',
      layer: first.layer,
      evidence: {
        'identical units': `${first.identical} of ${first.units}`,
        layers: hidden
          .map(w => w.layer)
          .slice(0, 8)
          .join(', '),
      },
      cause: `All ${first.units} units of ${place(first.layer)} start with the same weights, and ${sure.length > 0 ? 'every step changes them alike' : 'steps change them nearly alike'}: the layer is a single unit, however wide it is.`,
      summary: 'Draw the weights at random.',
      code: reinitCode(c, constant, place),
      treat: reinit(c, constant),
      proof: sure.length > 0 ? 'stands' : 'outcome',
    }
  },
}
