import type { Rule } from '../rule.js'

const SMALL_DATA = 32
const LARGE_BATCH = 2000

/** One row a step, or all of many rows. */
export const batchSizeExtreme: Rule = {
  id: 'batch-size-extreme',
  check({ program: { batchSize, rows } }) {
    const one = batchSize === 1 && rows > SMALL_DATA
    if (!one && !(batchSize === rows && rows > LARGE_BATCH)) return null
    return {
      severity: 'info',
      evidence: { 'rows of a batch': batchSize, rows },
      cause: one
        ? 'Every step follows one row: the gradient is mostly noise, and most of the time goes into calls.'
        : `Every step takes all ${rows} rows: smaller batches give many steps for the same work.`,
      summary: 'Take batches of 16 to 128 rows.',
      code: 'new data.DataLoader(dataset, { batchSize: 64, shuffle: true })',
      treat: options => {
        options.batchSize = 64
        options.shuffle ??= true
        return { batchSize: 64, shuffle: options.shuffle }
      },
    }
  },
}
