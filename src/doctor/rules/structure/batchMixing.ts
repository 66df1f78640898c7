import { noGrad } from '../../../autograd/mode.js'
import type { Tensor } from '../../../tensor/tensor.js'
import { insideOf } from '../../case.js'
import { shown } from '../../numbers.js'
import { inSandbox } from '../../sandbox.js'
import { inMode } from '../../state.js'
import type { Rule } from '../rule.js'

const ROWS = 4

/** The answer for a row depends on the other rows: something is reshaped or normalised across the batch. */
export const batchMixing: Rule = {
  id: 'batch-mixing',
  check({ program, start }) {
    const { model } = program
    const rows = start.inputs.shape[0]
    if (rows < 2 * ROWS || [...model.modules()].some(m => /BatchNorm/.test(m.constructor.name))) return null
    const answer = (x: Tensor) => model.forward(x) as Tensor
    const difference = inSandbox(insideOf(program), () =>
      inMode(model, 'eval', () =>
        noGrad(() => {
          try {
            const x = start.inputs.detach()
            // The first rows alone, and among others.
            const alone = answer(x.narrow(0, 0, ROWS)).toTypedArray()
            const among = answer(x.narrow(0, 0, 2 * ROWS)).toTypedArray()
            let [worst, scale] = [0, 1e-6]
            for (let i = 0; i < alone.length; i++) {
              worst = Math.max(worst, Math.abs(alone[i] - among[i]))
              scale = Math.max(scale, Math.abs(among[i]))
            }
            return worst / scale
          } catch {
            return 0
          }
        }),
      ),
    )
    if (!(difference > 1e-3)) return null
    return {
      severity: 'info',
      evidence: { 'change of an answer with other rows in the batch': shown(difference) },
      cause:
        'The answer for a row changes with the rows that it shares a batch with: a reshape or a transpose mixes rows, or a softmax runs over the batch.',
      summary: 'Keep dimension 0 apart: check each reshape, view, softmax and mean in forward.',
    }
  },
}
