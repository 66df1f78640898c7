import { median, percent, shown } from '../../numbers.js'
import type { Rule } from '../rule.js'

const FEWEST = 20
const ACTIVE = 0.95
const FACTOR = 0.01

/** Clipping removes nearly all of every gradient. That it is active says nothing; how much it takes does. */
export const clipTooTight: Rule = {
  id: 'clip-too-tight',
  check(c) {
    const factors = c.wiring?.clipFactors ?? []
    const active = factors.filter(f => f < 0.999).length / factors.length
    if (factors.length < FEWEST || active < ACTIVE || median(factors) >= FACTOR || c.outcome.learned) return null
    return {
      severity: 'warning',
      evidence: { 'steps that were clipped': percent(active), 'left of the gradient': shown(median(factors)) },
      cause: `Clipping leaves ${shown(median(factors))} of the gradient in nearly every step: it has become the learning rate, and a tiny one.`,
      summary: 'Clip at about 1, or at the usual norm of the gradient.',
      code: 'nn.utils.clipGradNorm_(model.parameters(), 1)',
      proof: 'proof',
    }
  },
}
