import type { Tensor } from '../../../tensor/tensor.js'
import { percent } from '../../numbers.js'
import type { Rule } from '../rule.js'

const SHARE = 0.01
const MOST_VALUES = 20_000_000

function* rowsOf(t: Tensor): Generator<string> {
  const values = t.toTypedArray()
  const width = t.count / t.shape[0]
  for (let i = 0; i < t.shape[0]; i++) {
    const row = values.subarray(i * width, (i + 1) * width)
    yield Buffer.from(row.buffer, row.byteOffset, row.byteLength).toString('latin1')
  }
}

/** Rows that are in both sets: validation then measures memory. Rows of few numbers repeat by chance and do not count. */
export const trainValOverlap: Rule = {
  id: 'train-val-overlap',
  check({ program: { X, validation } }) {
    if (validation === null || X.count / X.shape[0] < 3 || X.count > MOST_VALUES) return null
    const known = new Set(rowsOf(X))
    let n = 0
    for (const row of rowsOf(validation[0])) if (known.has(row)) n++
    const share = n / validation[0].shape[0]
    if (share <= SHARE) return null
    return {
      severity: 'info',
      evidence: { 'validation rows that are training rows too': n, share: percent(share) },
      cause:
        'Rows of the validation set are in the training set as well. On them the network is asked for what it has memorised, so the validation looks better than it is.',
      summary: 'Split before anything is copied, and drop rows that are in both.',
    }
  },
}
