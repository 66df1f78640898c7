// Views of a part of a tensor: one index, a range, a diagonal, and the parts a tensor splits into.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import { copyElements } from '../autograd/inplace.js'
import type { Gradient } from '../autograd/node.js'
import {
  checkInteger,
  checkOptions,
  describe,
  formatShape,
  IndexError,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import { numel, resolveDim, resolveIndex, type Shape, sameShape } from '../core/shape.js'
import { filled } from '../tensor/create.js'
import { emptyTensor, Tensor, viewOf } from '../tensor/tensor.js'

/** Shape, strides and offset of a part, from shape and strides of the whole. */
type Part = (shape: Shape, strides: readonly number[]) => [shape: number[], strides: number[], offset: number]

function partOf(x: Tensor, part: Part): Tensor {
  const [shape, strides, offset] = part(x.shape, x.strides)
  return viewOf(x, shape, strides, numel(shape) === 0 ? 0 : offset)
}

/** An operation that shows a part of its argument; backward puts the gradient of the part into zeros. */
function partOp(name: string): (x: Tensor, part: Part) => Tensor {
  return defineOp(name, {
    forward(ctx, x: Tensor, part: Part) {
      ctx.extra = [x.shape, part]
      return partOf(x, part)
    },
    backward: (ctx, grad) => embedOp(grad, ctx.extra[0], ctx.extra[1]),
    derivative: true,
  })
}

const selectOp = partOp('select')
const sliceOp = partOp('slice')
const diagonalOp = partOp('diagonal')

/** Zeros of `shape` with x as the given part. */
const embedOp = defineOp('embed', {
  forward(ctx, x: Tensor, shape: Shape, part: Part) {
    ctx.extra = part
    const out = filled(shape, x.dtype, 0)
    copyElements(x, partOf(out, part))
    return out
  },
  backward: (ctx, grad): Gradient => sliceOp(grad, ctx.extra),
  derivative: true,
})

/** Zeros of `shape` with x in the corner where all indices start. */
export function corner(x: Tensor, shape: Shape): Tensor {
  const part = x.shape.slice()
  return sameShape(part, shape) ? x : embedOp(x, shape, (_, strides) => [part, strides.slice(), 0])
}

function without(list: readonly number[], dim: number): number[] {
  return [...list.slice(0, dim), ...list.slice(dim + 1)]
}

function resolvedDim(op: string, x: Tensor, dim: number): number {
  if (x.shape.length === 0)
    throw new IndexError('a scalar has no dimension to take a part of', { op, shapes: [x.shape] })
  return resolveDim(op, dim, x.shape.length)
}

/** The view at `index` of dimension `dim`, which is dropped. A negative index counts from the end. */
export function select(x: Tensor, dim: number, index: number): Tensor {
  checkTensor('select', x)
  const d = resolvedDim('select', x, dim)
  const at = resolveIndex('select', index, x.shape[d])
  return selectOp(x, (shape, strides) => [without(shape, d), without(strides, d), at * strides[d]])
}

function range(x: Tensor, d: number, start: number, length: number, step: number): Tensor {
  return sliceOp(x, (shape, strides) => {
    const to = shape.slice()
    const steps = strides.slice()
    to[d] = length
    steps[d] *= step
    return [to, steps, start * strides[d]]
  })
}

/** The view of `length` elements of dimension `dim` from `start` on. @throws IndexError if they do not all exist */
export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  const op = 'narrow'
  checkTensor(op, x)
  const d = resolvedDim(op, x, dim)
  const size = x.shape[d]
  checkInteger(op, 'length', length)
  checkInteger(op, 'start', start, -Infinity)
  const from = start < 0 ? start + size : start
  if (from < 0 || from > size || from + length > size) {
    throw new IndexError(`start ${start} and length ${length} go past dimension ${d} of size ${size}`, {
      op,
      shapes: [x.shape],
    })
  }
  return range(x, d, from, length, 1)
}

export interface SliceOptions {
  /** First index; negative counts from the end. Default: 0. */
  start?: number | null
  /** Index after the last. Default: the size. */
  end?: number | null
  /** Default: 1. */
  step?: number
}

/**
 * The view of every step-th element of dimension `dim` from start to before end, as Python's `x[start:end:step]`: out-of-range
 * bounds are cut. `slice(x, 0, 2, 5)` is short for `slice(x, 0, { start: 2, end: 5 })`.
 * @throws ValueError if step < 1
 */
