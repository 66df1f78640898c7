import { gatherRows } from '../../../data/rows.js'
import { Adam } from '../../../optim/adam.js'
import { skillAt } from '../../context.js'
import { shown } from '../../numbers.js'
import { train } from '../../run.js'
import { spacedRows } from '../../state.js'
import type { Rule } from '../rule.js'

const ROWS = 16
// With 300 steps and 0.9, as in doctor.md, narrow tanh networks on one feature failed that learn all of their data.
const STEPS = 600
const ENOUGH = 0.8

/** A network with ten parameters a row should learn 16 rows by heart. */
export const cannotOverfitBatch: Rule = {
  id: 'cannot-overfit-batch',
  late: true,
  check(c) {
    const { program, outcome } = c
    const parameters = [...program.model.parameters()].reduce((n, p) => n + p.count, 0)
    if (c.quick || c.run.steps === 0 || outcome.learned || program.rows < ROWS || parameters < 10 * ROWS) return null
    const index = spacedRows(program.rows, ROWS)
    const [X, y] = [gatherRows(program.X, index), gatherRows(program.y, index)]
    const seen = new Set(
      Array.from({ length: ROWS }, (_, i) =>
        X.toTypedArray()
          .subarray((i * X.count) / ROWS, ((i + 1) * X.count) / ROWS)
          .join(),
      ),
    )
    if (seen.size < ROWS) return null
    const few = {
      ...program,
      X,
      y,
      rows: ROWS,
      batchSize: ROWS,
      validation: null,
      options: { ...program.options, data: [X, y] as const },
    }
    const run = train(few, {
      steps: STEPS,
      treat: options => {
        for (const m of options.model.modules()) if (/Dropout/.test(m.constructor.name)) m._training = false
        options.optimizer = new Adam(
          [...options.model.parameters()].filter(p => p.leafRequiresGrad),
          { lr: 0.01 },
        )
        delete options.batchSize
        delete options.validation
        return {}
      },
    })
    const skill = skillAt(run)
    if (skill >= ENOUGH) return null
    return {
      severity: 'warning',
      evidence: { rows: ROWS, steps: STEPS, skill: shown(skill), parameters },
      cause: `The network has ${parameters} parameters and cannot learn ${ROWS} rows by heart in ${STEPS} steps of Adam: the trouble is in the network or the loss, not in the amount of data or the length of training.`,
      summary: 'Look at forward and the loss first; then give the network more capacity.',
    }
  },
}
