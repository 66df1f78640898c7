import { shown } from '../../numbers.js'
import type { State } from '../../state.js'
import type { Rule } from '../rule.js'

const NOTHING = 1e-7

/** Largest deviation of an output across rows, against the size of the outputs. */
export function rowSpread({ output }: Pick<State, 'output'>): number {
  const values = output.toTypedArray()
  const rows = output.shape[0]
  const width = values.length / rows
  let [worst, scale] = [0, 1e-30]
  for (let k = 0; k < width; k++) {
    const first = values[k]
    for (let r = 0; r < rows; r++) {
      worst = Math.max(worst, Math.abs(values[r * width + k] - first))
      scale = Math.max(scale, Math.abs(values[r * width + k]))
    }
  }
  return worst / scale
}

/** The same answer for every row, before the run and after it. A last layer of zeros gives that too, but only before. */
export const inputIgnored: Rule = {
  id: 'input-ignored',
  check(c) {
    const { start, run } = c
    if (start.output.shape[0] < 4 || run.end === null) return null
    const rows = start.inputs.toTypedArray()
    if (rows.every((v: number) => v === rows[0])) return null
    const spread = Math.max(rowSpread(start), rowSpread(run.end))
    if (!(spread < NOTHING)) return null
    const explained =
      start.activations.some(a => (a.units > 0 && a.dead === a.units) || (a.saturated ?? 0) > 0.99) ||
      start.weights.some(w => w.hidden && ((w.units > 1 && w.changedAlike) || w.gain < 0.05)) ||
      start.final?.name === 'softmax'
    return {
      severity: 'error',
      symptom: explained,
      evidence: { 'deviation of the outputs across rows, against their size': shown(spread) },
      cause: 'The network gives the same answer whatever comes in: nothing of the input reaches the output.',
      summary:
        'Check forward: that each layer takes the result of the one before, and that no layer is all zeros or all dead.',
    }
  },
}
