import type { Draft, Rule } from '../rule.js'
import { setInGroups } from '../treatments.js'

/** A rate that moves nothing, or a step that goes up. */
export const lrInvalid: Rule = {
  id: 'lr-invalid',
  check({ program: { optimizer }, wiring, run }): Draft | null {
    const groups = optimizer.paramGroups as { lr?: unknown; maximize?: unknown }[]
    // A schedule may end at 0.
    const moved = wiring !== null && run.rates.some(r => r.lr > 0)
    const bad = moved ? undefined : groups.find(g => !(Number(g.lr) > 0) || !Number.isFinite(Number(g.lr)))
    const rising = groups.some(g => g.maximize === true)
    if (bad === undefined && !rising) return null
    const lr = /^(SGD|ASGD)$/.test(optimizer.constructor.name) ? 0.1 : 1e-3
    return {
      severity: 'error',
      evidence: bad === undefined ? { maximize: 'true' } : { lr: String(bad.lr) },
      cause:
        bad === undefined
          ? 'The optimizer has maximize: true and climbs: every step makes the loss larger.'
          : `The learning rate is ${bad.lr}: a step of that size ${Number(bad.lr) === 0 ? 'changes nothing' : 'makes no sense'}.`,
      summary: bad === undefined ? 'Set maximize to false.' : `Start with ${lr}, then look with lrFind.`,
      code: bad === undefined ? 'optimizer.paramGroups[0].maximize = false' : `optimizer.paramGroups[0].lr = ${lr}`,
      treat: options =>
        setInGroups(options, { ...(bad === undefined ? {} : { lr }), ...(rising ? { maximize: false } : {}) }),
    }
  },
}
