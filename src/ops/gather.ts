// One index an element: gather reads along a dimension, scatter writes there. Each is the other's way back.
import { copyOf } from '../autograd/accumulate.js'
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { AutogradError, checkChoice, checkOptions, DTypeError, formatShape, ShapeError, sayAs } from '../core/errors.js'
import { resolveDim, type Shape } from '../core/shape.js'
import { arange, filled } from '../tensor/create.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { expand, withShape } from './broadcast.js'
import { fillValue, where } from './choice.js'
import { eq } from './compare.js'
import { asIndex, type Index } from './indexing.js'
import { replace } from './operands.js'
import { corner } from './piece.js'
import { dense } from './pointwise.js'
import { reshape } from './view.js'

const GATHER = kernel('gather')
const SCATTER = kernel('scatter')

const modes = ['set', 'add', 'multiply'] as const
type Mode = (typeof modes)[number]

/** Strides without a step along dimension d: the index steps there. */
function stepless(x: Tensor, d: number): number[] {
  const strides = x.strides.slice()
  strides[d] = 0
  return strides
}

const gatherOp = defineOp('gather', {
  forward(ctx, x: Tensor, d: number, index: Tensor) {
    ctx.save(index)
    ctx.extra = [x.shape, d]
    const out = emptyTensor(index.shape, x.dtype)
    const sizes = [x.shape[d], x.strides[d], index.shape.length, ...index.shape, ...stepless(x, d)]
    launch(GATHER, x.dtype, [x, index, out], sizes)
    return out
  },
  backward(ctx, grad): Gradient {
    const [shape, d] = ctx.extra as [Shape, number]
    return scatterOp(filled(shape, grad.dtype, 0), d, ctx.saved[0], grad, 'add')
  },
  derivative: true,
})

/** A copy of x with `source` written, added or multiplied at the indices of dimension d, in row-major order of the index. */
const scatterOp = defineOp('scatter', {
  forward(ctx, x: Tensor, d: number, index: Tensor, source: Tensor, mode: Mode) {
    ctx.save(index)
    ctx.extra = [d, source.shape, mode]
    const out = copyOf(x)
    const sizes = [x.shape[d], out.strides[d], modes.indexOf(mode), index.shape.length]
    launch(SCATTER, x.dtype, [source, index, out], [...sizes, ...index.shape, ...source.strides, ...stepless(out, d)])
    return out
  },
  backward(ctx, grad): Gradient[] {
    const [index] = ctx.saved
    const [d, shape, mode] = ctx.extra as [number, Shape, Mode]
    if (mode === 'multiply') throw new AutogradError("reduce: 'multiply' has no gradient", { op: 'scatter' })
    // Of equal places the last element stays, and it alone gets the gradient.
    const fromLast = () => where(lastAt(grad.shape, d, index), gatherOp(grad, d, index), 0)
    const hole = () => scatterOp(grad, d, index, filled(index.shape, grad.dtype, 0), 'set')
    return [
      ctx.needs(0) ? (mode === 'set' ? hole() : grad) : null,
      null,
      ctx.needs(2) ? corner(mode === 'set' ? fromLast() : gatherOp(grad, d, index), shape) : null,
    ]
  },
  derivative: true,
})

/** Which elements of the index are the last to name their place. */
function lastAt(shape: Shape, d: number, index: Tensor): Tensor {
  const order = reshape(arange(index.count, { dtype: 'int32' }), index.shape)
  const last = scatterOp(filled(shape, 'int32', 0), d, index, order, 'set')
  return eq(gatherOp(last, d, index), order)
}

/** Checks index against x, but for dimension d, and returns all three ready for the launch. */
function checked(op: string, x: Tensor, dim: number, index: Index): [Tensor, number, Tensor] {
  checkTensor(op, x)
  const d = resolveDim(op, dim, x.shape.length)
  const given = asIndex(op, index)
  const [source, places] = [x, given].map(t => (t.shape.length === 0 ? withShape(t, [1]) : t))
  const fits =
    source.shape.length === places.shape.length && places.shape.every((n, k) => k === d || n <= source.shape[k])
  if (fits) return [source, d, dense(places)]
  const message = `an index of shape ${formatShape(given.shape)} does not fit ${formatShape(x.shape)}: as many dimensions, none larger but dim ${d}`
  throw new ShapeError(message, { op, shapes: [x.shape, given.shape] })
}

/** out[…, i, …] = x[…, index[…, i, …], …] along `dim`; the result has the shape of the index. @throws IndexError if one is out of range */
export function gather(x: Tensor, dim: number, index: Index): Tensor {
  const [source, d, places] = checked('gather', x, dim, index)
  const out = gatherOp(source, d, places)
  return x.shape.length === 0 ? withShape(out, []) : out
}