export function slice(
  x: Tensor,
  dim: number,
  start?: number | null | SliceOptions,
  end?: number | null,
  step?: number,
): Tensor {
  const op = 'slice'
  checkTensor(op, x)
  const given: SliceOptions = typeof start === 'object' && start !== null ? start : { start, end, step }
  checkOptions(op, given, ['start', 'end', 'step'])
  const d = resolvedDim(op, x, dim)
  const size = x.shape[d]
  const by = checkInteger(op, 'step', given.step ?? 1, 1)
  const bound = (what: string, value: number): number => {
    if (typeof value !== 'number') throw new TypeError(`${op}: ${what} must be a number, got ${describe(value)}`)
    if (Number.isNaN(value) || (Number.isFinite(value) && !Number.isInteger(value)))
      throw new IndexError(`${what} must be a whole number, got ${value}`, { op })
    return Math.min(Math.max(value < 0 ? value + size : value, 0), size)
  }
  const from = bound('start', given.start ?? 0)
  const to = bound('end', given.end ?? size)
  return range(x, d, from, Math.max(0, Math.ceil((to - from) / by)), by)
}

export interface DiagonalOptions {
  /** Which diagonal: 0 the main one, above it positive. Default: 0. */
  offset?: number
  /** Rows. Default: 0. */
  dim1?: number
  /** Columns. Default: 1. */
  dim2?: number
}

/** The view of a diagonal of dimensions dim1 and dim2; it is the last dimension of the result. */
export function diagonal(x: Tensor, options: number | DiagonalOptions = {}): Tensor {
  const op = 'diagonal'
  checkTensor(op, x)
  const given: DiagonalOptions = typeof options === 'number' ? { offset: options } : options
  checkOptions(op, given, ['offset', 'dim1', 'dim2'])
  const n = x.shape.length
  if (n < 2)
    throw new ShapeError(`expected at least 2 dimensions, got ${formatShape(x.shape)}`, { op, shapes: [x.shape] })
  const row = resolveDim(op, given.dim1 ?? 0, n)
  const column = resolveDim(op, given.dim2 ?? 1, n)
  if (row === column) throw new ValueError(`dim1 and dim2 are both ${row}`, { op })
  const offset = checkInteger(op, 'offset', given.offset ?? 0, -Infinity)
  return diagonalOp(x, (shape, strides) => {
    const length =
      offset >= 0 ? Math.min(shape[row], shape[column] - offset) : Math.min(shape[row] + offset, shape[column])
    const keep = shape.map((_, d) => d).filter(d => d !== row && d !== column)
    return [
      [...keep.map(d => shape[d]), Math.max(length, 0)],
      [...keep.map(d => strides[d]), strides[row] + strides[column]],
      offset >= 0 ? offset * strides[column] : -offset * strides[row],
    ]
  })
}

/** Parts of the given lengths along dimension d, as views; backward lays their gradients side by side. */
const splitOp = defineOp('split', {
  forward(ctx, x: Tensor, d: number, sizes: readonly number[]) {
    ctx.extra = [x.shape, d]
    let start = 0
    return sizes.map(size => {
      const shape = x.shape.slice()
      shape[d] = size
      const part = viewOf(x, shape, x.strides, size === 0 ? 0 : start * x.strides[d])
      start += size
      return part
    })
  },
  backward: (ctx, ...grads): Gradient => joinOp(ctx.extra[1], ctx.extra[0], ...grads),
  derivative: true,
})

/** Tensors of one dtype side by side along dimension d: a tensor of `shape`. */
export const joinOp = defineOp('cat', {
  forward(ctx, d: number, shape: Shape, ...parts: Tensor[]) {
    ctx.extra = [d, parts.map(p => p.shape[d])]
    const out = emptyTensor(shape, parts[0].dtype)
    let start = 0
    for (const part of parts) {
      if (part.count > 0) copyElements(part, viewOf(out, part.shape, out.strides, start * out.strides[d]))
      start += part.shape[d]
    }
    return out
  },
  backward: (ctx, grad): Gradient[] => splitOp(grad, ctx.extra[0], ctx.extra[1]),
  derivative: true,
})

