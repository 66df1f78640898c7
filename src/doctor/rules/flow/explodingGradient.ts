import { shown } from '../../numbers.js'
import { motions } from '../motion.js'
import { place, type Rule } from '../rule.js'
import { scaleLr } from '../treatments.js'

/** A single early step that rewrites a layer: of healthy runs the largest was 1.9 and 99% stayed below 0.37 (doctor.md 3). */
const REWRITES = 1

export const explodingGradient: Rule = {
  id: 'exploding-gradient',
  check(c) {
    const wild = motions(c).filter(m => m.largest > REWRITES)
    if (wild.length === 0 || c.outcome.learned) return null
    const worst = wild.reduce((a, b) => (b.largest > a.largest ? b : a))
    return {
      severity: 'warning',
      symptom: true,
      layer: worst.layer,
      evidence: {
        'largest change of a step, against the weights': shown(worst.largest),
        layers: wild
          .map(m => m.layer)
          .slice(0, 8)
          .join(', '),
      },
      cause: `A single one of the first steps changed the weights of ${place(worst.layer)} by ${shown(worst.largest)} times their size: what they were is gone.`,
      summary: 'Clip the norm of the gradients, or lower the learning rate.',
      code: 'nn.utils.clipGradNorm_(model.parameters(), 1) // between backward() and step()',
      treat: scaleLr(0.1),
      trial: 'lr x 0.1',
      proof: 'proof',
    }
  },
}
