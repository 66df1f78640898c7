// Elements by their places. Indices are int32 tensors, arrays of numbers, Int32Array or BigInt64Array; negative ones count from the end.
import { copyOf } from '../autograd/accumulate.js'
import { checkTensor } from '../autograd/defineOp.js'
import { isFloating } from '../core/dtype.js'
import { checkInteger, DTypeError, describe, formatShape, IndexError, ShapeError, ValueError } from '../core/errors.js'
import { broadcastShapes, contiguousStrides, resolveDim, type Shape, sameShape } from '../core/shape.js'
import { eye, tensor } from '../tensor/create.js'
import { Tensor } from '../tensor/tensor.js'
import type { Run } from './axis.js'
import { expand, withShape } from './broadcast.js'
import { cast } from './cast.js'
import { pick } from './pick.js'
import { reshape } from './view.js'

/** `pick` of any dtype: integers and bools go through float64, which holds each of them exactly. */
export function picked(x: Tensor, at: Tensor, run: Run): Tensor {
  return isFloating(x.dtype) ? pick(x, at, run) : cast(pick(cast(x, 'float64'), at, run), x.dtype)
}

export type Index = Tensor | readonly number[] | Int32Array | BigInt64Array

/** The numbers of an index that is no tensor. @throws TypeError if one is no number at all */
function numbersOf(op: string, index: Exclude<Index, Tensor>): number[] {
  return Array.from(index as ArrayLike<unknown>, v => {
    if (typeof v === 'number' || typeof v === 'bigint') return Number(v)
    throw new TypeError(`${op}: an index must hold whole numbers, got ${describe(v)}`)
  })
}

/** An index as an int32 tensor outside the graph, its values in [0, size). @throws IndexError naming the first that is not */
export function places(op: string, index: Index, size: number): Tensor {
  let given: Tensor
  if (index instanceof Tensor) given = index.detach()
  else if (Array.isArray(index) || index instanceof Int32Array || index instanceof BigInt64Array) {
    const values = numbersOf(op, index)
    const bad = values.find(v => !Number.isInteger(v))
    if (bad !== undefined) throw new IndexError(`index ${bad} is not a whole number`, { op })
    given = tensor(Float64Array.from(values), { dtype: 'float64' })
    given = values.some(v => v !== (v | 0)) ? given : given.to('int32')
  } else
    throw new TypeError(`${op}: an index must be an int32 tensor or an array of whole numbers, got ${describe(index)}`)
  if (isFloating(given.dtype) && !(index instanceof Tensor)) given = refused(op, given, size)
  if (given.dtype !== 'int32')
    throw new IndexError(`an index must be int32, got ${given.dtype}; convert it with .int()`, { op })
  const values = given.toTypedArray()
  let negative = false
  for (let i = 0; i < values.length; i++) {
    if (values[i] < -size || values[i] >= size) refused(op, given, size)
    negative ||= values[i] < 0
  }
  return negative ? tensor(Int32Array.from(values, v => (v < 0 ? v + size : v))).reshape(given.shape) : copyOf(given)
}

function refused(op: string, index: Tensor, size: number): never {
  const bad = index.toTypedArray().find(v => v < -size || v >= size)
  throw new IndexError(`index ${bad} is out of range for a dimension of size ${size}`, { op })
}

export function sizeAlong(op: string, x: Tensor, dim: number): [d: number, size: number] {
  checkTensor(op, x)
  const d = resolveDim(op, dim, x.shape.length)
  return [d, x.shape.length === 0 ? 1 : x.shape[d]]
}

/** A one-dimensional index repeated over the other dimensions of `shape`. */
export function spreadIndex(index: Tensor, shape: Shape, d: number): Tensor {
  const full = shape.map((n, i) => (i === d ? index.count : n))
  return copyOf(
    expand(
      withShape(
        index.reshape([index.count]),
        full.map((n, i) => (i === d ? n : 1)),
      ),
      full,
    ),
  )
}

/** The parts of x along dim that a one-dimensional index names: `indexSelect(x, 0, [2, 0])`. */
export function indexSelect(x: Tensor, dim: number, index: Index): Tensor {
  const [d, size] = sizeAlong('indexSelect', x, dim)
  const at = places('indexSelect', index, size)
  if (at.shape.length > 1)
    throw new ShapeError(`the index must have one dimension, got ${formatShape(at.shape)}`, {
      op: 'indexSelect',
      shapes: [at.shape],
    })
  if (x.shape.length === 0 && at.count !== 1)
    throw new ShapeError(`a scalar has one place, the index names ${at.count}`, {
      op: 'indexSelect',
      shapes: [at.shape],
    })
  return picked(x, spreadIndex(at, x.shape, d), { from: d, to: d + 1 })
}

/** x cut to the extent of the index in every dimension but d. */
export function covered(op: string, x: Tensor, index: Tensor, d: number): Tensor {
  const fits = index.shape.length === x.shape.length && index.shape.every((n, i) => i === d || n <= x.shape[i])
  if (!fits) {
    const message = `index ${formatShape(index.shape)} must have the dimensions of ${formatShape(x.shape)}, none longer but dim ${d}`
    throw new ShapeError(message, { op, shapes: [x.shape, index.shape] })
  }
  return index.shape.reduce((y, n, i) => (i === d ? y : y.narrow(i, 0, n)), x)
}

/** out[i, j] = x[index[i, j], j] for dim 0, and so on. */
export function gather(x: Tensor, dim: number, index: Index): Tensor {
  const [d, size] = sizeAlong('gather', x, dim)
  const at = places('gather', index, size)
  return picked(covered('gather', x, at, d), at, { from: d, to: d + 1 })
}

