// Views that keep every element: the same memory under another shape or order of dimensions.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { checkOptions, describe, formatShape, IndexError, ShapeError, ValueError } from '../core/errors.js'
import { inferShape, resolveDim, resolveDims, type Shape, sameShape, viewStrides } from '../core/shape.js'
import { Tensor, viewOf } from '../tensor/tensor.js'
import { expand, withShape } from './broadcast.js'
import { contiguous } from './cast.js'

const viewOp = defineOp('view', {
  forward(ctx, x: Tensor, shape: Shape, strides: readonly number[]) {
    ctx.extra = x.shape
    return viewOf(x, shape, strides, 0)
  },
  backward: (ctx, grad): Gradient => reshape(grad, ctx.extra),
  derivative: true,
})

const permuteOp = defineOp('permute', {
  forward(ctx, x: Tensor, dims: readonly number[]) {
    ctx.extra = dims
    const { shape, strides } = x
    return viewOf(
      x,
      dims.map(d => shape[d]),
      dims.map(d => strides[d]),
      0,
    )
  },
  backward(ctx, grad): Gradient {
    const inverse: number[] = []
    for (let d = 0; d < grad.shape.length; d++) inverse[ctx.extra[d]] = d
    return permuteOp(grad, inverse)
  },
  derivative: true,
})

const transposeOp = defineOp('transpose', {
  forward(ctx, x: Tensor, a: number, b: number) {
    ctx.extra = [a, b]
    const shape = x.shape.slice()
    const strides = x.strides.slice()
    shape[a] = x.shape[b]
    shape[b] = x.shape[a]
    const step = strides[a]
    strides[a] = strides[b]
    strides[b] = step
    return viewOf(x, shape, strides, 0)
  },
  backward: (ctx, grad): Gradient => transposeOp(grad, ctx.extra[0], ctx.extra[1]),
  derivative: true,
})

/**
 * The same elements in row-major order under another shape, of which one size may be -1. A view where the memory allows, else a copy.
 * @throws ShapeError if the number of elements differs
 */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  checkTensor('reshape', x)
  const to = inferShape('reshape', shape, x.count, x.shape)
  if (sameShape(to, x.shape)) return viewOp(x, to, x.strides)
  const strides = viewStrides(x.shape, x.strides, to)
  if (strides !== null) return viewOp(x, to, strides)
  const copy = contiguous(x)
  return viewOp(copy, to, viewStrides(copy.shape, copy.strides, to)!)
}

/**
 * The same memory under another shape, of which one size may be -1.
 * @throws ShapeError if the number of elements differs, or if the strides of `x` allow no such view: `reshape` copies then
 */
export function view(x: Tensor, shape: readonly number[]): Tensor {
  checkTensor('view', x)
  const to = inferShape('view', shape, x.count, x.shape)
  const strides = viewStrides(x.shape, x.strides, to)
  if (strides === null) {
    const message = `${formatShape(x.shape)} with strides ${formatShape(x.strides)} cannot be seen as ${formatShape(to)} without a copy; use reshape`
    throw new ShapeError(message, { op: 'view', shapes: [x.shape, to] })
  }
  return viewOp(x, to, strides)
}

/** A view with dimensions `a` and `b` exchanged. */
export function transpose(x: Tensor, a: number, b: number): Tensor {
  checkTensor('transpose', x)
  const from = resolveDim('transpose', a, x.shape.length)
  const to = resolveDim('transpose', b, x.shape.length)
  return x.shape.length === 0 ? viewOp(x, x.shape, []) : transposeOp(x, from, to)
}

/** The transpose of a matrix, as a view; a tensor of less than two dimensions is its own. @throws ShapeError above two dimensions */
export function t(x: Tensor): Tensor {
  checkTensor('t', x)
  const n = x.shape.length
  if (n > 2) {
    throw new ShapeError(`expected at most 2 dimensions, got ${formatShape(x.shape)}; use transpose(x, -2, -1)`, {
      op: 't',
      shapes: [x.shape],
    })
  }
  return n === 2 ? transposeOp(x, 0, 1) : viewOp(x, x.shape, x.strides)
}

