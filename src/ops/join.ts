// Tensors put together, and one tensor several times.
import { checkTensor } from '../autograd/defineOp.js'
import { promote } from '../core/dtype.js'
import { checkInteger, describe, formatShape, ShapeError, ValueError } from '../core/errors.js'
import { checkShape, resolveDim, sameShape } from '../core/shape.js'
import { Tensor } from '../tensor/tensor.js'
import { expand, withShape } from './broadcast.js'
import { cast } from './cast.js'
import { asIndex, type Index, indexSelect } from './indexing.js'
import { joinOp, stackOp } from './piece.js'
import { reshape, unsqueeze } from './view.js'

function checkList(op: string, tensors: unknown): asserts tensors is readonly Tensor[] {
  if (!Array.isArray(tensors)) throw new TypeError(`${op}: expected an array of tensors, got ${describe(tensors)}`)
  if (tensors.length === 0) throw new ValueError('expected at least one tensor', { op })
  for (const [i, x] of tensors.entries()) checkTensor(op, x, `element ${i}`)
}

/** All in the highest of their dtypes. */
function together(tensors: readonly Tensor[]): Tensor[] {
  const dtype = tensors.reduce((d, x) => promote(d, x.dtype), tensors[0].dtype)
  return tensors.map(x => cast(x, dtype))
}

/**
 * Tensors one after the other along `dim`; their other sizes agree. Empty tensors of shape [0] are left out, as in PyTorch.
 * @throws ShapeError if other sizes differ
 */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  const op = 'cat'
  checkList(op, tensors)
  const parts = together(tensors)
  const real = parts.filter(x => x.shape.length !== 1 || x.shape[0] !== 0)
  if (real.length === 0) return parts[0].clone()
  const [first] = real
  if (first.shape.length === 0)
    throw new ShapeError('a scalar has no dimension to join along; use stack', { op, shapes: [[]] })
  const d = resolveDim(op, dim, first.shape.length)
  for (const x of real) {
    if (x.shape.length === first.shape.length && x.shape.every((n, k) => k === d || n === first.shape[k])) continue
    const message = `shapes ${formatShape(first.shape)} and ${formatShape(x.shape)} differ in more than dim ${d}`
    throw new ShapeError(message, { op, shapes: [first.shape, x.shape] })
  }
  const shape = first.shape.slice()
  shape[d] = real.reduce((n, x) => n + x.shape[d], 0)
  return joinOp(d, shape, ...real)
}

/** Tensors of one shape along a new dimension. @throws ShapeError if the shapes differ */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  const op = 'stack'
  checkList(op, tensors)
  const [first] = tensors
  const d = resolveDim(op, dim, first.shape.length + 1)
  for (const x of tensors) {
    if (sameShape(x.shape, first.shape)) continue
    const message = `shapes ${formatShape(first.shape)} and ${formatShape(x.shape)} differ`
    throw new ShapeError(message, { op, shapes: [first.shape, x.shape] })
  }
  return stackOp(d, ...together(tensors))
}

/** Along the first dimension, of vectors along a new one. */
export function vstack(tensors: readonly Tensor[]): Tensor {
  checkList('vstack', tensors)
  return cat(tensors.map(x => (x.shape.length < 2 ? reshape(x, [1, -1]) : x)))
}

/** Along the second dimension, of vectors along their only one. */
export function hstack(tensors: readonly Tensor[]): Tensor {
  checkList('hstack', tensors)
  const rows = tensors.map(x => (x.shape.length === 0 ? reshape(x, [1]) : x))
  return cat(rows, rows[0].shape.length === 1 ? 0 : 1)
}

/**
 * The tensor repeated sizes[d] times along each dimension; further sizes in front add dimensions.
 * @throws ShapeError if there are fewer sizes than dimensions
 */
export function repeat(x: Tensor, sizes: readonly number[]): Tensor {
  const op = 'repeat'
  checkTensor(op, x)
  const times = checkShape(op, sizes)
  const added = times.length - x.shape.length
  if (added < 0) {
    const message = `${formatShape(times)} has fewer sizes than the ${x.shape.length} dimensions of ${formatShape(x.shape)}`
    throw new ShapeError(message, { op, shapes: [x.shape] })
  }
  const shape = [...new Array<number>(added).fill(1), ...x.shape]
  // Each dimension that repeats becomes two, [times, size], of which the first is stretched.
  const split = shape.flatMap((n, d) => (times[d] === 1 ? [n] : [1, n]))
  const wide = shape.flatMap((n, d) => (times[d] === 1 ? [n] : [times[d], n]))
  const out = reshape(
    expand(withShape(x, split), wide),
    shape.map((n, d) => n * times[d]),
  )
  return out.storage === x.storage ? out.clone() : out
}

/** As `repeat`, but sizes that are missing in front count as 1. */
export function tile(x: Tensor, sizes: readonly number[]): Tensor {
  checkTensor('tile', x)
  const times = checkShape('tile', sizes)
  return repeat(x, [...new Array<number>(Math.max(0, x.shape.length - times.length)).fill(1), ...times])
}

/**
 * Each element of dimension `dim` repeated: `repeats` times, or as often as the list says for it. Without dim, of the elements in
 * row-major order.
 */
export function repeatInterleave(x: Tensor, repeats: number | Index, dim?: number): Tensor {
  const op = 'repeatInterleave'
  checkTensor(op, x)
  const source = dim === undefined || x.shape.length === 0 ? reshape(x, [-1]) : x
  const d = dim === undefined ? 0 : resolveDim(op, dim, source.shape.length)
  const size = source.shape[d]
  if (typeof repeats === 'number') {
    checkInteger(op, 'repeats', repeats)
    const wide = [...source.shape.slice(0, d + 1), repeats, ...source.shape.slice(d + 1)]
    const shape = source.shape.slice()
    shape[d] = size * repeats
    const out = reshape(expand(unsqueeze(source, d + 1), wide), shape)
    return out.storage === x.storage ? out.clone() : out
  }
  const counts = asIndex(op, repeats)
  const list = Array.from(counts.toTypedArray())
  if (list.length !== 1 && list.length !== size) {
    const message = `${list.length} repeats do not fit dimension ${d} of size ${size}`
    throw new ShapeError(message, { op, shapes: [x.shape, counts.shape] })
  }
  const places = Array.from({ length: size }, (_, i) => {
    const n = checkInteger(op, 'a repeat', list[list.length === 1 ? 0 : i])
    return new Array<number>(n).fill(i)
  })
  return indexSelect(source, d, places.flat())
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** This tensor several times along each dimension; see `repeat`. */
    repeat(sizes: readonly number[]): Tensor
    tile(sizes: readonly number[]): Tensor
    /** Each element several times; see `repeatInterleave`. */
    repeatInterleave(repeats: number | Index, dim?: number): Tensor
  }
}

Tensor.prototype.repeat = function (sizes) {
  return repeat(this, sizes)
}
Tensor.prototype.tile = function (sizes) {
  return tile(this, sizes)
}
Tensor.prototype.repeatInterleave = function (repeats, dim) {
  return repeatInterleave(this, repeats, dim)
}
