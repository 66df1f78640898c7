// Splitting a dataset at random.
import { checkInteger, checkOptions, describe, ValueError } from '../core/errors.js'
import { type Generator, generatorOf } from '../tensor/generator.js'
import { randperm } from '../tensor/random.js'
import { checkDataset, type Dataset, Subset } from './dataset.js'

/** Sizes of the parts: whole numbers that add up to n, or shares that add up to 1 (what is left goes round from the first). */
function partSizes(lengths: readonly number[], n: number): number[] {
  const op = 'randomSplit'
  const total = lengths.reduce((a, b) => a + b, 0)
  if (Math.abs(total - 1) < 1e-9 && lengths.every(x => x >= 0 && x <= 1)) {
    const sizes = lengths.map(x => Math.floor(n * x))
    for (let rest = n - sizes.reduce((a, b) => a + b, 0), i = 0; rest > 0; rest--, i++) sizes[i % sizes.length]++
    return sizes
  }
  for (const x of lengths) checkInteger(op, 'a length', x)
  if (total !== n) {
    throw new ValueError(`lengths [${lengths.join(', ')}] add up to ${total}, the dataset has ${n} items`, { op })
  }
  return lengths.slice()
}

/**
 * Splits a dataset at random into parts of the given lengths, or shares of 1: `randomSplit(set, [0.8, 0.2])`.
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.random_split
 */
export function randomSplit<Item>(
  dataset: Dataset<Item>,
  lengths: readonly number[],
  options?: { generator?: Generator | null },
): Subset<Item>[] {
  const op = 'randomSplit'
  checkOptions(op, options, ['generator'])
  checkDataset(op, dataset)
  if (!Array.isArray(lengths))
    throw new TypeError(`${op}: lengths must be an array of numbers, got ${describe(lengths)}`)
  const sizes = partSizes(lengths, dataset.length)
  const order = [...randperm(dataset.length, { generator: generatorOf(op, options?.generator) }).toTypedArray()]
  let at = 0
  return sizes.map(size => {
    at += size
    return new Subset(dataset, order.slice(at - size, at))
  })
}
