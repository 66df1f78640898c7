// DataLoader: batches of a dataset, synchronously, in the order of PyTorch's loader without workers.
import { checkInteger, checkOptions, describe, ValueError } from '../core/errors.js'
import { tensor } from '../tensor/create.js'
import { type Generator, generatorOf } from '../tensor/generator.js'
import type { Tensor } from '../tensor/tensor.js'
import { type Batched, collate } from './collate.js'
import { checkDataset, type Dataset, Subset, TensorDataset } from './dataset.js'
import { gatherRows } from './rows.js'
import { BatchSampler, checkIterable, pieces, RandomSampler, SequentialSampler } from './sampler.js'

type Indices = Iterable<number> & { readonly length?: number }
type Batches = Iterable<Iterable<number>> & { readonly length?: number }

export interface DataLoaderOptions<Item, Batch> {
  /** Items of a batch; null gives the items one by one, as they are. Default: 1. */
  batchSize?: number | null
  /** A new random order in each epoch. Default: false. */
  shuffle?: boolean
  /** Leave out a last batch that is not full. Default: false. */
  dropLast?: boolean
  /** The order of the items, instead of `shuffle`. */
  sampler?: Indices
  /** The batches by their indices, instead of batchSize, shuffle, sampler and dropLast. */
  batchSampler?: Batches
  /** Draw from this stream instead of the default one. */
  generator?: Generator | null
  /** Makes a batch of items. Default: stacks tensors and numbers, goes into arrays and records. */
  collate?: (items: Item[]) => Batch
}

const known = ['batchSize', 'shuffle', 'dropLast', 'sampler', 'batchSampler', 'generator', 'collate'] as const

/** @internal An epoch: the rows of `tensors` that make each batch. */
export interface EpochPlan {
  readonly tensors: readonly Tensor[]
  readonly batches: readonly Tensor[]
}

/** The tensors whose rows are the items of a dataset and, for a subset, which rows; null where the items are something else. */
interface Rows {
  readonly tensors: readonly Tensor[]
  readonly chosen: Tensor | null
}

function rowsOf(dataset: Dataset): Rows | null {
  // A subclass may give other items than rows: only the classes themselves count.
  const is = (x: Dataset, type: { prototype: Dataset }) => Object.getPrototypeOf(x) === type.prototype
  let indices: readonly number[] | null = null
  let whole = dataset
  for (; is(whole, Subset); whole = (whole as Subset<unknown>).dataset) {
    const outer = (whole as Subset<unknown>).indices
    indices = indices === null ? outer : indices.map(i => outer[i])
  }
  if (!is(whole, TensorDataset)) return null
  return {
    tensors: (whole as TensorDataset).tensors.map(t => t.detach().contiguous()),
    chosen: indices === null ? null : tensor(Int32Array.from(indices)),
  }
}

/** The batch of the items that `index` names. */
function gatherBatch({ tensors, chosen }: Rows, index: Tensor): Tensor[] {
  const rows = chosen === null ? index : gatherRows(chosen, index)
  return tensors.map(t => gatherRows(t, rows))
}

/** The indices of batches, cut from pieces of a round: a slice of one piece, or joined where a batch goes over its end. */
function* cut(round: Iterable<Tensor>, batchSize: number, dropLast: boolean): globalThis.Generator<Tensor> {
  let carried: number[] = []
  for (const piece of round) {
    let at = 0
    if (carried.length > 0) {
      at = Math.min(batchSize - carried.length, piece.count)
      carried.push(...piece.narrow(0, 0, at).toTypedArray())
      if (carried.length < batchSize) continue
      yield tensor(Int32Array.from(carried))
      carried = []
    }
    for (; at + batchSize <= piece.count; at += batchSize) yield piece.narrow(0, at, batchSize)
    if (at < piece.count) carried = [...piece.narrow(0, at, piece.count - at).toTypedArray()]
  }
  if (carried.length > 0 && !dropLast) yield tensor(Int32Array.from(carried))
}

/**
 * Batches of a dataset: `for (const [inputs, labels] of loader)`. Each `for` is an epoch; with `shuffle` each has its own order, the
 * same as PyTorch's after the same `manualSeed`. Batches of a TensorDataset, or of subsets of one, are gathered in one native call per
 * tensor and are outside the graph.
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
 */
// biome-ignore lint/suspicious/noExplicitAny: a loader of whatever
export class DataLoader<Item = any, Batch = Batched<Item>> implements Iterable<Batch> {
  readonly dataset: Dataset<Item>
  readonly batchSize: number | null
  readonly dropLast: boolean
  readonly sampler: Indices
  readonly generator: Generator | null
  private readonly batches: Batches | null
  private readonly collate: ((items: Item[]) => Batch) | null

