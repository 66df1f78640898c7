import { type Draft, place, type Rule } from '../rule.js'

const SMALL_DATA = 32
const LARGE_BATCH = 2000

/** A batch of one row has no spread that batch norm could divide by. */
const single = (layer: string, batchSize: number, rows: number): Draft => ({
  severity: 'error',
  layer,
  evidence: { rows, 'rows of a batch': batchSize, 'rows of the last batch': 1 },
  cause: `${batchSize === 1 ? 'Batches have' : 'The last batch has'} a single row, and ${place(layer)} needs several to take a mean and a deviation of.`,
  summary: 'Leave out a last batch that is not full, or take another batch size.',
  code: `new data.DataLoader(dataset, { batchSize: ${Math.max(batchSize, 32)}, shuffle: true, dropLast: true })`,
  treat: options => {
    // The nearest size above that leaves no single row.
    let size = Math.max(batchSize, 16)
    while (rows % size === 1) size++
    options.batchSize = size
    return { batchSize: size }
  },
})

/** One row a step, or all of many rows. */
export const batchSizeExtreme: Rule = {
  id: 'batch-size-extreme',
  check({ program: { batchSize, rows, model } }): Draft | null {
    const norm = [...model.namedModules()].find(([, m]) => /^BatchNorm/.test(m.constructor.name) && m._training)
    if (norm !== undefined && rows > 1 && rows % batchSize === 1 % batchSize) return single(norm[0], batchSize, rows)
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
