import { percent, shown, std } from '../../numbers.js'
import type { Draft, Rule } from '../rule.js'

const SPREAD = 1e-3
const ONE_CLASS = 0.99
const MAJORITY = 0.95

/** The same answer for all rows, after the run. */
export const constantPrediction: Rule = {
  id: 'constant-prediction',
  check(c): Draft | null {
    const end = c.run.end
    if (end === null || c.outcome.learned || end.output.shape[0] < 8) return null
    const values = end.output.toTypedArray()
    const rows = end.output.shape[0]
    const width = values.length / rows
    const classes = c.data.classes
    if (end.kind === 'ce' || end.kind === 'nll') {
      const counts = new Map<number, number>()
      for (let r = 0; r < rows; r++) {
        let best = 0
        for (let k = 1; k < width; k++) if (values[r * width + k] > values[r * width + best]) best = k
        counts.set(best, (counts.get(best) ?? 0) + 1)
      }
      const share = Math.max(...counts.values()) / rows
      const majority = classes === null ? 0 : Math.max(...classes) / c.program.rows
      if (share < ONE_CLASS || majority >= MAJORITY) return null
      return {
        severity: 'warning',
        symptom: true,
        evidence: { 'answers that are the same class': percent(share), 'largest class': percent(majority) },
        cause: 'The network answers with one class for (almost) every row.',
        summary: 'Find out why nothing of the inputs gets through: initialisation, learning rate, scale.',
        proof: 'proof',
      }
    }
    let worst = 0
    for (let k = 0; k < width; k++)
      worst = Math.max(worst, std(Float64Array.from({ length: rows }, (_, r) => values[r * width + k])))
    const target = c.data.target.std
    if (!(worst < SPREAD * target)) return null
    return {
      severity: 'warning',
      symptom: true,
      evidence: { 'deviation of the predictions': shown(worst), 'deviation of the targets': shown(target) },
      cause: 'The network predicts (almost) the same for every row.',
      summary: 'Find out why nothing of the inputs gets through: initialisation, learning rate, scale.',
      proof: 'proof',
    }
  },
}
