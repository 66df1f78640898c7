import { shown } from '../../numbers.js'
import { motions } from '../motion.js'
import type { Rule } from '../rule.js'
import { scaleLr } from '../treatments.js'

/**
 * Below 0.045 every run failed, above 0.3 none did, between it was mixed (doctor.md 1.3): the trial decides. With Adam the steps of a
 * rate that is a hundred times too small still add up to 0.1.
 */
const TRAVEL = 0.3
const FEWEST_STEPS = 100

/** The whole plan hardly moves the weights, and a larger rate learns. */
export const lrTooLow: Rule = {
  id: 'lr-too-low',
  check(c) {
    const { outcome, program } = c
    const moved = motions(c)
    if (outcome.learned || moved.length === 0 || program.steps < FEWEST_STEPS) return null
    const most = Math.max(...moved.map(m => m.travel))
    if (!(most < TRAVEL)) return null
    const tries = [10, 100, 1000].flatMap(factor => {
      const tried = c.try(`lr x ${factor}`, `the learning rate times ${factor}`, scaleLr(factor))
      return tried === null ? [] : [[factor, tried] as const]
    })
    const winners = tries.filter(([, t]) => t.wins)
    if (winners.length === 0) return null
    const [factor, best] = winners.reduce((a, b) => (b[1].skillAfter > a[1].skillAfter + 0.02 ? b : a))
    const { lr } = c
    const suggestion = shown(lr * factor)
    return {
      severity: 'warning',
      evidence: {
        lr,
        'way that the plan moves the weights, against their size': shown(most),
        ...Object.fromEntries(tries.map(([f, t]) => [`skill with ${shown(lr * f)}`, shown(t.skillAfter)])),
        'skill as it is': shown(best.skillBefore),
      },
      cause: `With a learning rate of ${lr} the ${program.steps} steps of the training move no layer by more than ${shown(most)} of its size: the network ends about where it began.`,
      summary: `Raise the learning rate to about ${suggestion}.`,
      code: `optimizer.paramGroups[0].lr = ${suggestion}`,
      treat: scaleLr(factor),
      trial: `lr x ${factor}`,
      proof: 'proof',
    }
  },
}
