// Datasets: a length and an item per index.
import {
  checkInteger,
  checkOptions,
  describe,
  formatShape,
  IndexError,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import { type Generator, generatorOf } from '../tensor/generator.js'
import { randperm } from '../tensor/random.js'
import { Tensor } from '../tensor/tensor.js'
import { selectRow } from './rows.js'

/** What a DataLoader reads: `length` items, `get(i)` one of them (a tensor, a number, or an array or record of such). */
export interface Dataset<Item = unknown> {
  readonly length: number
  get(index: number): Item
}

/** An index counted from either end, within length. */
export function resolveItem(op: string, index: number, length: number): number {
  if (typeof index !== 'number') throw new TypeError(`${op}: index must be a number, got ${describe(index)}`)
  if (!Number.isInteger(index) || index < -length || index >= length) {
    throw new IndexError(`index ${index} is out of range for ${length} items`, { op })
  }
  return index < 0 ? index + length : index
}

/** Throws unless x has a length and a get method. */
export function checkDataset(op: string, x: unknown): asserts x is Dataset {
  const d = x as Partial<Dataset> | null
  if (typeof d !== 'object' || d === null || typeof d.get !== 'function' || typeof d.length !== 'number') {
    throw new TypeError(`${op}: expected a dataset (with length and get(index)), got ${describe(x)}`)
  }
}

/**
 * Tensors of one length, item i the array of their i-th rows.
 * @throws ShapeError if their first dimensions differ
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset
 */
export class TensorDataset implements Dataset<Tensor[]> {
  readonly tensors: readonly Tensor[]

  constructor(...tensors: Tensor[]) {
    const op = 'TensorDataset'
    if (tensors.length === 0) throw new ValueError('needs one tensor at least', { op })
    tensors.forEach((t, i) => {
      if (!(t instanceof Tensor)) throw new TypeError(`${op}: argument ${i} must be a Tensor, got ${describe(t)}`)
      if (t.shape.length === 0)
        throw new ShapeError(`tensor ${i} is a scalar, it has no rows`, { op, shapes: [t.shape] })
      if (t.shape[0] !== tensors[0].shape[0]) {
        const shapes = tensors.map(x => x.shape)
        throw new ShapeError(`tensors must have equally many rows, got ${shapes.map(formatShape).join(' and ')}`, {
          op,
          shapes,
        })
      }
    })
    this.tensors = tensors
  }

  get length(): number {
    return this.tensors[0].shape[0]
  }

  get(index: number): Tensor[] {
    const i = resolveItem('TensorDataset', index, this.length)
    return this.tensors.map(t => selectRow(t, i))
  }
}

/** Some items of a dataset, by index. */
export class Subset<Item> implements Dataset<Item> {
  readonly dataset: Dataset<Item>
  readonly indices: readonly number[]

  constructor(dataset: Dataset<Item>, indices: readonly number[]) {
    checkDataset('Subset', dataset)
    if (!Array.isArray(indices))
      throw new TypeError(`Subset: indices must be an array of numbers, got ${describe(indices)}`)
    this.dataset = dataset
    this.indices = indices.map(i => resolveItem('Subset', i, dataset.length))
  }

  get length(): number {
    return this.indices.length
  }

  get(index: number): Item {
    return this.dataset.get(this.indices[resolveItem('Subset', index, this.length)])
  }
}

/** Datasets one after the other. */
export class ConcatDataset<Item> implements Dataset<Item> {
  readonly datasets: readonly Dataset<Item>[]
  readonly length: number

  constructor(datasets: readonly Dataset<Item>[]) {
    const op = 'ConcatDataset'
    if (!Array.isArray(datasets)) throw new TypeError(`${op}: expected an array of datasets, got ${describe(datasets)}`)
    if (datasets.length === 0) throw new ValueError('needs one dataset at least', { op })
    for (const d of datasets) checkDataset(op, d)
    this.datasets = datasets.slice()
    this.length = datasets.reduce((n, d) => n + d.length, 0)
  }

  get(index: number): Item {
    let i = resolveItem('ConcatDataset', index, this.length)
    let at = 0
    while (i >= this.datasets[at].length) i -= this.datasets[at++].length
    return this.datasets[at].get(i)
  }
}

/** Sizes of the parts: whole numbers that add up to n, or shares that add up to 1 (what is left goes round from the first). */
function partSizes(lengths: readonly number[], n: number): number[] {
  const op = 'randomSplit'
  const total = lengths.reduce((a, b) => a + b, 0)
  if (Math.abs(total - 1) < 1e-9 && lengths.every(x => x >= 0 && x <= 1) && n !== 1) {
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
