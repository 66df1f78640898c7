import { shown } from '../../numbers.js'
import type { Rule } from '../rule.js'

const PART = 0.5

/** The same rows, in training and in evaluation mode, give different losses: batch norm's running statistics are not those of the batches. */
export const trainEvalGap: Rule = {
  id: 'train-eval-gap',
  check(c) {
    const { gap, baseline } = c.run
    const norm = [...c.program.model.modules()].some(m => /BatchNorm/.test(m.constructor.name) && m._training)
    if (gap === null || !norm) return null
    const difference = Math.abs(gap.eval - gap.train)
    // Two small losses may differ by half and be the same for all purposes.
    if (!(difference > PART * Math.abs(gap.train) && difference > 0.05 * (baseline ?? Math.abs(gap.train)))) return null
    return {
      severity: 'info',
      evidence: { 'loss in training mode': shown(gap.train), 'loss in evaluation mode': shown(gap.eval) },
      cause:
        'Batch norm has learned other statistics than those of the batches: the network acts differently when it is used than when it is trained.',
      summary: 'Take larger batches, train longer, or give batch norm a larger momentum.',
    }
  },
}