/** A view whose dimension d is dimension dims[d] of `x`. @throws ValueError unless dims name every dimension once */
export function permute(x: Tensor, dims: readonly number[]): Tensor {
  const op = 'permute'
  checkTensor(op, x)
  if (!Array.isArray(dims)) throw new TypeError(`${op}: dims must be an array of numbers, got ${describe(dims)}`)
  if (dims.length !== x.shape.length) {
    const message = `${formatShape(dims)} names ${dims.length} dimensions, the tensor ${formatShape(x.shape)} has ${x.shape.length}`
    throw new ShapeError(message, { op, shapes: [x.shape] })
  }
  const order = dims.map(d => resolveDim(op, d, x.shape.length))
  if (new Set(order).size !== order.length)
    throw new ValueError(`a dimension appears twice in ${formatShape(dims)}`, { op })
  return permuteOp(x, order)
}

/** A view with the dimensions `source` moved to the places `destination`; the others keep their order. */
export function movedim(
  x: Tensor,
  source: number | readonly number[],
  destination: number | readonly number[],
): Tensor {
  const op = 'movedim'
  checkTensor(op, x)
  const n = x.shape.length
  const listed = (what: string, dims: number | readonly number[]): number[] => {
    const list = typeof dims === 'number' ? [dims] : dims
    if (!Array.isArray(list)) throw new TypeError(`${op}: ${what} must be a number or an array, got ${describe(dims)}`)
    return list.map(d => resolveDim(op, d, n))
  }
  const from = listed('source', source)
  const to = listed('destination', destination)
  if (from.length !== to.length || new Set(from).size !== from.length || new Set(to).size !== to.length) {
    throw new ValueError(`cannot move ${formatShape(from)} to ${formatShape(to)}: each dimension once on both sides`, {
      op,
    })
  }
  const order = new Array<number>(n).fill(-1)
  from.forEach((d, i) => {
    order[to[i]] = d
  })
  const rest = x.shape.map((_, d) => d).filter(d => !from.includes(d))
  return permuteOp(
    x,
    order.map(d => (d < 0 ? rest.shift()! : d)),
  )
}

export interface FlattenOptions {
  /** First dimension of those joined. Default: 0. */
  startDim?: number
  /** Last one. Default: -1. */
  endDim?: number
}

/** Dimensions startDim to endDim as one. `flatten(x, 1)` is short for `flatten(x, { startDim: 1 })`. */
export function flatten(x: Tensor, startDim: number | FlattenOptions = 0, endDim?: number): Tensor {
  const op = 'flatten'
  checkTensor(op, x)
  const given: FlattenOptions = typeof startDim === 'number' ? { startDim, endDim } : startDim
  checkOptions(op, given, ['startDim', 'endDim'])
  const { shape } = x
  const first = resolveDim(op, given.startDim ?? 0, shape.length)
  const last = resolveDim(op, given.endDim ?? -1, shape.length)
  if (first > last) throw new ValueError(`startDim ${first} comes after endDim ${last}`, { op, shapes: [shape] })
  if (shape.length === 0) return reshape(x, [1])
  if (first === last) return x
  const size = shape.slice(first, last + 1).reduce((n, s) => n * s, 1)
  return reshape(x, [...shape.slice(0, first), size, ...shape.slice(last + 1)])
}

/** One dimension split into several, of which one size may be -1: the inverse of flatten. */
export function unflatten(x: Tensor, dim: number, sizes: readonly number[]): Tensor {
  const op = 'unflatten'
  checkTensor(op, x)
  if (x.shape.length === 0) throw new ShapeError('a scalar has no dimension to split', { op, shapes: [x.shape] })
  const d = resolveDim(op, dim, x.shape.length)
  const parts = inferShape(op, sizes, x.shape[d], [x.shape[d]])
  return view(x, [...x.shape.slice(0, d), ...parts, ...x.shape.slice(d + 1)])
}

/** A view without the given dimensions where their size is 1; without all such dimensions by default. */
export function squeeze(x: Tensor, dim?: number | readonly number[]): Tensor {
  checkTensor('squeeze', x)
  if (Array.isArray(dim) && dim.length === 0) return viewOp(x, x.shape, x.strides)
  const dims = resolveDims('squeeze', dim, x.shape.length)
  const shape = x.shape.filter((size, d) => size !== 1 || !dims.includes(d))
  return shape.length === x.shape.length ? viewOp(x, shape, x.strides) : withShape(x, shape)
}

