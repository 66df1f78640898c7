// Datasets: a length and an item per index.
import { describe, formatShape, IndexError, ShapeError, ValueError } from '../core/errors.js'
import { Tensor } from '../tensor/tensor.js'
import { selectRow } from './rows.js'

/**
 * What a DataLoader reads: `length` items, `get(i)` one of them (a tensor, a number, or an array or record of such). Extend it, or
 * give any object that has both.
 */
export abstract class Dataset<Item = unknown> {
  abstract readonly length: number
  abstract get(index: number): Item
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

/** A tensor for each of the tensors. */
type Rows<T extends readonly Tensor[]> = { -readonly [K in keyof T]: Tensor }

/**
 * Tensors of one length, item i the array of their i-th rows.
 * @throws ShapeError if their first dimensions differ
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.TensorDataset
 */
export class TensorDataset<T extends readonly Tensor[] = Tensor[]> implements Dataset<Rows<T>> {
  readonly tensors: readonly Tensor[]

  constructor(...tensors: T) {
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

  /** Views of the i-th rows, outside the graph. */
  get(index: number): Rows<T> {
    const i = resolveItem('TensorDataset', index, this.length)
    return this.tensors.map(t => selectRow(t, i)) as Rows<T>
  }
}

/** Some items of a dataset, by index. */
export class Subset<Item> implements Dataset<Item> {
  readonly dataset: Dataset<Item>
  readonly indices: readonly number[]

  constructor(dataset: Dataset<Item>, indices: Iterable<number>) {
    checkDataset('Subset', dataset)
    if (typeof indices !== 'object' || indices === null || !(Symbol.iterator in indices)) {
      throw new TypeError(`Subset: indices must be an array of numbers, got ${describe(indices)}`)
    }
    this.dataset = dataset
    this.indices = Array.from(indices, i => resolveItem('Subset', i, dataset.length))
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

  constructor(datasets: readonly Dataset<Item>[]) {
    const op = 'ConcatDataset'
    if (!Array.isArray(datasets)) throw new TypeError(`${op}: expected an array of datasets, got ${describe(datasets)}`)
    if (datasets.length === 0) throw new ValueError('needs one dataset at least', { op })
    for (const d of datasets) checkDataset(op, d)
    this.datasets = datasets.slice()
  }

  get length(): number {
    return this.datasets.reduce((n, d) => n + d.length, 0)
  }

  get(index: number): Item {
    let i = resolveItem('ConcatDataset', index, this.length)
    let at = 0
    while (i >= this.datasets[at].length) i -= this.datasets[at++].length
    return this.datasets[at].get(i)
  }
}
