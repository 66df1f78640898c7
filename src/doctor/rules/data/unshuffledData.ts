import type { Context } from '../../context.js'
import { shown } from '../../numbers.js'
import type { Rule } from '../rule.js'
import { replaceData } from '../treatments.js'

const SHARE = 0.2
const FEWEST_BATCHES = 5

function entropy(labels: ArrayLike<number>): number {
  const counts = new Map<number, number>()
  for (let i = 0; i < labels.length; i++) counts.set(labels[i], (counts.get(labels[i]) ?? 0) + 1)
  let h = 0
  for (const n of counts.values()) h -= (n / labels.length) * Math.log(n / labels.length)
  return h
}

/** The class of each row; null where rows have none. */
function labelsOf(c: Context): ArrayLike<number> | null {
  const { y, rows } = c.program
  if (c.data.classes === null) return null
  const values = y.toTypedArray()
  if (values.length === rows) return values
  const width = values.length / rows
  return Array.from({ length: rows }, (_, i) => values.subarray(i * width, (i + 1) * width).indexOf(1 as never))
}

/** Batches of one class, in the same order each epoch: the network forgets the one while it learns the next. */
export const unshuffledData: Rule = {
  id: 'unshuffled-data',
  check(c) {
    const { batchSize, shuffle, rows } = c.program
    const batches = Math.floor(rows / batchSize)
    const labels = labelsOf(c)
    if (shuffle || labels === null || batches < FEWEST_BATCHES || batchSize < 2) return null
    const whole = entropy(labels)
    let within = 0
    for (let b = 0; b < batches; b++) {
      within += entropy(Array.prototype.slice.call(labels, b * batchSize, (b + 1) * batchSize)) / batches
    }
    if (whole === 0 || within >= SHARE * whole) return null
    return {
      severity: 'warning',
      evidence: {
        'entropy of the labels': shown(whole),
        'within a batch': shown(within),
        'first labels': Array.prototype.slice.call(labels, 0, 12).join(' '),
      },
      cause:
        'The rows are sorted by class and not shuffled: a batch holds one class or two, so each step teaches to answer with that class, and the next batches undo it.',
      summary: 'Shuffle the rows each epoch.',
      code: `new data.DataLoader(dataset, { batchSize: ${batchSize}, shuffle: true })`,
      treat: options => {
        const changed = replaceData(options, c, (x, y) => [x, y])
        options.shuffle = true
        return { ...changed, shuffle: true }
      },
    }
  },
}