/** A view with a dimension of size 1 inserted at `dim`. */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  checkTensor('unsqueeze', x)
  const at = resolveDim('unsqueeze', dim, x.shape.length + 1)
  return withShape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])
}

/** `x` stretched to the shape of `other`; see `expand`. */
export function expandAs(x: Tensor, other: Tensor): Tensor {
  checkTensor('expandAs', other, 'other')
  return expand(x, other.shape)
}

/**
 * Tensors stretched to the one shape they broadcast to.
 * @throws IndexError if there are none
 */
export function broadcastTensors(tensors: readonly Tensor[]): Tensor[] {
  const op = 'broadcastTensors'
  if (!Array.isArray(tensors) || tensors.length === 0) throw new IndexError('expected an array of tensors', { op })
  for (const x of tensors) checkTensor(op, x)
  const ndim = Math.max(...tensors.map(x => x.shape.length))
  const shape = new Array<number>(ndim).fill(1)
  for (const x of tensors as readonly Tensor[]) {
    x.shape.forEach((size, d) => {
      if (size !== 1) shape[d + ndim - x.shape.length] = size
    })
  }
  return tensors.map(x => expand(x, shape))
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** The elements under another shape, a view if possible; see `reshape`. */
    reshape(shape: readonly number[]): Tensor
    /** The same memory under another shape; see `view`. */
    view(shape: readonly number[]): Tensor
    /** The elements in the shape of `other`. */
    reshapeAs(other: Tensor): Tensor
    viewAs(other: Tensor): Tensor
    /** A view with two dimensions exchanged. */
    transpose(a: number, b: number): Tensor
    /** The transpose of a matrix, as a view. */
    t(): Tensor
    /** All dimensions in reverse order, as a view. */
    readonly T: Tensor
    /** The last two dimensions exchanged, as a view. */
    readonly mT: Tensor
    permute(dims: readonly number[]): Tensor
    movedim(source: number | readonly number[], destination: number | readonly number[]): Tensor
    flatten(startDim?: number | FlattenOptions, endDim?: number): Tensor
    unflatten(dim: number, sizes: readonly number[]): Tensor
    squeeze(dim?: number | readonly number[]): Tensor
    unsqueeze(dim: number): Tensor
    expandAs(other: Tensor): Tensor
  }
}

Tensor.prototype.reshape = function (shape) {
  return reshape(this, shape)
}
Tensor.prototype.view = function (shape) {
  return view(this, shape)
}
Tensor.prototype.reshapeAs = function (other) {
  checkTensor('reshapeAs', other, 'other')
  return reshape(this, other.shape)
}
Tensor.prototype.viewAs = function (other) {
  checkTensor('viewAs', other, 'other')
  return view(this, other.shape)
}
Tensor.prototype.transpose = function (a, b) {
  return transpose(this, a, b)
}
Tensor.prototype.t = function () {
  return t(this)
}
Object.defineProperty(Tensor.prototype, 'T', {
  get(this: Tensor) {
    return permuteOp(
      this,
      this.shape.map((_, d) => this.shape.length - 1 - d),
    )
  },
})
Object.defineProperty(Tensor.prototype, 'mT', {
  get(this: Tensor) {
    if (this.shape.length >= 2) return transpose(this, -2, -1)
    throw new ShapeError(`expected a matrix or a batch of them, got ${formatShape(this.shape)}`, {
      op: 'mT',
      shapes: [this.shape],
    })
  },
})
Tensor.prototype.permute = function (dims) {
  return permute(this, dims)
}
Tensor.prototype.movedim = function (source, destination) {
  return movedim(this, source, destination)
}
Tensor.prototype.flatten = function (startDim, endDim) {
  return flatten(this, startDim, endDim)
}
Tensor.prototype.unflatten = function (dim, sizes) {
  return unflatten(this, dim, sizes)
}
Tensor.prototype.squeeze = function (dim) {
  return squeeze(this, dim)
}
Tensor.prototype.unsqueeze = function (dim) {
  return unsqueeze(this, dim)
}
Tensor.prototype.expandAs = function (other) {
  return expandAs(this, other)
}
