// Tensors of random numbers. Same seed, same numbers as PyTorch's CPU build; one stream serves all dtypes and functions.
import { kernel, launch } from '../core/dispatch.js'
import { type DType, dtypeNames, isFloating } from '../core/dtype.js'
import {
  checkChoice,
  checkInteger,
  checkNumber,
  checkOptions,
  DTypeError,
  describe,
  formatShape,
  ShapeError,
  sayAs,
  ValueError,
} from '../core/errors.js'
import { checkShape, type Shape } from '../core/shape.js'
import { sameDType } from './create.js'
import { type Generator, generatorOf, onlyGenerator } from './generator.js'
import { emptyTensor, Tensor } from './tensor.js'

const UNIFORM = kernel('uniform')
const NORMAL = kernel('normal')
const RANDINT = kernel('randint')
const RANDPERM = kernel('randperm')
const BERNOULLI = kernel('bernoulliTensor')
const MULTINOMIAL = kernel('multinomial')

export interface RandomOptions {
  /** Default: 'float32' (`randint`, `randperm`: 'int32'). */
  dtype?: DType
  /** Record operations on the tensor for backward. Default: false. */
  requiresGrad?: boolean
  /** Draw from this stream instead of the default one. */
  generator?: Generator | null
}

const allOptions = ['dtype', 'requiresGrad', 'generator'] as const

/** Checks options, makes the tensor and has it filled. */
function drawn(
  op: string,
  shape: unknown,
  options: RandomOptions | undefined,
  fallback: DType,
  fill: (out: Tensor, g: Generator) => void,
): Tensor {
  checkOptions(op, options, allOptions)
  const checked = checkShape(op, shape)
  const dtype = options?.dtype === undefined ? fallback : checkChoice(op, 'dtype', options.dtype, dtypeNames)
  if (options?.requiresGrad && !isFloating(dtype))
    throw new DTypeError(`only floating tensors have gradients, this one would be ${dtype}`, { op })
  const generator = generatorOf(op, options?.generator)
  const out = emptyTensor(checked, dtype)
  fill(out, generator)
  return options?.requiresGrad ? out.requiresGrad_() : out
}

function floatingOnly(op: string, dtype: DType): void {
  if (!isFloating(dtype)) throw new DTypeError(`draws floating numbers, dtype ${dtype} cannot hold them`, { op })
}

/** @internal Uniform numbers in [low, high) into a contiguous floating tensor. */
export function fillUniform(out: Tensor, low: number, high: number, g: Generator): void {
  launch(UNIFORM, out.dtype, [g.state, out], [out.count], [low, high])
}

/** @internal Normal numbers into a contiguous floating tensor; `oneByOne`: as PyTorch fills what is not contiguous. */
export function fillNormal(out: Tensor, mean: number, std: number, g: Generator, oneByOne = false): void {
  launch(NORMAL, out.dtype, [g.state, out], [out.count, oneByOne ? 1 : 0], [mean, std])
}

/** Uniform numbers in [0, 1). */
export function rand(shape: readonly number[], options?: RandomOptions): Tensor {
  return drawn('rand', shape, options, 'float32', (out, g) => {
    floatingOnly('rand', out.dtype)
    fillUniform(out, 0, 1, g)
  })
}

/** Normal numbers of mean 0 and deviation 1. */
export function randn(shape: readonly number[], options?: RandomOptions): Tensor {
  return drawn('randn', shape, options, 'float32', (out, g) => {
    floatingOnly('randn', out.dtype)
    fillNormal(out, 0, 1, g)
  })
}

/** @internal Whole numbers in [low, high) into a contiguous tensor. */
export function fillIntegers(op: string, out: Tensor, low: number, high: number, g: Generator): void {
  const span = high - low
  if (span <= 0) throw new ValueError(`low must be below high, got ${low} and ${high}`, { op })
  // PyTorch 2: two words an element for ranges of 2^28 and more.
  launch(RANDINT, out.dtype, [g.state, out], [out.count, span >= 2 ** 28 ? 1 : 0], [low, span - 1])
}

/** The largest unbounded whole number by dtype, and whether it takes two words. */
const unbounded: Readonly<Record<DType, readonly [last: number, wide: 0 | 1]>> = {
  float32: [2 ** 24, 0],
  float64: [2 ** 53, 1],
  int32: [2 ** 31 - 1, 0],
  bool: [1, 0],
}

/** @internal Whole numbers from 0 on, of all that the dtype holds exactly, into a contiguous tensor. */
export function fillAnyInteger(out: Tensor, g: Generator): void {
  const [last, wide] = unbounded[out.dtype]
  launch(RANDINT, out.dtype, [g.state, out], [out.count, wide], [0, last])
}

/**
 * Whole numbers in [low, high): `randint(0, 10, [3])`. The result is int32, or float64 where the range does not fit that.
 * @throws ValueError if the range is empty, or past 2^53
 */
export function randint(low: number, high: number, shape: readonly number[], options?: RandomOptions): Tensor {
  const op = 'randint'
  for (const [what, bound] of [
    ['low', low],
    ['high', high],
  ] as const) {
    if (typeof bound !== 'number') throw new TypeError(`${op}: ${what} must be a number, got ${describe(bound)}`)
    if (!Number.isInteger(bound) || Math.abs(bound) > 2 ** 53)
      throw new ValueError(`${what} must be a whole number within 2^53, got ${bound}`, { op })
  }
  const fits = low >= -(2 ** 31) && high <= 2 ** 31
  return drawn(op, shape, options, fits ? 'int32' : 'float64', (out, g) => fillIntegers(op, out, low, high, g))
}

