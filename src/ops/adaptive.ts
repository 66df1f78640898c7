// Pooling into a given number of parts of about the same size, and what undoes a max pooling.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import {
  checkArray,
  checkFlag,
  checkInteger,
  checkNumber,
  checkOptions,
  formatShape,
  ShapeError,
  sayAs,
  ValueError,
} from '../core/errors.js'
import { type Shape, sameShape } from '../core/shape.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import { relu } from './activation.js'
import { mul } from './arithmetic.js'
import { dense } from './pointwise.js'
import { avgPool1d, avgPool2d, avgPool3d, type Pooled, planes, toPlaces } from './pooling.js'
import { pow } from './power.js'
import { mean } from './reduce.js'
import { checkTable, resample, type Sums } from './resample.js'
import { abs, sign } from './unary.js'
import { batched, type Extent, extents, unbatched } from './window.js'

const MAX = kernel('adaptiveMaxPool')

/** Parts of a dimension: a number for all, one for each, null for as many as there are elements. */
export type OutputSize = number | null | readonly (number | null)[]

/** The size of each of `dims` dimensions. @throws TypeError, ValueError unless these are whole numbers or null */
export function outputSizes(op: string, outputSize: OutputSize, dims: number): (number | null)[] {
  const list = Array.isArray(outputSize) ? outputSize : new Array<number | null>(dims).fill(outputSize as number | null)
  if (list.length !== dims) throw new ValueError(`outputSize must be one number or ${dims}, got ${list.length}`, { op })
  return list.map(n => (n === null ? null : checkInteger(op, 'outputSize', n, 0)))
}

function outputOf(op: string, outputSize: OutputSize, input: Shape): number[] {
  const output = outputSizes(op, outputSize, input.length).map((n, d) => n ?? input[d])
  if (input.some(n => n === 0)) {
    throw new ShapeError(`input has no elements to pool, its planes are ${formatShape(input)}`, { op, shapes: [input] })
  }
  return output
}

/** Averages over [⌊i·n/m⌋, ⌈(i+1)·n/m⌉). */
export function parts(n: number, m: number): Sums {
  return Array.from({ length: m }, (_, i) => {
    const start = Math.floor((i * n) / m)
    const count = Math.ceil(((i + 1) * n) / m) - start
    return Array.from({ length: count }, (__, k) => ({ at: start + k, weight: 1 / count }))
  })
}

function adaptiveAverage(dims: number, x: Tensor, outputSize: OutputSize): Tensor {
  const op = `adaptiveAvgPool${dims}d`
  const [input, had] = batched(op, x, dims)
  const from = input.shape.slice(2)
  const to = outputOf(op, outputSize, from)
  // One part is the mean of a plane, which need not look for windows.
  if (to.every(n => n === 1)) return unbatched(mean(input, [2, 3, 4].slice(0, dims), { keepdim: true }), had)
  if (from.every((n, d) => to[d] > 0 && n % to[d] === 0)) {
    // Parts of the same size: one window.
    const kernelSize = from.map((n, d) => n / to[d])
    return [avgPool1d, avgPool2d, avgPool3d][dims - 1](x, kernelSize)
  }
  checkTable(op, from, to)
  const tables = from.map((n, d) => (n === to[d] ? null : parts(n, to[d])))
  return unbatched(resample(input, tables), had)
}

/**
 * Averages of `outputSize` parts. Shapes: x [N, C, L] or [C, L].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html
 */
export function adaptiveAvgPool1d(x: Tensor, outputSize: OutputSize): Tensor {
  return adaptiveAverage(1, x, outputSize)
}
/**
 * Averages of `outputSize` parts along each dimension. Shapes: x [N, C, H, W] or [C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
 */
export function adaptiveAvgPool2d(x: Tensor, outputSize: OutputSize): Tensor {
  return adaptiveAverage(2, x, outputSize)
}
/**
 * Averages of `outputSize` parts along each dimension. Shapes: x [N, C, D, H, W] or [C, D, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool3d.html
 */