/** Views at each index of dimension d, which is dropped. */
const unbindOp = defineOp('unbind', {
  forward(ctx, x: Tensor, d: number) {
    ctx.extra = [d, x.shape]
    const shape = without(x.shape, d)
    const strides = without(x.strides, d)
    return Array.from({ length: x.shape[d] }, (_, i) => viewOf(x, shape, strides, i * x.strides[d]))
  },
  backward: (ctx, ...grads): Gradient => stackOp(ctx.extra[0], ...grads),
  derivative: true,
})

/** Tensors of one shape and dtype along a new dimension d. */
export const stackOp = defineOp('stack', {
  forward(ctx, d: number, ...parts: Tensor[]) {
    ctx.extra = d
    const { shape, dtype } = parts[0]
    const out = emptyTensor([...shape.slice(0, d), parts.length, ...shape.slice(d)], dtype)
    const strides = without(out.strides, d)
    parts.forEach((part, i) => {
      copyElements(part, viewOf(out, shape, strides, i * out.strides[d]))
    })
    return out
  },
  backward: (ctx, grad): Gradient[] => unbindOp(grad, ctx.extra),
  derivative: true,
})

/**
 * Views of parts along `dim`: each of length `size`, the last one what is left; or of the given lengths.
 * @throws ShapeError if given lengths do not add up to the size
 */
export function split(x: Tensor, size: number | readonly number[], dim = 0): Tensor[] {
  const op = 'split'
  checkTensor(op, x)
  const d = resolvedDim(op, x, dim)
  const whole = x.shape[d]
  if (typeof size !== 'number') {
    if (!Array.isArray(size)) throw new TypeError(`${op}: size must be a number or an array, got ${describe(size)}`)
    const sum = size.reduce<number>((n, s) => n + checkInteger(op, 'a size', s), 0)
    if (sum !== whole) {
      throw new ShapeError(`sizes ${formatShape(size)} add up to ${sum}, dimension ${d} has ${whole}`, {
        op,
        shapes: [x.shape],
      })
    }
    return splitOp(x, d, size)
  }
  checkInteger(op, 'size', size, whole === 0 ? 0 : 1)
  const parts = whole === 0 ? 1 : Math.ceil(whole / size)
  return splitOp(
    x,
    d,
    Array.from({ length: parts }, (_, i) => Math.min(size, whole - i * size)),
  )
}

/** Views of `chunks` parts along `dim`, of equal length but the last; there may be fewer. */
export function chunk(x: Tensor, chunks: number, dim = 0): Tensor[] {
  checkTensor('chunk', x)
  const d = resolvedDim('chunk', x, dim)
  checkInteger('chunk', 'chunks', chunks, 1)
  const size = Math.ceil(x.shape[d] / chunks)
  return size === 0 ? splitOp(x, d, new Array<number>(chunks).fill(0)) : split(x, size, d)
}

/** Views at each index of `dim`, which is dropped. */
export function unbind(x: Tensor, dim = 0): Tensor[] {
  checkTensor('unbind', x)
  return unbindOp(x, resolvedDim('unbind', x, dim)) as Tensor[]
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** The view at `index` of dimension `dim`, which is dropped. */
    select(dim: number, index: number): Tensor
    /** The view of `length` elements of dimension `dim` from `start` on. */
    narrow(dim: number, start: number, length: number): Tensor
    /** The view of a range of dimension `dim`; see `slice`. */
    slice(dim: number, start?: number | null | SliceOptions, end?: number | null, step?: number): Tensor
    /** The view of a diagonal; see `diagonal`. */
    diagonal(options?: number | DiagonalOptions): Tensor
    split(size: number | readonly number[], dim?: number): Tensor[]
    chunk(chunks: number, dim?: number): Tensor[]
    unbind(dim?: number): Tensor[]
  }
}

Tensor.prototype.select = function (dim, index) {
  return select(this, dim, index)
}
Tensor.prototype.narrow = function (dim, start, length) {
  return narrow(this, dim, start, length)
}
Tensor.prototype.slice = function (dim, start, end, step) {
  return slice(this, dim, start, end, step)
}
Tensor.prototype.diagonal = function (options) {
  return diagonal(this, options)
}
Tensor.prototype.split = function (size, dim) {
  return split(this, size, dim)
}
Tensor.prototype.chunk = function (chunks, dim) {
  return chunk(this, chunks, dim)
}
Tensor.prototype.unbind = function (dim) {
  return unbind(this, dim)
}