  constructor(dataset: Dataset<Item>, options: DataLoaderOptions<Item, Batch> = {}) {
    const op = 'DataLoader'
    checkDataset(op, dataset)
    checkOptions(op, options, known)
    const { batchSize = 1, shuffle = false, dropLast = false, sampler, batchSampler } = options
    for (const [name, flag] of Object.entries({ shuffle, dropLast })) {
      if (typeof flag !== 'boolean') throw new TypeError(`${op}: ${name} must be a boolean, got ${describe(flag)}`)
    }
    if (options.collate !== undefined && typeof options.collate !== 'function') {
      throw new TypeError(`${op}: collate must be a function, got ${describe(options.collate)}`)
    }
    if (sampler !== undefined) checkIterable(op, 'sampler', sampler)
    if (sampler !== undefined && shuffle) {
      throw new ValueError('sampler and shuffle exclude each other: the sampler is the order', { op })
    }
    if (batchSampler !== undefined) {
      checkIterable(op, 'batchSampler', batchSampler)
      if (options.batchSize !== undefined || shuffle || dropLast || sampler !== undefined) {
        throw new ValueError('batchSampler excludes batchSize, shuffle, sampler and dropLast', { op })
      }
    }
    if (batchSize === null && dropLast)
      throw new ValueError('without batches (batchSize null) there is no last one', { op })
    this.dataset = dataset
    this.batchSize =
      batchSampler !== undefined || batchSize === null ? null : checkInteger(op, 'batchSize', batchSize, 1)
    this.dropLast = dropLast
    this.generator =
      options.generator === undefined || options.generator === null ? null : generatorOf(op, options.generator)
    const { generator } = this
    this.sampler = sampler ?? (shuffle ? new RandomSampler(dataset, { generator }) : new SequentialSampler(dataset))
    this.batches =
      batchSampler ?? (this.batchSize === null ? null : new BatchSampler(this.sampler, this.batchSize, dropLast))
    this.collate = options.collate ?? null
  }

  /** Batches of an epoch; items, where batchSize is null. @throws TypeError if the sampler that was given has no length */
  get length(): number {
    const { length } = this.batches ?? this.sampler
    if (typeof length === 'number') return length
    throw new TypeError('DataLoader: the sampler has no length, so the number of batches is not known beforehand')
  }

  [Symbol.iterator](): Iterator<Batch> {
    // PyTorch draws a seed for its workers whenever an epoch starts, with or without workers.
    generatorOf('DataLoader', this.generator).random63()
    if (this.batches === null) return this.single()
    const rows = this.collate === null ? rowsOf(this.dataset) : null
    return rows === null ? this.collated(this.batches) : (this.gathered(rows) as Iterator<Batch>)
  }

  /** @internal The epoch that iterating would give, as rows to gather, drawing what that draws; null where batches are made otherwise. */
  plan(): EpochPlan | null {
    const { sampler, batchSize } = this
    if (!isPlain(this) || this.collate !== null || batchSize === null || !(pieces in sampler)) return null
    const rows = rowsOf(this.dataset)
    if (rows === null) return null
    generatorOf('DataLoader', this.generator).random63()
    const round = (sampler as unknown as { [pieces](): Iterable<Tensor> })[pieces]()
    const { tensors, chosen } = rows
    const batches = [...cut(round, batchSize, this.dropLast)]
    return { tensors, batches: chosen === null ? batches : batches.map(index => gatherRows(chosen, index)) }
  }

  private *single(): globalThis.Generator<Batch> {
    for (const i of this.sampler) {
      const item = this.dataset.get(i)
      yield (this.collate === null ? item : this.collate(item as never)) as Batch
    }
  }

  private *gathered(rows: Rows): globalThis.Generator<Tensor[]> {
    const { sampler } = this
    if (this.batchSize !== null && pieces in sampler) {
      const round = (sampler as unknown as { [pieces](): Iterable<Tensor> })[pieces]()
      for (const index of cut(round, this.batchSize, this.dropLast)) yield gatherBatch(rows, index)
      return
    }
    for (const batch of this.batches!) yield gatherBatch(rows, tensor([...batch], { dtype: 'int32' }))
  }

  private *collated(batches: Batches): globalThis.Generator<Batch> {
    for (const batch of batches) {
      const items = Array.from(batch, i => this.dataset.get(i))
      yield this.collate === null ? (collate(items) as Batch) : this.collate(items)
    }
  }
}

/** A subclass may iterate otherwise. */
const isPlain = (loader: object) => Object.getPrototypeOf(loader) === DataLoader.prototype
