import { shown } from '../../numbers.js'
import type { Rule } from '../rule.js'
import { scaleLr } from '../treatments.js'

const TIMES = 2
const STEPS = 20

/** The smoothed loss has left its minimum, and its start, behind. */
export const lossDiverging: Rule = {
  id: 'loss-diverging',
  check(c) {
    const { losses } = c.run
    if (losses.length < STEPS || c.outcome.learned) return null
    let [smooth, least, above] = [losses[0].loss, losses[0].loss, 0]
    for (const { loss } of losses) {
      smooth = 0.9 * smooth + 0.1 * loss
      least = Math.min(least, smooth)
      above = smooth > TIMES * least && smooth > losses[0].loss ? above + 1 : 0
    }
    if (above < STEPS) return null
    return {
      severity: 'error',
      symptom: true,
      evidence: {
        'first loss': shown(losses[0].loss),
        'lowest, smoothed': shown(least),
        'last, smoothed': shown(smooth),
      },
      cause: `The loss runs away: it is ${shown(smooth / least)} times its lowest value, and above where it began.`,
      summary: 'Lower the learning rate; check the sign of the loss.',
      code: `optimizer.paramGroups[0].lr = ${shown(c.lr / 10)}`,
      treat: scaleLr(0.1),
      trial: 'lr x 0.1',
    }
  },
}