export function adaptiveAvgPool3d(x: Tensor, outputSize: OutputSize): Tensor {
  return adaptiveAverage(3, x, outputSize)
}

const adaptiveMaxOp = defineOp('adaptiveMaxPool', {
  forward(ctx, x: Tensor, to: Shape, withPlaces: boolean): Tensor[] {
    const from = x.shape.slice(2)
    const shape = [...x.shape.slice(0, 2), ...to]
    const out = emptyTensor(shape, x.dtype)
    const places = emptyTensor(shape, 'int32')
    const absent = new Array<number>(3 - from.length).fill(1)
    launch(MAX, x.dtype, [dense(x), out, places], [planes(x), ...absent, ...from, ...absent, ...to])
    ctx.save(places)
    ctx.extra = from
    if (withPlaces) return [out, places]
    ctx.owns(places)
    return [out]
  },
  backward: (ctx, grad): Gradient => toPlaces(grad, ctx.saved[0], ctx.extra, false),
  derivative: true,
})

export interface AdaptiveMaxPoolOptions {
  /** Give [result, index of each element within its plane]. Default: false. */
  returnIndices?: boolean
}

function adaptiveMax<O extends AdaptiveMaxPoolOptions>(dims: number, x: Tensor, outputSize: OutputSize, options?: O) {
  const op = `adaptiveMaxPool${dims}d`
  checkOptions(op, options, ['returnIndices'])
  const both = checkFlag(op, 'returnIndices', options?.returnIndices ?? false)
  const [input, had] = batched(op, x, dims)
  const found = adaptiveMaxOp(input, outputOf(op, outputSize, input.shape.slice(2)), both)
  return (both ? found.map(t => unbatched(t, had)) : unbatched(found[0], had)) as Pooled<O>
}

/**
 * The largest elements of `outputSize` parts. Shapes: x [N, C, L] or [C, L].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool1d.html
 */
export function adaptiveMaxPool1d<O extends AdaptiveMaxPoolOptions>(
  x: Tensor,
  outputSize: OutputSize,
  options?: O,
): Pooled<O> {
  return adaptiveMax(1, x, outputSize, options)
}
/**
 * The largest elements of `outputSize` parts along each dimension. Shapes: x [N, C, H, W] or [C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool2d.html
 */
export function adaptiveMaxPool2d<O extends AdaptiveMaxPoolOptions>(
  x: Tensor,
  outputSize: OutputSize,
  options?: O,
): Pooled<O> {
  return adaptiveMax(2, x, outputSize, options)
}
/**
 * The largest elements of `outputSize` parts along each dimension. Shapes: x [N, C, D, H, W] or [C, D, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveMaxPool3d.html
 */
export function adaptiveMaxPool3d<O extends AdaptiveMaxPoolOptions>(
  x: Tensor,
  outputSize: OutputSize,
  options?: O,
): Pooled<O> {
  return adaptiveMax(3, x, outputSize, options)
}

export interface MaxUnpoolOptions {
  /** Step of the pooling. Default: the kernel. */
  stride?: Extent | null
  /** Of the pooling. Default: 0. */
  padding?: Extent
  /** Size of what was pooled, where several would have given this input. */
  outputSize?: readonly number[]
}

