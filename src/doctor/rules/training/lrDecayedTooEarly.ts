import { shown } from '../../numbers.js'
import type { Rule } from '../rule.js'
import { setInGroups } from '../treatments.js'

const VANISHED = 1e-3

/** The schedule takes the rate to nothing before half of the training, with the network not there yet. */
export const lrDecayedTooEarly: Rule = {
  id: 'lr-decayed-too-early',
  check(c) {
    const { rates } = c.run
    const highest = rates.reduce((a, b) => (b.lr > a.lr ? b : a), rates[0])
    const gone =
      highest === undefined ? undefined : rates.find(r => r.step > highest.step && r.lr < VANISHED * highest.lr)
    const plan = Math.max(c.program.steps, c.run.steps)
    if (gone === undefined || gone.step > plan / 2 || c.outcome.skill >= 0.5) return null
    // A schedule that comes back, as with warm restarts, has not ended.
    if (rates.some(r => r.step > gone.step && r.lr > 0.1 * highest.lr)) return null
    return {
      severity: 'warning',
      evidence: {
        'highest rate': shown(highest.lr),
        'rate then': shown(gone.lr),
        'at step': gone.step,
        'of planned': plan,
        skill: shown(c.outcome.skill),
      },
      cause: `The schedule has lowered the learning rate from ${shown(highest.lr)} to ${shown(gone.lr)} by step ${gone.step} of ${plan}: the rest of the training changes nothing.`,
      summary: 'Let the schedule fall more slowly: once an epoch instead of once a step, or with a gamma nearer to 1.',
      code: `new optim.lrScheduler.CosineAnnealingLR(optimizer, { TMax: ${plan} }) // a step of it after each optimizer.step()`,
      treat: options => setInGroups(options, { lr: highest.lr }),
    }
  },
}
