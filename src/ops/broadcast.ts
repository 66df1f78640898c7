// Stretching a tensor and summing one: each is the other's backward.
import { copyOf } from '../autograd/accumulate.js'
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import { kernel, launch } from '../core/dispatch.js'
import { checkInteger, describe, formatShape, ShapeError } from '../core/errors.js'
import { broadcastStrides, type Shape, sameShape } from '../core/shape.js'
import { emptyTensor, Tensor, viewOf } from '../tensor/tensor.js'

const SUM = kernel('sum')

const expandOp = defineOp('expand', {
  forward(ctx, x: Tensor, shape: Shape) {
    ctx.extra = x.shape
    return viewOf(x, shape, broadcastStrides(x.shape, x.strides, shape), 0)
  },
  backward: (ctx, grad) => sumTo(grad, ctx.extra),
  derivative: true,
})

/** Sum over dims [from, to), which are dropped. */
const sumRun = defineOp('sum', {
  forward(ctx, x: Tensor, from: number, to: number) {
    const { shape } = x
    let outer = 1
    let count = 1
    let inner = 1
    for (let d = 0; d < shape.length; d++) {
      if (d < from) outer *= shape[d]
      else if (d < to) count *= shape[d]
      else inner *= shape[d]
    }
    const source = x.isContiguous() ? x : copyOf(x)
    const out = emptyTensor([...shape.slice(0, from), ...shape.slice(to)], x.dtype)
    launch(SUM, x.dtype, [source, out], [outer, count, inner])
    ctx.extra = { shape, from, to }
    return out
  },
  backward(ctx, grad) {
    const { shape, from, to } = ctx.extra as { shape: Shape; from: number; to: number }
    const kept = [...shape.slice(0, from), ...new Array<number>(to - from).fill(1), ...shape.slice(to)]
    return expand(withShape(grad, kept), shape)
  },
  derivative: true,
})

/** The same elements under a shape that differs only by dimensions of size 1. */
const withShapeOp = defineOp('view', {
  forward(ctx, x: Tensor, shape: Shape) {
    ctx.extra = x.shape
    const strides: number[] = []
    let from = 0
    for (const size of shape) {
      if (size === 1) {
        strides.push(1)
        continue
      }
      while (x.shape[from] === 1) from++
      strides.push(x.strides[from++])
    }
    return viewOf(x, shape, strides, 0)
  },
  backward: (ctx, grad) => withShape(grad, ctx.extra),
  derivative: true,
})

export function withShape(x: Tensor, shape: Shape): Tensor {
  return sameShape(x.shape, shape) ? x : withShapeOp(x, shape)
}

/**
 * A view stretched to `shape`: dimensions of size 1 repeat, new ones are added in front, -1 keeps a size. No memory is copied.
 * @throws ShapeError if a dimension that is not 1 would change
 */
export function expand(x: Tensor, shape: readonly number[]): Tensor {
  checkTensor('expand', x)
  if (!Array.isArray(shape)) throw new TypeError(`expand: a shape must be an array of numbers, got ${describe(shape)}`)
  for (let d = 0; d < shape.length; d++) checkInteger('expand', `dimension ${d} of the shape`, shape[d], -1)
  const added = shape.length - x.shape.length
  const full = shape.map((size, d) => (size === -1 && d >= added ? x.shape[d - added] : size))
  const fits =
    added >= 0 &&
    full.every((size, d) => size >= 0 && (d < added || x.shape[d - added] === 1 || x.shape[d - added] === size))
  if (!fits) {
    throw new ShapeError(`${formatShape(x.shape)} cannot be expanded to ${formatShape(shape)}`, {
      op: 'expand',
      shapes: [x.shape, shape],
    })
  }
  return sameShape(x.shape, full) ? x : expandOp(x, full)
}

/** As `expand`, PyTorch's other name for it. */
export const broadcastTo = expand

/** Sum over the given dims (sorted, in range), kept as 1 or dropped. */
export function sumDims(x: Tensor, dims: readonly number[], keepdim: boolean): Tensor {
  let out = x
  let last = dims.length - 1
  while (last >= 0) {
    let first = last
    while (first > 0 && dims[first - 1] === dims[first] - 1) first--
    out = sumRun(out, dims[first], dims[last] + 1)
    last = first - 1
  }
  if (!keepdim) return out
  const shape = x.shape.slice()
  for (const d of dims) shape[d] = 1
  return withShape(out, shape)
}

/** The gradient of a broadcast: sums over what was stretched. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x
  const added = x.shape.length - shape.length
  const dims: number[] = []
  for (let d = 0; d < x.shape.length; d++) if (d < added || (shape[d - added] === 1 && x.shape[d] !== 1)) dims.push(d)
  return withShape(sumDims(x, dims, false), shape)
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** A view stretched to `shape`; see `expand`. */
    expand(shape: readonly number[]): Tensor
    /** A view stretched to `shape`, as PyTorch's broadcast_to. */
    broadcastTo(shape: readonly number[]): Tensor
  }
}

Tensor.prototype.expand = function (shape) {
  return expand(this, shape)
}
Tensor.prototype.broadcastTo = function (shape) {
  return expand(this, shape)
}
