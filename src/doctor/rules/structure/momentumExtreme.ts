import { shown } from '../../numbers.js'
import type { Rule } from '../rule.js'
import { setInGroups } from '../treatments.js'

const EXTREME = 0.99

/** Momentum that remembers hundreds of steps: it overshoots, and its steps are as many times larger. */
export const momentumExtreme: Rule = {
  id: 'momentum-extreme',
  check({ program: { optimizer } }) {
    const group = optimizer.paramGroups[0] as unknown as {
      lr: number
      momentum?: number
      betas?: readonly [number, number]
    }
    const momentum = group.momentum ?? group.betas?.[0] ?? 0
    if (momentum < EXTREME) return null
    const own = group.momentum !== undefined
    return {
      severity: 'warning',
      evidence: { momentum, lr: group.lr, 'lr / (1 - momentum)': own ? shown(group.lr / (1 - momentum)) : group.lr },
      cause: own
        ? `With momentum ${momentum} a step adds up the gradients of about ${shown(1 / (1 - momentum))} steps: in effect a learning rate of ${shown(group.lr / (1 - momentum))}, and long swings around every minimum.`
        : `With beta1 ${momentum} the direction is the mean of about ${shown(1 / (1 - momentum))} steps: it keeps pointing to where the minimum was.`,
      summary: 'Take 0.9.',
      code: own
        ? 'optimizer.paramGroups[0].momentum = 0.9'
        : `optimizer.paramGroups[0].betas = [0.9, ${group.betas![1]}]`,
      treat: options => setInGroups(options, own ? { momentum: 0.9 } : { betas: [0.9, group.betas![1]] }),
    }
  },
}
