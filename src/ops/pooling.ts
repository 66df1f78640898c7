// Pooling: the largest or the average of what a window sees.
import { defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { checkFlag, checkInteger, checkOptions, formatShape, ValueError } from '../core/errors.js'
import { numel, type Shape } from '../core/shape.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import { gather } from './gather.js'
import { dense } from './pointwise.js'
import { reshape } from './view.js'
import { batched, checkFits, type Extent, extents, type Geometry, reach, unbatched, windowSizes } from './window.js'

const MAX = kernel('maxPool')
const MAX_BACKWARD = kernel('maxPoolBackward')
const AVERAGE = kernel('avgPool')
const AVERAGE_BACKWARD = kernel('avgPoolBackward')

/** Planes of [N, C, *]. */
export const planes = (x: Tensor) => x.shape[0] * x.shape[1]

/**
 * Each element of grad at the place of its plane that `places` names, zeros elsewhere. Shapes: grad and places [N, C, *].
 * @param last of several elements in one place the last stays, and yet all get its gradient, as in PyTorch; else they are added
 */
export const toPlaces = defineOp('maxPoolBackward', {
  forward(ctx, grad: Tensor, places: Tensor, to: Shape, last: boolean) {
    const out = emptyTensor([...grad.shape.slice(0, 2), ...to], grad.dtype)
    const sizes = [planes(grad), numel(grad.shape.slice(2)), numel(to), last ? 1 : 0]
    launch(MAX_BACKWARD, grad.dtype, [dense(grad), dense(places), out], sizes)
    ctx.save(places)
    return out
  },
  backward(ctx, grad): Gradient[] {
    const [places] = ctx.saved
    const flat = places.shape.slice(0, 2)
    const from = reshape(grad, [...flat, numel(grad.shape.slice(2))])
    const at = reshape(places, [...flat, numel(places.shape.slice(2))])
    return [reshape(gather(from, 2, at), places.shape), null]
  },
  derivative: true,
})

const maxPoolOp = defineOp('maxPool', {
  forward(ctx, x: Tensor, g: Geometry, withPlaces: boolean): Tensor[] {
    const shape = [...x.shape.slice(0, 2), ...g.output]
    const out = emptyTensor(shape, x.dtype)
    const places = emptyTensor(shape, 'int32')
    launch(MAX, x.dtype, [dense(x), out, places], [planes(x), ...windowSizes(g)])
    ctx.save(places)
    ctx.extra = g.input
    if (withPlaces) return [out, places]
    ctx.owns(places)
    return [out]
  },
  backward: (ctx, grad): Gradient => toPlaces(grad, ctx.saved[0], ctx.extra, false),
  derivative: true,
})

interface Averaging extends Geometry {
  readonly countIncludePad: boolean
  /** 0 for the number of elements. */
  readonly divisor: number
}

const averaged = (g: Averaging) => [...windowSizes(g), Number(g.countIncludePad)]

const avgPoolOp = defineOp('avgPool', {
  forward(ctx, x: Tensor, g: Averaging) {
    const out = emptyTensor([...x.shape.slice(0, 2), ...g.output], x.dtype)
    launch(AVERAGE, x.dtype, [dense(x), out], [planes(x), ...averaged(g)], [g.divisor])
    ctx.extra = g
    return out
  },
  backward: (ctx, grad): Gradient => avgPoolBackwardOp(grad, ctx.extra),
  derivative: true,
})

const avgPoolBackwardOp = defineOp('avgPoolBackward', {
  forward(ctx, grad: Tensor, g: Averaging) {
    const out = emptyTensor([...grad.shape.slice(0, 2), ...g.input], grad.dtype)
    launch(AVERAGE_BACKWARD, grad.dtype, [dense(grad), out], [planes(grad), ...averaged(g)], [g.divisor])
    ctx.extra = g
    return out
  },
  backward: (ctx, grad): Gradient => avgPoolOp(grad, ctx.extra),
  derivative: true,
})

interface Sliding {
  /** Step of the window. Default: the kernel. */
  stride?: Extent | null
  /** Around the input, at most half the kernel. Default: 0. */
  padding?: Extent
  /** Let a last window reach past the end. Default: false. */
  ceilMode?: boolean
}

/** @throws ValueError where the padding is more than half the kernel; ShapeError where a window does not fit */
function slide(op: string, x: Tensor, kernelSize: Extent, options: Sliding, dilated: Extent, dims: number): Geometry {
  const kernel = extents(op, 'kernelSize', kernelSize, dims, 1)
  const stride = extents(op, 'stride', options.stride ?? kernel, dims, 1)
  const padding = extents(op, 'padding', options.padding ?? 0, dims, 0)
  const dilation = extents(op, 'dilation', dilated, dims, 1)
  const ceil = checkFlag(op, 'ceilMode', options.ceilMode ?? false)
  if (padding.some((p, d) => 2 * p > kernel[d])) {
    const message = `padding ${formatShape(padding)} must be at most half of kernel ${formatShape(kernel)}`
    throw new ValueError(message, { op })
  }
  const g = { input: x.shape.slice(2), kernel, stride, padding, dilation }
  const output = g.input.map((n, d) => {
    const room = n + 2 * padding[d] - reach(kernel[d], dilation[d])
    if (!ceil) return Math.floor(room / stride[d]) + 1
    // A window that would begin in the padding behind is none.
    const most = Math.ceil(room / stride[d])
    return most * stride[d] >= n + padding[d] ? most : most + 1
  })
  // Rounded up, the only window may reach past the end.
  if (!ceil || output.some(n => n < 1)) checkFits(op, g, padding, x.shape)
  return { ...g, output }
}

export interface MaxPoolOptions extends Sliding {
  /** Step between the elements that the window sees. Default: 1. */
  dilation?: Extent
  /** Give [result, index of each element within its plane]. Default: false. */
  returnIndices?: boolean
}

function maxPool<O extends MaxPoolOptions>(dims: number, x: Tensor, kernelSize: Extent, options?: O): Pooled<O> {
  const op = `maxPool${dims}d`
  checkOptions(op, options, ['stride', 'padding', 'dilation', 'ceilMode', 'returnIndices'])
  const both = checkFlag(op, 'returnIndices', options?.returnIndices ?? false)
  const [input, had] = batched(op, x, dims)
  const found = maxPoolOp(input, slide(op, input, kernelSize, options ?? {}, options?.dilation ?? 1, dims), both)
  return (both ? found.map(t => unbatched(t, had)) : unbatched(found[0], had)) as Pooled<O>
}

/** One tensor, or with `returnIndices: true` two. */
export type Pooled<O> = O extends { returnIndices: true } ? [Tensor, Tensor] : Tensor

/**
 * The largest element that each window sees. Shapes: x [N, C, L] or [C, L].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
 */
export function maxPool1d<O extends MaxPoolOptions>(x: Tensor, kernelSize: Extent, options?: O): Pooled<O> {
  return maxPool(1, x, kernelSize, options)
}
/**
 * The largest element that each window sees. Shapes: x [N, C, H, W] or [C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
 */
export function maxPool2d<O extends MaxPoolOptions>(x: Tensor, kernelSize: Extent, options?: O): Pooled<O> {
  return maxPool(2, x, kernelSize, options)
}
/**
 * The largest element that each window sees. Shapes: x [N, C, D, H, W] or [C, D, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html
 */
export function maxPool3d<O extends MaxPoolOptions>(x: Tensor, kernelSize: Extent, options?: O): Pooled<O> {
  return maxPool(3, x, kernelSize, options)
}

export interface AvgPoolOptions extends Sliding {
  /** Count the padding among the elements that the sum is divided by. Default: true. */
  countIncludePad?: boolean
}
export interface AvgPoolAreaOptions extends AvgPoolOptions {
  /** What the sum is divided by instead. Default: null. */
  divisorOverride?: number | null
}

function avgPool(dims: number, x: Tensor, kernelSize: Extent, options: AvgPoolAreaOptions | undefined): Tensor {
  const op = `avgPool${dims}d`
  const own = dims > 1 ? ['divisorOverride'] : []
  checkOptions(op, options, ['stride', 'padding', 'ceilMode', 'countIncludePad', ...own])
  const countIncludePad = checkFlag(op, 'countIncludePad', options?.countIncludePad ?? true)
  const divisor = checkInteger(op, 'divisorOverride', options?.divisorOverride ?? 0, -Infinity)
  if (divisor === 0 && (options?.divisorOverride ?? null) !== null)
    throw new ValueError('divisorOverride must not be 0', { op })
  const [input, had] = batched(op, x, dims)
  const g = slide(op, input, kernelSize, options ?? {}, 1, dims)
  return unbatched(avgPoolOp(input, { ...g, countIncludePad, divisor }), had)
}

/**
 * The average of what each window sees. Shapes: x [N, C, L] or [C, L].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html
 */
export function avgPool1d(x: Tensor, kernelSize: Extent, options?: AvgPoolOptions): Tensor {
  return avgPool(1, x, kernelSize, options)
}
/**
 * The average of what each window sees. Shapes: x [N, C, H, W] or [C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html
 */
export function avgPool2d(x: Tensor, kernelSize: Extent, options?: AvgPoolAreaOptions): Tensor {
  return avgPool(2, x, kernelSize, options)
}
/**
 * The average of what each window sees. Shapes: x [N, C, D, H, W] or [C, D, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool3d.html
 */
export function avgPool3d(x: Tensor, kernelSize: Extent, options?: AvgPoolAreaOptions): Tensor {
  return avgPool(3, x, kernelSize, options)
}
