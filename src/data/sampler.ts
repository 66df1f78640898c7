// Samplers: the order in which a DataLoader visits the items. Draws are those of torch/utils/data/sampler.py.
import { checkInteger, checkOptions, describe, ShapeError, ValueError } from '../core/errors.js'
import { arange, tensor } from '../tensor/create.js'
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

function checkFlag(op: string, what: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${op}: ${what} must be a boolean, got ${describe(value)}`)
  return value
}

/**
 * @internal Key of a method that gives a round as int32 tensors, one after the other, each drawn when it is asked for: a DataLoader
 * cuts its batches from them.
 */
export const pieces = Symbol('pieces')

/** A sampler whose rounds are made of tensors. */
abstract class Pieced implements Sampler {
  abstract readonly length: number
  /** @internal */
  abstract [pieces](): Iterable<Tensor>

  *[Symbol.iterator](): Iterator<number> {
    for (const piece of this[pieces]()) yield* piece.toTypedArray()
  }
}

/** 0, 1, 2, … */
export class SequentialSampler extends Pieced {
  private readonly source: Sized

  constructor(source: Sized) {
    super()
    sizeOf('SequentialSampler', source)
    this.source = source
  }

  get length(): number {
    return this.source.length
  }

  /** @internal */
  [pieces](): Tensor[] {
    return [arange(this.length, { dtype: 'int32' })]
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
export class RandomSampler extends Pieced {
  private readonly source: Sized
  private readonly numSamples: number | undefined
  private readonly replacement: boolean
  private readonly generator: Generator | null

  constructor(source: Sized, options?: RandomSamplerOptions) {
    super()
    const op = 'RandomSampler'
    checkOptions(op, options, ['replacement', 'numSamples', 'generator'])
    sizeOf(op, source)
    this.source = source
    this.replacement = checkFlag(op, 'replacement', options?.replacement ?? false)
    this.numSamples =
      options?.numSamples === undefined ? undefined : checkInteger(op, 'numSamples', options.numSamples, 1)
    const own = options?.generator ?? null
    this.generator = own === null ? null : generatorOf(op, own)
  }

  get length(): number {
    return this.numSamples ?? this.source.length
  }

  /** @internal */
  *[pieces](): Iterable<Tensor> {
    const { length: total, replacement } = this
    const n = this.source.length
    const generator = this.generator ?? new Generator(defaultGenerator.random63())
    if (replacement) {
      for (let left = total; left > 0; left -= 32) yield randint(0, n, [Math.min(left, 32)], { generator })
      return
    }
    if (n === 0) return
    for (let left = total; left >= n; left -= n) yield randperm(n, { generator })
    // PyTorch draws this permutation also where nothing of it is used; only a stream that was given shows that.
    const rest = total % n
    if (rest > 0) yield randperm(n, { generator }).narrow(0, 0, rest)
    else if (this.generator !== null) randperm(n, { generator })
  }
}

/** Items drawn by weight. @see https://pytorch.org/docs/stable/data.html#torch.utils.data.WeightedRandomSampler */
export class WeightedRandomSampler extends Pieced {
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
    super()
    const op = 'WeightedRandomSampler'
    checkOptions(op, options, ['replacement', 'generator'])
    if (!(weights instanceof Tensor || Array.isArray(weights))) {
      throw new TypeError(`${op}: weights must be a Tensor or an array of numbers, got ${describe(weights)}`)
    }
    this.weights = (weights instanceof Tensor ? weights : tensor(Float64Array.from(weights))).detach().double()
    if (this.weights.shape.length !== 1) {
      const message = `weights must have one dimension, got ${this.weights.shape.length}`
      throw new ShapeError(message, { op, shapes: [this.weights.shape] })
    }
    this.length = checkInteger(op, 'numSamples', numSamples, 1)
    this.replacement = checkFlag(op, 'replacement', options?.replacement ?? true)
    if (!this.replacement && numSamples > this.weights.count) {
      const message = `numSamples ${numSamples} is more than the ${this.weights.count} weights, and no item may come again`
      throw new ValueError(message, { op })
    }
    const own = options?.generator ?? null
    this.generator = own === null ? null : generatorOf(op, own)
  }

  /** @internal */
  *[pieces](): Iterable<Tensor> {
    const { replacement, generator } = this
    yield multinomial(this.weights, this.length, { replacement, generator })
  }
}

/** Throws unless x can be iterated. */
export function checkIterable(op: string, what: string, x: unknown): asserts x is Iterable<unknown> {
  if (typeof x !== 'object' || x === null || !(Symbol.iterator in x)) {
    throw new TypeError(`${op}: ${what} must be iterable, got ${describe(x)}`)
  }
}

/** Indices of another sampler in arrays of batchSize. */
export class BatchSampler implements Iterable<number[]> {
  constructor(
    readonly sampler: Iterable<number> & { readonly length?: number },
    readonly batchSize: number,
    readonly dropLast: boolean,
  ) {
    const op = 'BatchSampler'
    checkIterable(op, 'sampler', sampler)
    checkInteger(op, 'batchSize', batchSize, 1)
    checkFlag(op, 'dropLast', dropLast)
  }

  /** Batches of a round. */
  get length(): number {
    const n = sizeOf('BatchSampler', this.sampler) / this.batchSize
    return this.dropLast ? Math.floor(n) : Math.ceil(n)
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
