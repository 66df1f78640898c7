import { shown } from '../../numbers.js'
import { intoReLU } from '../relu.js'
import type { Rule } from '../rule.js'

const SIGMOIDS = 4
const TANHS = 6

/** Many sigmoids in a row, no norm or skip between: a product of many slopes below 1. */
export const deepSaturatingStack: Rule = {
  id: 'deep-saturating-stack',
  check(c) {
    const hidden = c.start.activations.filter(a => a.hidden)
    const sigmoids = hidden.filter(a => a.kind === 'sigmoid').length
    const tanhs = hidden.filter(a => a.kind === 'tanh').length
    if (sigmoids < SIGMOIDS && tanhs < TANHS) return null
    const eased = [...c.program.model.modules()].some(m => /Norm|LSTM|GRU|RNN/.test(m.constructor.name))
    if (eased) return null
    const weights = c.start.weights.filter(w => w.gradRms !== null)
    return {
      severity: 'info',
      symptom: true,
      evidence: {
        'sigmoid layers': sigmoids,
        'tanh layers': tanhs,
        'gradient of the first against the last weight': shown(
          (weights[0]?.gradRms ?? 0) / (weights.at(-1)?.gradRms || 1),
        ),
        'product of the mean slopes': shown(
          hidden.reduce((p, a) => p * (a.slope ?? 1) * (a.kind === 'sigmoid' ? 0.25 : 1), 1),
        ),
      },
      cause: `The gradient passes ${sigmoids + tanhs} ${sigmoids >= tanhs ? 'sigmoids, each of which takes at least three quarters of it' : 'tanhs'} before it reaches the first layer.`,
      summary: 'Use ReLU with He initialisation, or batch norm, or Adam.',
      code: "new nn.ReLU() // in place of each hidden activation\nnn.init.kaimingUniform_(layer.weight, { nonlinearity: 'relu' })",
      treat: intoReLU(c),
      trial: 'relu',
      onConsent: true,
      proof: 'proof',
    }
  },
}
