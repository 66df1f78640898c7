import { shown } from '../../numbers.js'
import type { Rule } from '../rule.js'
import { setInGroups } from '../treatments.js'

const PART = 0.5
const MUCH = 0.1

/** Weight decay pulls harder than the data. Taken off apart from the gradient (AdamW) it does not compete with it. */
export const overRegularised: Rule = {
  id: 'over-regularised',
  check(c) {
    const group = c.program.optimizer.paramGroups[0] as unknown as {
      weightDecay?: number
      decoupledWeightDecay?: boolean
      lr: number
    }
    const decay = group.weightDecay ?? 0
    if (decay <= 0) return null
    const weighted = c.run.layers.filter(l => l.samples.some(s => s.updateRatio !== null))
    let [above, all, shrunk] = [0, 0, false]
    for (const { samples } of weighted) {
      for (const s of samples) {
        if (s.gradNorm === null || s.weightNorm === null) continue
        all++
        if (decay * s.weightNorm > PART * s.gradNorm) above++
      }
      const [first, last] = [samples[0]?.weightNorm ?? 0, samples.at(-1)?.weightNorm ?? 0]
      if (last < 0.9 * first) shrunk = true
    }
    const competes = group.decoupledWeightDecay
      ? decay * group.lr * c.program.steps > 3 && decay > 1
      : decay >= MUCH || (above > all / 2 && shrunk)
    if (!competes) return null
    const norm = (at: number) => shown(weighted.reduce((n, l) => n + (l.samples.at(at)?.weightNorm ?? 0), 0))
    return {
      severity: 'warning',
      evidence: {
        weightDecay: decay,
        'decay above half the gradient': `${above} of ${all} samples`,
        'norm of the weights at first': norm(0),
        'at last': norm(-1),
      },
      cause: `Weight decay of ${decay} pulls the weights to 0 harder than the data pull them anywhere else.`,
      summary: 'Take a weight decay of about 1e-4.',
      code: 'optimizer.paramGroups[0].weightDecay = 1e-4',
      treat: options => setInGroups(options, { weightDecay: 1e-4 }),
      proof: decay >= MUCH ? 'outcome' : 'proof',
    }
  },
}
