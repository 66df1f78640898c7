import { shown } from '../../numbers.js'
import { type Motion, motions } from '../motion.js'
import type { Rule } from '../rule.js'
import { scaleLr } from '../treatments.js'

/**
 * Below 0.045 every run failed, above 0.3 none did, between it was mixed (doctor.md 1.3): the trial decides. With Adam the steps of a
 * rate that is a hundred times too small still add up to 0.1.
 */
const TRAVEL = 0.3
const FEWEST_STEPS = 100

/** Changes of a step, against the weights, that trainings live by: a thousandth, and more for small networks (cs231n, doctor.md 2.8). */
const USUAL = [1e-3, 1e-2] as const

/** Factors to try: some orders of magnitude, and what would make the steps of the layer that moves most as large as is usual. */
function factorsFor(moved: readonly Motion[]): number[] {
  const ratio = Math.max(...moved.map(m => m.ratio))
  const aimed = USUAL.map(usual => 10 ** Math.round(Math.log10(usual / ratio)))
  const factors = ratio > 0 ? [10, 100, 1000, ...aimed] : [10, 100, 1000]
  return [...new Set(factors)].filter(f => f >= 10 && f <= 1e8).sort((a, b) => a - b)
}

/** The whole plan hardly moves the weights, and a larger rate learns. */
export const lrTooLow: Rule = {
  id: 'lr-too-low',
  check(c) {
    const { outcome, program } = c
    const moved = motions(c)
    if (outcome.learned || moved.length === 0 || program.steps < FEWEST_STEPS) return null
    const most = Math.max(...moved.map(m => m.travel))
    if (!(most < TRAVEL)) return null
    const tries = factorsFor(moved).flatMap(factor => {
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