/** The numbers 0 … n-1 in random order, int32. */
export function randperm(n: number, options?: { generator?: Generator | null }): Tensor {
  checkInteger('randperm', 'n', n)
  const generator = onlyGenerator('randperm', options)
  const out = emptyTensor([n], 'int32')
  launch(RANDPERM, 'int32', [generator.state, out], [n])
  return out
}

/** 1 with the probability that each element of p says, else 0. @throws ValueError if one is outside [0, 1] */
export function bernoulli(p: Tensor, options?: { generator?: Generator | null }): Tensor {
  if (!(p instanceof Tensor)) throw new TypeError(`bernoulli: p must be a Tensor of probabilities, got ${describe(p)}`)
  floatingOnly('bernoulli', p.dtype)
  const generator = onlyGenerator('bernoulli', options)
  const out = emptyTensor(p.shape, p.dtype)
  const from = p.detach().contiguous()
  sayAs('bernoulli', 'bernoulliTensor', () => launch(BERNOULLI, p.dtype, [generator.state, from, out], [p.count]))
  return out
}

/**
 * Normal numbers: of one mean and deviation and a shape, or of means and deviations per element (tensors broadcast, no shape).
 * @throws ValueError if std < 0
 */
export function normal(
  mean: number | Tensor,
  std: number | Tensor,
  shape?: readonly number[],
  options?: RandomOptions,
): Tensor {
  const op = 'normal'
  for (const [what, v] of Object.entries({ mean, std })) {
    if (typeof v !== 'number' && !(v instanceof Tensor)) {
      throw new TypeError(`${op}: ${what} must be a number or a Tensor, got ${describe(v)}`)
    }
  }
  if (typeof std === 'number') checkNumber(op, 'std', std, 0)
  if (typeof mean === 'number' && typeof std === 'number') {
    checkNumber(op, 'mean', mean)
    if (shape === undefined) throw new TypeError('normal: numbers for mean and std need a shape: normal(0, 1, [2, 3])')
    return drawn(op, shape, options, 'float32', (out, g) => {
      floatingOnly(op, out.dtype)
      fillNormal(out, mean, std, g)
    })
  }
  if (shape !== undefined)
    throw new TypeError('normal: with a tensor for mean or std the shape is theirs; leave it out')
  const means = mean instanceof Tensor ? mean.detach() : undefined
  const stds = std instanceof Tensor ? std.detach() : undefined
  const template: Shape = means && stds ? means.add(stds).shape : (means ?? stds)!.shape
  const base = drawn(op, template, options, (means ?? stds)!.dtype, (out, g) => fillNormal(out, 0, 1, g))
  const requiresGrad = base.leafRequiresGrad
  const out = base
    .detach()
    .mul(stds ?? (std as number))
    .add(means ?? (mean as number))
  return requiresGrad ? out.requiresGrad_() : out
}

/**
 * Indices drawn by weight: of weights [n] gives [numSamples], of [rows, n] gives [rows, numSamples]; int32.
 * @param options `replacement`: an index may come again; default false
 * @throws ValueError if a weight is negative, infinite or nan, all are 0, or there are too few
 */
export function multinomial(
  weights: Tensor,
  numSamples: number,
  options?: { replacement?: boolean; generator?: Generator | null },
): Tensor {
  const op = 'multinomial'
  if (!(weights instanceof Tensor)) throw new TypeError(`${op}: weights must be a Tensor, got ${describe(weights)}`)
  checkOptions(op, options, ['replacement', 'generator'])
  floatingOnly(op, weights.dtype)
  checkInteger(op, 'numSamples', numSamples, 1)
  if (weights.shape.length !== 1 && weights.shape.length !== 2) {
    throw new ShapeError(`weights must have 1 or 2 dimensions, got ${formatShape(weights.shape)}`, {
      op,
      shapes: [weights.shape],
    })
  }
  const rows = weights.shape.length === 2 ? weights.shape[0] : 1
  const n = weights.shape[weights.shape.length - 1]
  const out = emptyTensor(weights.shape.length === 2 ? [rows, numSamples] : [numSamples], 'int32')
  const generator = generatorOf(op, options?.generator)
  launch(
    MULTINOMIAL,
    weights.dtype,
    [generator.state, weights.detach().contiguous(), out],
    [rows, n, numSamples, options?.replacement ? 1 : 0],
  )
  return out
}

function like(op: string, x: unknown): Tensor {
  if (!(x instanceof Tensor)) throw new TypeError(`${op}: expected a Tensor, got ${describe(x)}`)
  return x
}

/** Uniform numbers in [0, 1) of the shape and dtype of x. */
export function randLike(x: Tensor, options?: RandomOptions): Tensor {
  return rand(like('randLike', x).shape, sameDType('randLike', x, options))
}

/** Normal numbers of the shape and dtype of x. */
export function randnLike(x: Tensor, options?: RandomOptions): Tensor {
  return randn(like('randnLike', x).shape, sameDType('randnLike', x, options))
}
