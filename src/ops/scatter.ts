// Writing elements to their places along a dimension: set there, of equal places the last one; or added, in the order of the index.
import { checkTensor } from '../autograd/defineOp.js'
import { isFloating } from '../core/dtype.js'
import { checkChoice, checkOptions, DTypeError, formatShape, ShapeError, ValueError } from '../core/errors.js'
import { contiguousStrides, sameShape } from '../core/shape.js'
import { tensor } from '../tensor/create.js'
import { Tensor } from '../tensor/tensor.js'
import type { Run } from './axis.js'
import { expand } from './broadcast.js'
import { cast } from './cast.js'
import { fillValue } from './choice.js'
import { covered, type Index, picked, places, sizeAlong, spreadIndex } from './indexing.js'
import { unpick } from './pick.js'
import { joinOp, narrow } from './piece.js'
import { reshape } from './view.js'

const whole = { from: 0, to: 1 }

function along(x: Tensor, d: number): Run {
  return x.shape.length === 0 ? { from: 0, to: 0 } : { from: d, to: d + 1 }
}

/** Of each element of the index the position in x, row-major, that it names along dimension d. */
function positions(x: Tensor, index: Tensor, d: number, op: string): Int32Array {
  covered(op, x, index, d)
  if (x.count + index.count > 2 ** 31)
    throw new ValueError(`${x.count + index.count} places are more than an int32 index reaches`, {
      op,
      shapes: [x.shape],
    })
  const { shape } = index
  const at = index.toTypedArray() as Int32Array
  const steps = contiguousStrides(x.shape)
  const counter = new Array<number>(shape.length).fill(0)
  let base = 0
  for (let i = 0; i < at.length; i++) {
    at[i] = base + at[i] * (steps[d] ?? 0)
    for (let k = shape.length - 1; k >= 0; k--) {
      const step = k === d ? 0 : steps[k]
      base += step
      if (++counter[k] < shape[k]) break
      base -= step * shape[k]
      counter[k] = 0
    }
  }
  return at
}

/** The part of src, or the number everywhere, that the index covers. */
function sourceOf(op: string, x: Tensor, index: Tensor, src: Tensor | number): Tensor {
  if (typeof src === 'number') return expand(fillValue(op, src, x.dtype), index.shape)
  checkTensor(op, src, 'src')
  if (src.dtype !== x.dtype)
    throw new DTypeError(`x is ${x.dtype}, src ${src.dtype}; convert one with .to(dtype)`, { op })
  const { shape } = index
  if (src.shape.length !== shape.length || shape.some((n, k) => n > src.shape[k])) {
    const message = `index ${formatShape(shape)} reaches past src ${formatShape(src.shape)}`
    throw new ShapeError(message, { op, shapes: [x.shape, shape, src.shape] })
  }
  return sameShape(src.shape, shape) ? src : shape.reduce((y, n, k) => narrow(y, k, 0, n), src)
}

/** x with src written at the positions: each element of the result is one of x or one of src, so it is picked from both, joined. */
function written(x: Tensor, at: Int32Array, src: Tensor): Tensor {
  const from = new Int32Array(x.count)
  for (let i = 0; i < from.length; i++) from[i] = i
  for (let i = 0; i < at.length; i++) from[at[i]] = x.count + i
  const both = joinOp(0, [x.count + at.length], reshape(x, [x.count]), reshape(src, [at.length]))
  return reshape(picked(both, tensor(from), whole), x.shape)
}

/** x with src added where the index says. Integers are summed as float64, which holds their sums exactly up to 2^53. */
function added(op: string, x: Tensor, d: number, index: Tensor, src: Tensor): Tensor {
  if (x.dtype === 'bool') throw new DTypeError('bools are not added; convert them with .int()', { op })
  const values = isFloating(x.dtype) ? src : cast(src, 'float64')
  covered(op, x, index, d)
  let sum: Tensor
  if (index.shape.every((n, k) => k === d || n === x.shape[k])) sum = unpick(values, index, x.shape, along(x, d))
  else {
    const at = positions(x, index, d, op)
    sum = reshape(unpick(reshape(values, [at.length]), tensor(at), [x.count], whole), x.shape)
  }
  return x.add(cast(sum, x.dtype))
}

function scattered(
  op: string,
  x: Tensor,
  dim: number,
  index: Index,
  src: Tensor | number,
  reduce: 'set' | 'add',
): Tensor {
  const [d, size] = sizeAlong(op, x, dim)
  const given = places(op, index, size)
  const source = sourceOf(op, x, given, src)
  return reduce === 'set' ? written(x, positions(x, given, d, op), source) : added(op, x, d, given, source)
}

export interface ScatterOptions {
  /** 'add' adds to what is there instead of replacing it. */
  reduce?: 'add'
}

/**
 * x with src[i, j] at [index[i, j], j] for dim 0, and so on; of places named twice the last one stays.
 * @param src no smaller than the index in any dimension, or a number
 * @throws IndexError if an index is out of range; ShapeError if the index is larger than x in another dimension, or than src
 */
export function scatter(x: Tensor, dim: number, index: Index, src: Tensor | number, options?: ScatterOptions): Tensor {
  const op = 'scatter'
  checkOptions(op, options, ['reduce'])
  if (options?.reduce !== undefined) checkChoice(op, 'reduce', options.reduce, ['add'])
  return scattered(op, x, dim, index, src, options?.reduce ?? 'set')
}

/** x with src[i, j] added at [index[i, j], j] for dim 0, and so on, in the order of the index. See `scatter`. */
export function scatterAdd(x: Tensor, dim: number, index: Index, src: Tensor): Tensor {
  checkTensor('scatterAdd', src, 'src')
  return scattered('scatterAdd', x, dim, index, src, 'add')
}

/**
 * x with the parts of src along dim added where a one-dimensional index says; a part for each index, in its order.
 * @throws ShapeError if src differs from x in another dimension, or has not as many parts as there are indices
 */
export function indexAdd(x: Tensor, dim: number, index: Index, src: Tensor): Tensor {
  const op = 'indexAdd'
  const [d, size] = sizeAlong(op, x, dim)
  checkTensor(op, src, 'src')
  const list = places(op, index, size)
  const shape = x.shape.map((n, k) => (k === d ? list.count : n))
  if (list.shape.length > 1 || !sameShape(src.shape, shape)) {
    const message = `index ${formatShape(list.shape)} of dim ${dim} of ${formatShape(x.shape)} takes src ${formatShape(shape)}, got ${formatShape(src.shape)}`
    throw new ShapeError(message, { op, shapes: [x.shape, list.shape, src.shape] })
  }
  return scattered(op, x, d, spreadIndex(list, shape, d), src, 'add')
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** A copy with `src` at the places of the index along dim; see `scatter`. */
    scatter(dim: number, index: Index, src: Tensor | number, options?: ScatterOptions): Tensor
    /** A copy with `src` added at the places of the index along dim. */
    scatterAdd(dim: number, index: Index, src: Tensor): Tensor
    /** A copy with parts of `src` added along dim; see `indexAdd`. */
    indexAdd(dim: number, index: Index, src: Tensor): Tensor
  }
}

Tensor.prototype.scatter = function (dim, index, src, options) {
  return scatter(this, dim, index, src, options)
}
Tensor.prototype.scatterAdd = function (dim, index, src) {
  return scatterAdd(this, dim, index, src)
}
Tensor.prototype.indexAdd = function (dim, index, src) {
  return indexAdd(this, dim, index, src)
}
