// Samplers: the order in which a DataLoader visits the items. Draws are those of torch/utils/data/sampler.py.
import { checkInteger, checkOptions, describe, ValueError } from '../core/errors.js'
import { tensor } from '../tensor/create.js'
import { defaultGenerator, Generator, generatorOf } from '../tensor/generator.js'
import { multinomial, randint, randperm } from '../tensor/random.js'
import { Tensor } from '../tensor/tensor.js'

/** Gives indices, a new round per iteration. */
export interface Sampler extends Iterable<number> {
  readonly length: number
}

interface Sized {
  readonly length: number
}

function sizeOf(op: string, source: unknown): number {
  const n = (source as Sized | null)?.length
  if (typeof n !== 'number') {
    throw new TypeError(`${op}: expected a dataset or another thing with a length, got ${describe(source)}`)
  }
  return n
}

/** @internal Key of a method that gives a round as one int32 tensor, for samplers that can: the DataLoader slices it. */
export const round = Symbol('round')

/** 0, 1, 2, … */
export class SequentialSampler implements Sampler {
  readonly length: number

  constructor(source: Sized) {
    this.length = sizeOf('SequentialSampler', source)
  }

  /** @internal */
  [round](): Tensor {
    return tensor(Int32Array.from({ length: this.length }, (_, i) => i))
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let i = 0; i < this.length; i++) yield i
  }
}

export interface RandomSamplerOptions {
  /** An item may come again within a round. Default: false. */
  replacement?: boolean
  /** Default: the number of items; more than that without replacement goes on with another permutation. */
  numSamples?: number
  /** Draw from this stream; default: a fresh one, seeded from the default stream in each round. */
  generator?: Generator | null
}

/** Items in random order. @see https://pytorch.org/docs/stable/data.html#torch.utils.data.RandomSampler */
export class RandomSampler implements Sampler {
  readonly length: number
  private readonly n: number
  private readonly replacement: boolean
  private readonly generator: Generator | null

  constructor(source: Sized, options?: RandomSamplerOptions) {
    const op = 'RandomSampler'
    checkOptions(op, options, ['replacement', 'numSamples', 'generator'])
    this.n = sizeOf(op, source)
    this.replacement = options?.replacement ?? false
    this.length = checkInteger(op, 'numSamples', options?.numSamples ?? this.n)
    const own = options?.generator ?? null
    this.generator = own === null ? null : generatorOf(op, own)
  }

  /** The pieces of a round, drawn when they are asked for. */
  private *pieces(): globalThis.Generator<Tensor> {
    const generator = this.generator ?? new Generator().manualSeed(defaultGenerator.random63())
    if (this.replacement) {
      for (let left = this.length; left > 0; left -= 32) yield randint(0, this.n, [Math.min(left, 32)], { generator })
      return
    }
    if (this.n === 0) return
    for (let i = 0; i < Math.floor(this.length / this.n); i++) yield randperm(this.n, { generator })
    // PyTorch draws this permutation also where nothing of it is used; only its own stream shows that.
    const rest = this.length % this.n
    if (rest > 0) yield randperm(this.n, { generator }).narrow(0, 0, rest)
    else if (this.generator !== null) randperm(this.n, { generator })
  }

  /** @internal */
  [round](): Tensor {
    const pieces = [...this.pieces()]
    if (pieces.length === 1) return pieces[0]
    return tensor(Int32Array.from(pieces.flatMap(p => [...p.toTypedArray()])))
  }

  *[Symbol.iterator](): Iterator<number> {
    for (const piece of this.pieces()) yield* piece.toTypedArray()
  }
}

/** Items drawn by weight. @see https://pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler */
export class WeightedRandomSampler implements Sampler {
  readonly length: number
  private readonly weights: Tensor
  private readonly replacement: boolean
  private readonly generator: Generator | null

  /** @param options `replacement`: default true */
  constructor(
    weights: Tensor | readonly number[],
    numSamples: number,
    options?: { replacement?: boolean; generator?: Generator | null },
  ) {
    const op = 'WeightedRandomSampler'
    checkOptions(op, options, ['replacement', 'generator'])
    this.weights = (weights instanceof Tensor ? weights : tensor(Float64Array.from(weights))).double()
    this.length = checkInteger(op, 'numSamples', numSamples, 1)
    this.replacement = options?.replacement ?? true
    this.generator = options?.generator ?? null
  }

  *[Symbol.iterator](): Iterator<number> {
    const { replacement, generator } = this
    yield* multinomial(this.weights, this.length, { replacement, generator }).toTypedArray()
  }
}

/** Indices of another sampler in arrays of batchSize. */
export class BatchSampler implements Iterable<number[]> {
  readonly length: number

  constructor(
    readonly sampler: Sampler,
    readonly batchSize: number,
    readonly dropLast: boolean,
  ) {
    const op = 'BatchSampler'
    checkInteger(op, 'batchSize', batchSize, 1)
    if (typeof dropLast !== 'boolean') {
      throw new TypeError(`${op}: dropLast must be a boolean, got ${describe(dropLast)}`)
    }
    if (typeof (sampler as Partial<Sampler> | null)?.[Symbol.iterator] !== 'function') {
      throw new TypeError(`${op}: expected a sampler, got ${describe(sampler)}`)
    }
    this.length = dropLast ? Math.floor(sampler.length / batchSize) : Math.ceil(sampler.length / batchSize)
  }

  *[Symbol.iterator](): Iterator<number[]> {
    let batch: number[] = []
    for (const index of this.sampler) {
      if (typeof index !== 'number') {
        throw new ValueError(`the sampler gave ${describe(index)}, not an index`, { op: 'BatchSampler' })
      }
      batch.push(index)
      if (batch.length < this.batchSize) continue
      yield batch
      batch = []
    }
    if (batch.length > 0 && !this.dropLast) yield batch
  }
}
