import { shown } from '../../numbers.js'
import type { Rule } from '../rule.js'

const TIMES = 1.2
const EVALUATIONS = 5
const FALL = 0.2

/** Validation gets worse while training gets better. */
export const overfitting: Rule = {
  id: 'overfitting',
  check(c) {
    const points = c.run.validation.filter(p => p.loss !== undefined && Number.isFinite(p.loss))
    if (points.length < EVALUATIONS + 1) return null
    const best = points.reduce((a, b) => (b.loss! < a.loss! ? b : a))
    const after = points.filter(p => p.step > best.step)
    let above = 0
    for (const p of points) above = p.loss! > TIMES * best.loss! && p.step > best.step ? above + 1 : 0
    // Of losses around 0 a ratio says nothing.
    if (above < EVALUATIONS || after.length < EVALUATIONS || best.loss! <= 1e-9) return null
    const trainAt = (step: number) => c.run.probe.filter(p => p.step <= step).at(-1)?.loss ?? Number.NaN
    const [then, now] = [trainAt(best.step), trainAt(Number.POSITIVE_INFINITY)]
    if (!(now <= (1 - FALL) * then)) return null
    const last = points.at(-1)!
    const perEpoch = Math.max(1, Math.round(c.program.steps / c.program.epochs))
    const epoch = best.epoch ?? Math.max(1, Math.round(best.step / perEpoch))
    return {
      severity: 'warning',
      evidence: {
        'lowest validation loss': shown(best.loss!),
        'in epoch': epoch,
        'validation loss now': shown(last.loss!),
        'training loss then': shown(then),
        'training loss now': shown(now),
      },
      cause: `Since epoch ${epoch} the training loss has fallen from ${shown(then)} to ${shown(now)} while the validation loss rose from ${shown(best.loss!)} to ${shown(last.loss!)}: the network learns the rows by heart.`,
      summary: `Stop after about ${epoch} epochs; or use dropout, weight decay, fewer units, more data.`,
      code: `for (let epoch = 0; epoch < ${epoch}; epoch++) { … }`,
      treat: options => {
        options.epochs = epoch
        return { epochs: epoch }
      },
    }
  },
}