function unpool(
  dims: number,
  x: Tensor,
  indices: Tensor,
  kernelSize: Extent,
  options: MaxUnpoolOptions | undefined,
): Tensor {
  const op = `maxUnpool${dims}d`
  checkOptions(op, options, ['stride', 'padding', 'outputSize'])
  checkTensor(op, indices, 'indices')
  const [input, had] = batched(op, x, dims)
  if (!sameShape(x.shape, indices.shape)) {
    const message = `indices ${formatShape(indices.shape)} must have the shape of the input, ${formatShape(x.shape)}`
    throw new ShapeError(message, { op, shapes: [x.shape, indices.shape] })
  }
  if (indices.dtype !== 'int32') throw new TypeError(`${op}: indices must be int32, got ${indices.dtype}`)
  const kernel = extents(op, 'kernelSize', kernelSize, dims, 1)
  const stride = extents(op, 'stride', options?.stride ?? kernel, dims, 1)
  const padding = extents(op, 'padding', options?.padding ?? 0, dims, 0)
  const least = input.shape.slice(2).map((n, d) => (n - 1) * stride[d] - 2 * padding[d] + kernel[d])
  const to =
    options?.outputSize === undefined
      ? least
      : extents(op, 'outputSize', checkArray(op, 'outputSize', options.outputSize).slice(-dims), dims, 1)
  if (to.some((n, d) => Math.abs(n - least[d]) >= stride[d])) {
    const message = `outputSize ${formatShape(to)} is not within a stride ${formatShape(stride)} of ${formatShape(least)}`
    throw new ShapeError(message, { op, shapes: [x.shape] })
  }
  const [at] = batchedIndices(indices, had)
  const out = sayAs(op, 'maxPoolBackward', () => toPlaces(input, at, to, true))
  return unbatched(out, had)
}
const batchedIndices = (indices: Tensor, had: boolean): [Tensor] => [had ? indices : indices.unsqueeze(0)]

/**
 * The elements of a max pooling put back in their places, zeros elsewhere; of several in one place the last stays.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool1d.html
 */
export function maxUnpool1d(x: Tensor, indices: Tensor, kernelSize: Extent, options?: MaxUnpoolOptions): Tensor {
  return unpool(1, x, indices, kernelSize, options)
}
/**
 * The elements of a max pooling put back in their places, zeros elsewhere; of several in one place the last stays.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool2d.html
 */
export function maxUnpool2d(x: Tensor, indices: Tensor, kernelSize: Extent, options?: MaxUnpoolOptions): Tensor {
  return unpool(2, x, indices, kernelSize, options)
}
/**
 * The elements of a max pooling put back in their places, zeros elsewhere; of several in one place the last stays.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxUnpool3d.html
 */
export function maxUnpool3d(x: Tensor, indices: Tensor, kernelSize: Extent, options?: MaxUnpoolOptions): Tensor {
  return unpool(3, x, indices, kernelSize, options)
}

export interface LPPoolOptions {
  /** Step of the window. Default: the kernel. */
  stride?: Extent | null
  /** Let a last window reach past the end. Default: false. */
  ceilMode?: boolean
}

function power(
  dims: number,
  x: Tensor,
  normType: number,
  kernelSize: Extent,
  options: LPPoolOptions | undefined,
): Tensor {
  const op = `lpPool${dims}d`
  checkOptions(op, options, ['stride', 'ceilMode'])
  checkNumber(op, 'normType', normType)
  const kernel = extents(op, 'kernelSize', kernelSize, dims, 1)
  const pool = [avgPool1d, avgPool2d, avgPool3d][dims - 1]
  const average = pool(pow(x, normType), kernel, options)
  const sum = mul(sign(average), relu(abs(average)))
  const n = kernel.reduce((a, b) => a * b, 1)
  return pow(mul(sum, n), 1 / normType)
}

/**
 * (Σ xᵖ)^(1/p) over each window. Shapes: x [N, C, L] or [C, L].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LPPool1d.html
 */
export function lpPool1d(x: Tensor, normType: number, kernelSize: Extent, options?: LPPoolOptions): Tensor {
  return power(1, x, normType, kernelSize, options)
}
/**
 * (Σ xᵖ)^(1/p) over each window. Shapes: x [N, C, H, W] or [C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LPPool2d.html
 */
export function lpPool2d(x: Tensor, normType: number, kernelSize: Extent, options?: LPPoolOptions): Tensor {
  return power(2, x, normType, kernelSize, options)
}
