import type { Rule } from '../rule.js'
import { setInGroups } from '../treatments.js'

interface Group {
  eps?: number
  weightDecay?: number
  decoupledWeightDecay?: boolean
  betas?: readonly [number, number]
}

/** Settings that are rarely meant. */
export const optimizerConfig: Rule = {
  id: 'optimizer-config',
  check({ program: { optimizer } }) {
    const group = optimizer.paramGroups[0] as Group
    const odd: Record<string, number> = {}
    const better: Record<string, number | readonly [number, number]> = {}
    // Where the decay is taken off apart from the gradient, 0.1 is common.
    const much = group.decoupledWeightDecay ? 1 : 0.1
    if ((group.eps ?? 0) > 1e-3) Object.assign(odd, { eps: group.eps }) && Object.assign(better, { eps: 1e-8 })
    if ((group.weightDecay ?? 0) > much)
      Object.assign(odd, { weightDecay: group.weightDecay }) && Object.assign(better, { weightDecay: 1e-4 })
    if ((group.betas?.[1] ?? 0.999) < 0.5)
      Object.assign(odd, { 'betas[1]': group.betas![1] }) && Object.assign(better, { betas: [group.betas![0], 0.999] })
    if (Object.keys(odd).length === 0) return null
    return {
      severity: 'info',
      evidence: odd,
      cause: `The optimizer has unusual settings: ${Object.entries(odd)
        .map(([k, v]) => `${k} ${v}`)
        .join(', ')}.`,
      summary: 'Use the defaults unless you know why not.',
      code: Object.entries(better)
        .map(([k, v]) => `optimizer.paramGroups[0].${k} = ${JSON.stringify(v)}`)
        .join('\n'),
      treat: options => setInGroups(options, better),
    }
  },
}
