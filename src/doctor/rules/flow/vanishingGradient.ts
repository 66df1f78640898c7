import { shown } from '../../numbers.js'
import { motions } from '../motion.js'
import { intoReLU, withAdam } from '../relu.js'
import { place, type Rule } from '../rule.js'

const TRAVEL = 0.05
const NOTHING = 1e-12

/**
 * The first layer will not move while the last one does. The ratio of gradients alone says little: Adam learns through a ratio of
 * 2.5e-6 (doctor.md 1.3); what counts is how far the steps of the plan carry the weights.
 */
export const vanishingGradient: Rule = {
  id: 'vanishing-gradient',
  check(c) {
    const moved = motions(c)
    if (moved.length < 2) return null
    const [first, last] = [moved[0], moved[moved.length - 1]]
    const gradients = c.start.weights.filter(w => w.gradRms !== null)
    const none = gradients.find(w => w.hidden && w.gradRms! < NOTHING)
    const slow = first.travel < TRAVEL && first.travel < last.travel / 10
    if (!slow && none === undefined) return null
    const slopes = c.start.activations.filter(a => a.hidden && a.slope !== null)
    const relu = intoReLU(c)
    const better = c.outcome.learned
      ? null
      : c.try('relu', 'ReLU with He initialisation in place of the hidden activations', relu)
    const adam = c.outcome.learned || better?.wins ? null : c.try('adam', 'Adam in place of the optimizer', withAdam())
    return {
      severity: 'warning',
      layer: first.layer,
      evidence: {
        'gradient by layer': gradients
          .map(w => `${w.layer} ${shown(w.gradRms!)}`)
          .slice(0, 10)
          .join(', '),
        'way that the plan moves each layer, against its size': moved
          .map(m => `${m.layer} ${shown(m.travel)}`)
          .slice(0, 10)
          .join(', '),
        ...(slopes.length > 0
          ? {
              'product of the mean slopes': shown(
                slopes.reduce((p, a) => p * a.slope! * (a.kind === 'sigmoid' ? 0.25 : 1), 1),
              ),
            }
          : {}),
      },
      cause: `The gradient fades on its way back: in the whole training the weights of ${place(first.layer)} will move by ${shown(first.travel)} of their size, those of ${place(last.layer)} by ${shown(last.travel)}. The first layers stay as they were drawn.`,
      summary: adam?.wins
        ? 'Use Adam, which gives every layer steps of its own size; or ReLU, batch norm, fewer layers.'
        : 'Use ReLU with He initialisation in the hidden layers; or Adam, batch norm, fewer layers.',
      code: adam?.wins
        ? 'const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 })'
        : "new nn.ReLU() // in place of each hidden activation\nnn.init.kaimingUniform_(layer.weight, { nonlinearity: 'relu' })",
      treat: adam?.wins ? withAdam() : relu,
      trial: adam?.wins ? 'adam' : 'relu',
      onConsent: true,
      proof: 'proof',
    }
  },
}
