// DataLoader: batches of a dataset, synchronously, in the order of PyTorch's loader without workers.
import { checkInteger, checkOptions, describe, ValueError } from '../core/errors.js'
import { tensor } from '../tensor/create.js'
import { type Generator, generatorOf } from '../tensor/generator.js'
import type { Tensor } from '../tensor/tensor.js'
import { collate } from './collate.js'
import { checkDataset, type Dataset, Subset, TensorDataset } from './dataset.js'
import { gatherRows } from './rows.js'
import { BatchSampler, RandomSampler, round, type Sampler, SequentialSampler } from './sampler.js'

type Batches = Iterable<readonly number[]> & { readonly length?: number }

export interface DataLoaderOptions<Item, Batch> {
  /** Items of a batch. Default: 1. */
  batchSize?: number
  /** A new random order in each epoch. Default: false. */
  shuffle?: boolean
  /** Leave out a last batch that is not full. Default: false. */
  dropLast?: boolean
  /** The order of the items, instead of `shuffle`. */
  sampler?: Sampler
  /** The batches by their indices, instead of batchSize, shuffle, sampler and dropLast. */
  batchSampler?: Batches
  /** Draw from this stream instead of the default one. */
  generator?: Generator | null
  /** Makes a batch of items. Default: stacks tensors and numbers, goes into arrays and records. */
  collate?: (items: Item[]) => Batch
}

const known = ['batchSize', 'shuffle', 'dropLast', 'sampler', 'batchSampler', 'generator', 'collate'] as const

/** The tensors behind a dataset and, for a subset, which of their rows: batches of them are gathered, not collated. */
interface Rows {
  readonly tensors: readonly Tensor[]
  readonly chosen: Tensor | null
}

function rowsOf(dataset: Dataset): Rows | null {
  if (dataset instanceof TensorDataset) return { tensors: dataset.tensors, chosen: null }
  if (dataset instanceof Subset && dataset.dataset instanceof TensorDataset) {
    return { tensors: dataset.dataset.tensors, chosen: tensor(Int32Array.from(dataset.indices)) }
  }
  return null
}

/** The batch of the items that `index` names. */
function gather({ tensors, chosen }: Rows, index: Tensor): Tensor[] {
  const rows = chosen === null ? index : gatherRows(chosen, index)
  return tensors.map(t => gatherRows(t, rows))
}

/**
 * Batches of a dataset: `for (const [inputs, labels] of loader)`. Each `for` is an epoch; with `shuffle` each has its own order, the
 * same as PyTorch's after the same `manualSeed`. Batches of a TensorDataset are gathered in one native call per tensor.
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.DataLoader
 */
// biome-ignore lint/suspicious/noExplicitAny: a batch is what collate makes of the items
export class DataLoader<Item = any, Batch = any> implements Iterable<Batch> {
  readonly dataset: Dataset<Item>
  readonly batchSize: number
  readonly dropLast: boolean
  private readonly sampler: Sampler
  private readonly batchSampler: Batches | null
  private readonly generator: Generator
  private readonly collate: ((items: Item[]) => Batch) | null

  constructor(dataset: Dataset<Item>, options: DataLoaderOptions<Item, Batch> = {}) {
    const op = 'DataLoader'
    checkDataset(op, dataset)
    checkOptions(op, options, known)
    const { batchSize = 1, shuffle = false, dropLast = false, sampler, batchSampler } = options
    if (options.collate !== undefined && typeof options.collate !== 'function') {
      throw new TypeError(`${op}: collate must be a function, got ${describe(options.collate)}`)
    }
    for (const [name, flag] of Object.entries({ shuffle, dropLast })) {
      if (typeof flag !== 'boolean') throw new TypeError(`${op}: ${name} must be a boolean, got ${describe(flag)}`)
    }
    if (sampler !== undefined && shuffle) {
      throw new ValueError('sampler and shuffle exclude each other: the sampler is the order', { op })
    }
    if (
      batchSampler !== undefined &&
      (options.batchSize !== undefined || shuffle || dropLast || sampler !== undefined)
    ) {
      throw new ValueError('batchSampler excludes batchSize, shuffle, sampler and dropLast', { op })
    }
    this.dataset = dataset
    this.batchSize = checkInteger(op, 'batchSize', batchSize, 1)
    this.dropLast = dropLast
    this.generator = generatorOf(op, options.generator)
    const own = options.generator ?? null
    this.sampler =
      sampler ?? (shuffle ? new RandomSampler(dataset, { generator: own }) : new SequentialSampler(dataset))
    this.batchSampler = batchSampler ?? null
    this.collate = options.collate ?? null
  }

  /** Batches of an epoch. */
  get length(): number {
    if (this.batchSampler !== null) return this.batchSampler.length ?? [...this.batchSampler].length
    const n = this.sampler.length / this.batchSize
    return this.dropLast ? Math.floor(n) : Math.ceil(n)
  }

  [Symbol.iterator](): Iterator<Batch> {
    // PyTorch draws a seed for its workers whenever an epoch starts, with or without workers.
    this.generator.random63()
    const rows = this.collate === null ? rowsOf(this.dataset) : null
    if (rows !== null && this.batchSampler === null && round in this.sampler) return this.sliced(rows)
    return this.listed(rows)
  }

  /** Batches of rows from a sampler whose round is one tensor of indices: slices of it name the rows. */
  private *sliced(rows: Rows): globalThis.Generator<Batch> {
    const order = (this.sampler as unknown as Record<typeof round, () => Tensor>)[round]()
    const n = order.count
    const end = this.dropLast ? n - (n % this.batchSize) : n
    for (let at = 0; at < end; at += this.batchSize) {
      yield gather(rows, order.narrow(0, at, Math.min(this.batchSize, n - at))) as Batch
    }
  }

  /** Batches whose indices come one by one. */
  private *listed(rows: Rows | null): globalThis.Generator<Batch> {
    const batches = this.batchSampler ?? new BatchSampler(this.sampler, this.batchSize, this.dropLast)
    for (const indices of batches) {
      if (rows !== null) {
        yield gather(rows, tensor(Int32Array.from(indices))) as Batch
        continue
      }
      const items = indices.map(i => this.dataset.get(i))
      yield (this.collate === null ? collate(items) : this.collate(items)) as Batch
    }
  }
}
