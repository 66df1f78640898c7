import type { Context, Tried } from '../../context.js'
import { shown } from '../../numbers.js'
import { motions } from '../motion.js'
import type { Rule } from '../rule.js'
import { scaleLr } from '../treatments.js'

/** Median change of a step against the weights; 99% of healthy runs stay below 0.093 (doctor.md 3). */
const RATIO = 0.1
const REWRITES = 1
const DIVERGED = 2

/** The smaller rate that does best. */
function smaller(c: Context): [number, Tried] | null {
  let best: [number, Tried] | null = null
  for (const factor of [0.1, 0.01, 0.001]) {
    if (factor === 0.001 && best !== null) break
    const tried = c.try(`lr x ${factor}`, `the learning rate times ${factor}`, scaleLr(factor))
    if (tried?.wins && (best === null || tried.skillAfter > best[1].skillAfter + 0.02)) best = [factor, tried]
  }
  return best
}

/**
 * Steps overshoot. The signs are many (large changes, a loss that rises, numbers that overflow, units that died of it), the proof is one:
 * from the same start a smaller rate learns.
 */
export const lrTooHigh: Rule = {
  id: 'lr-too-high',
  check(c) {
    const { run, outcome } = c
    const moved = motions(c)
    const ratio = Math.max(0, ...moved.map(m => m.early))
    const largest = Math.max(0, ...moved.map(m => m.largest))
    const [first, last] = [run.probe[0]?.loss ?? Number.NaN, run.probe.at(-1)?.loss ?? Number.NaN]
    const rose = Math.max(...run.probe.map(p => p.loss)) > DIVERGED * first || run.nonfinite !== null
    if (!(ratio > RATIO || (!outcome.learned && (largest > REWRITES || rose)))) return null
    const better = smaller(c)
    if (better === null) return null
    const { lr } = c
    const suggestion = shown(lr * better[0])
    return {
      severity: 'warning',
      evidence: {
        lr,
        'median change of a step, against the weights': shown(ratio),
        'largest early change': shown(largest),
        'loss at first': shown(first),
        'loss at last': run.nonfinite === null ? shown(last) : `not finite at step ${run.nonfinite.step}`,
        [`skill with ${suggestion}`]: `${shown(better[1].skillAfter)} instead of ${shown(better[1].skillBefore)}`,
      },
      cause: `With a learning rate of ${lr} steps overshoot: they change weights by up to ${shown(largest)} of their size at once, and what one step gains the next one loses.`,
      summary: `Lower the learning rate to about ${suggestion}.`,
      code: `optimizer.paramGroups[0].lr = ${suggestion}`,
      treat: scaleLr(better[0]),
      trial: `lr x ${better[0]}`,
      proof: 'proof',
    }
  },
}