/** The elements where the mask is true, in row-major order, as one dimension. */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  const op = 'maskedSelect'
  checkTensor(op, x)
  checkTensor(op, mask, 'mask')
  if (mask.dtype !== 'bool') throw new DTypeError(`the mask must be bool, got ${mask.dtype}`, { op })
  const shape = broadcastShapes(op, x.shape, mask.shape)
  const on = copyOf(expand(mask.detach(), shape)).toTypedArray()
  const at: number[] = []
  on.forEach((v, i) => {
    if (v) at.push(i)
  })
  return picked(reshape(expand(x, shape), [on.length]), tensor(Int32Array.from(at)), { from: 0, to: 1 })
}

/** The places where a mask over the dimensions of x from `first` on is true: an index for each of its dimensions. */
function maskPlaces(op: string, x: Tensor, mask: Tensor, first: number): Int32Array[] {
  const { shape } = mask
  if (!sameShape(shape, x.shape.slice(first, first + shape.length))) {
    const message = `a mask ${formatShape(shape)} does not fit ${formatShape(x.shape)} from dim ${first} on`
    throw new IndexError(message, { op, shapes: [x.shape, shape] })
  }
  const on: number[] = []
  mask.toTypedArray().forEach((v, i) => {
    if (v) on.push(i)
  })
  const steps = contiguousStrides(shape)
  return shape.map((size, d) => Int32Array.from(on, i => Math.floor(i / steps[d]) % size))
}

/**
 * Elements by one index per leading dimension, broadcast together: `index(x, [rows, columns])` gives x[rows[i], columns[i]].
 * A bool tensor stands for as many dimensions as it has, and for the places where it is true: `index(x, [mask])`.
 * @throws IndexError if an index is out of range or a mask has not the size of its dimensions
 */
export function index(x: Tensor, indices: readonly Index[]): Tensor {
  const op = 'index'
  checkTensor(op, x)
  if (!Array.isArray(indices)) throw new TypeError(`${op}: expected an array of indices, got ${describe(indices)}`)
  const [only] = indices
  if (indices.length === 1 && only instanceof Tensor && only.dtype === 'bool' && sameShape(only.shape, x.shape))
    return maskedSelect(x, only)
  const each: Index[] = []
  for (const i of indices) {
    if (i instanceof Tensor && i.dtype === 'bool') each.push(...maskPlaces(op, x, i, each.length))
    else each.push(i)
  }
  if (each.length === 0 || each.length > x.shape.length) {
    throw new IndexError(
      `${each.length} indices for a tensor of ${x.shape.length} dimensions ${formatShape(x.shape)}`,
      {
        op,
        shapes: [x.shape],
      },
    )
  }
  const at = each.map((i, d) => places(op, i, x.shape[d]))
  const shape = at.map(t => t.shape).reduce((a, b) => broadcastShapes(op, a, b))
  const flat = at.reduce<Tensor | null>((sum, t, d) => (sum === null ? t : sum.mul(x.shape[d]).add(t)), null)!
  const rest = x.shape.slice(each.length)
  const rows = x.shape.slice(0, each.length).reduce((a, b) => a * b, 1)
  if (rows > 2 ** 31)
    throw new ValueError(`${rows} places are more than an int32 index reaches`, { op, shapes: [x.shape] })
  const linear = copyOf(expand(flat, shape)).reshape([-1])
  const source = reshape(x, [rows, ...rest])
  return reshape(picked(source, spreadIndex(linear, source.shape, 0), { from: 0, to: 1 }), [...shape, ...rest])
}

/**
 * 1 at each class, else 0: int32 of shape [*, numClasses].
 * @param numClasses default: -1, one class more than the largest
 * @throws IndexError if a class is below 0 or not below numClasses
 */
export function oneHot(x: Index, numClasses = -1): Tensor {
  const op = 'oneHot'
  const isArray = Array.isArray(x) || x instanceof Int32Array || x instanceof BigInt64Array
  if (!(x instanceof Tensor) && !isArray)
    throw new TypeError(`${op}: expected classes as an int32 tensor or an array, got ${describe(x)}`)
  const shape = x instanceof Tensor ? x.shape : [x.length]
  const values: ArrayLike<number> = x instanceof Tensor ? x.toTypedArray() : numbersOf(op, x)
  checkInteger(op, 'numClasses', numClasses, -1)
  if (numClasses === 0) throw new ValueError('numClasses must be above 0', { op })
  let classes = numClasses
  for (let i = 0; i < values.length; i++) {
    if (values[i] < 0) throw new IndexError(`class ${values[i]} is below 0`, { op })
    if (numClasses === -1) classes = Math.max(classes, values[i] + 1)
  }
  if (classes === -1) throw new ValueError('no elements tell how many classes there are; pass numClasses', { op })
  if (!Number.isInteger(classes)) throw new IndexError(`a class must be a whole number, got ${classes - 1}`, { op })
  const at = places(op, x, classes)
  return indexSelect(eye(classes, classes, { dtype: 'int32' }), 0, at.reshape([at.count])).reshape([...shape, classes])
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** Parts along dim by a one-dimensional index. */
    indexSelect(dim: number, index: Index): Tensor
    /** Elements along dim by an index of the result's shape. */
    gather(dim: number, index: Index): Tensor
    /** The elements where the mask is true. */
    maskedSelect(mask: Tensor): Tensor
    /** Elements by one index per leading dimension, or a bool mask. */
    index(indices: readonly Index[]): Tensor
  }
}

const methods = { indexSelect, gather, maskedSelect, index } as unknown as Record<
  string,
  (x: Tensor, ...rest: unknown[]) => Tensor
>
for (const [name, fn] of Object.entries(methods)) {
  ;(Tensor.prototype as unknown as Record<string, unknown>)[name] = function (this: Tensor, ...rest: unknown[]) {
    return fn(this, ...rest)
  }
}
