import { shown } from '../../numbers.js'
import type { Rule } from '../rule.js'

/** Nothing learned beyond the average, and no cause found: says what was ruled out. */
export const stuckAtBaseline: Rule = {
  id: 'stuck-at-baseline',
  late: true,
  check(c) {
    const { outcome, run, control } = c
    if (!outcome.stalled || run.baseline === null) return null
    if (control.skill !== null && control.skill <= 0.05) return null
    const helped = c.tried.filter(t => t.wins).sort((a, b) => b.skillAfter - a.skillAfter)[0]
    return {
      severity: 'warning',
      evidence: {
        loss: shown(run.probe.at(-1)?.loss ?? Number.NaN),
        'best constant answer': shown(run.baseline),
        'skill of a control network on unseen rows': control.skill === null ? 'not known' : shown(control.skill),
        ...(helped === undefined ? {} : { 'what helped on a clone': helped.fixSummary }),
      },
      cause: `After ${run.steps} steps the loss is that of a constant answer: nothing of the inputs is used.`,
      summary:
        control.skill !== null && control.skill > 0.2
          ? 'A small network of two layers with Adam learns these data: start from it, and change one thing at a time.'
          : 'Learn 16 rows by heart first; then look at layers, loss and data one at a time.',
      code: `new nn.Sequential(new nn.Linear(${c.program.X.count / c.program.rows}, 32), new nn.ReLU(), new nn.Linear(32, ${c.start.output.shape.at(-1) ?? 1}))\nnew optim.Adam(model.parameters(), { lr: 0.01 })`,
      proof: 'proof',
    }
  },
}