function scattered(op: string, x: Tensor, dim: number, index: Index, source: Tensor | number, mode: Mode): Tensor {
  const [target, d, places] = checked(op, x, dim, index)
  if (typeof source === 'number') {
    const out = scatterOp(target, d, places, expand(fillValue(op, source, x.dtype), places.shape), mode)
    return withShape(out, x.shape)
  }
  checkTensor(op, source, 'source')
  if (source.dtype !== x.dtype) {
    throw new DTypeError(`source is ${source.dtype}, the tensor ${x.dtype}; convert one with .to(dtype)`, { op })
  }
  const from = source.shape.length === 0 ? withShape(source, [1]) : source
  if (from.shape.length !== places.shape.length || places.shape.some((n, k) => n > from.shape[k])) {
    const message = `an index of shape ${formatShape(places.shape)} does not fit source ${formatShape(source.shape)}`
    throw new ShapeError(message, { op, shapes: [x.shape, places.shape, source.shape] })
  }
  return withShape(scatterOp(target, d, places, from, mode), x.shape)
}

export interface ScatterOptions {
  /** Add to what is there, or multiply it (without a gradient), instead of replacing it. */
  reduce?: 'add' | 'multiply'
}

/**
 * x with out[…, index[…, i, …], …] = source[…, i, …] along `dim`; of an index given twice the last one stays.
 * @param source a tensor no smaller than the index, or a number
 * @throws IndexError if an index is out of range
 */
export function scatter(
  x: Tensor,
  dim: number,
  index: Index,
  source: Tensor | number,
  options?: ScatterOptions,
): Tensor {
  checkOptions('scatter', options, ['reduce'])
  const mode = checkChoice('scatter', 'reduce', options?.reduce ?? 'set', modes)
  return scattered('scatter', x, dim, index, source, mode)
}

/** x with source[…, i, …] added to out[…, index[…, i, …], …] along `dim`, in row-major order of the index. */
export function scatterAdd(x: Tensor, dim: number, index: Index, source: Tensor): Tensor {
  return scattered('scatterAdd', x, dim, index, source, 'add')
}

/** Elements at indices along `dim`, as argmax and argsort give them: `gather` with x and index broadcast in the other dimensions. */
export function takeAlongDim(x: Tensor, index: Index, dim: number): Tensor {
  const op = 'takeAlongDim'
  checkTensor(op, x)
  const d = resolveDim(op, dim, x.shape.length)
  const given = asIndex(op, index)
  if (given.shape.length !== x.shape.length) {
    const message = `an index of shape ${formatShape(given.shape)} does not have the dimensions of ${formatShape(x.shape)}`
    throw new ShapeError(message, { op, shapes: [x.shape, given.shape] })
  }
  const shape = x.shape.map((n, k) => (n === 1 ? given.shape[k] : n))
  const wide = (t: Tensor) =>
    expand(
      t,
      shape.map((n, k) => (k === d ? t.shape[k] : n)),
    )
  return sayAs(op, 'gather', () => gather(wide(x), d, wide(given)))
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** Elements by an index for each, along `dim`; see `gather`. */
    gather(dim: number, index: Index): Tensor
    /** A copy with `source` at an index for each of its elements, along `dim`; see `scatter`. */
    scatter(dim: number, index: Index, source: Tensor | number, options?: ScatterOptions): Tensor
    scatter_(dim: number, index: Index, source: Tensor | number, options?: ScatterOptions): this
    scatterAdd(dim: number, index: Index, source: Tensor): Tensor
    scatterAdd_(dim: number, index: Index, source: Tensor): this
    takeAlongDim(index: Index, dim: number): Tensor
  }
}

Tensor.prototype.gather = function (dim, index) {
  return gather(this, dim, index)
}
Tensor.prototype.scatter = function (dim, index, source, options) {
  return scatter(this, dim, index, source, options)
}
Tensor.prototype.scatter_ = function (dim, index, source, options) {
  return replace('scatter_', this, [source], x => scatter(x, dim, index, source, options)) as typeof this
}
Tensor.prototype.scatterAdd = function (dim, index, source) {
  return scatterAdd(this, dim, index, source)
}
Tensor.prototype.scatterAdd_ = function (dim, index, source) {
  return replace('scatterAdd_', this, [source], x => scatterAdd(x, dim, index, source)) as typeof this
}
Tensor.prototype.takeAlongDim = function (index, dim) {
  return takeAlongDim(this, index, dim)
}
