// Elements by index: along one dimension, at several indices at once, where a mask holds.
import { checkTensor } from '../autograd/defineOp.js'
import { kernel, launch } from '../core/dispatch.js'
import {
  checkNumber,
  checkOptions,
  DTypeError,
  describe,
  formatShape,
  IndexError,
  ShapeError,
  sayAs,
} from '../core/errors.js'
import { resolveDim, resolveIndex, sameShape } from '../core/shape.js'
import { nestedShape, tensor } from '../tensor/create.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { meet } from './binary.js'
import { expand, withShape } from './broadcast.js'
import { fillValue } from './choice.js'
import { commonShape, replace } from './operands.js'
import { select } from './piece.js'
import { type Places, placesShape, readOp, writeOp } from './place.js'
import { dense } from './pointwise.js'
import { permute, reshape } from './view.js'

const COUNT_NONZERO = kernel('countNonzero')
const NONZERO = kernel('nonzero')

/** What names places along a dimension: whole numbers, in any of these forms. */
export type Index = Tensor | Int32Array | BigInt64Array | readonly number[] | readonly Index[]

/** An index as an int32 tensor. @throws IndexError if it holds anything but whole numbers within int32 */
export function asIndex(op: string, index: unknown): Tensor {
  if (index instanceof Tensor) {
    if (index.dtype !== 'int32')
      throw new IndexError(`an index must be int32, got ${index.dtype}; convert with .int()`, { op })
    return index.detach()
  }
  if (!Array.isArray(index) && !(index instanceof Int32Array) && !(index instanceof BigInt64Array)) {
    throw new TypeError(
      `${op}: an index must be an int32 Tensor, an array of whole numbers, an Int32Array or a BigInt64Array, got ${describe(index)}`,
    )
  }
  const flat: readonly unknown[] = Array.isArray(index)
    ? index.flat(nestedShape(op, index).length)
    : Array.from(index as ArrayLike<unknown>)
  for (const v of flat) {
    const n = typeof v === 'bigint' ? Number(v) : v
    if (typeof n !== 'number') throw new TypeError(`${op}: an index must be a number, got ${describe(v)}`)
    if (n !== (n | 0)) throw new IndexError(`an index must be a whole number within int32, got ${n}`, { op })
  }
  return tensor(index as number[], { dtype: 'int32' })
}

/** The dimension that an operation runs along; a scalar counts as one element. */
function along(op: string, x: Tensor, dim: number): [Tensor, number] {
  checkTensor(op, x)
  const d = resolveDim(op, dim, x.shape.length)
  return [x.shape.length === 0 ? withShape(x, [1]) : x, d]
}

function listOf(op: string, index: unknown): Tensor {
  const list = asIndex(op, index)
  if (list.shape.length > 1) {
    throw new ShapeError(`the index must have one dimension, got ${formatShape(list.shape)}`, {
      op,
      shapes: [list.shape],
    })
  }
  return list.shape.length === 0 ? withShape(list, [1]) : list
}

function single(d: number, list: Tensor): Places {
  return { run: { from: d, to: d + 1 }, indices: [list], negative: false }
}

/** The elements of `x` at the indices of dimension `dim`, in their order. @throws IndexError if one is out of range or negative */
export function indexSelect(x: Tensor, dim: number, index: Index): Tensor {
  const op = 'indexSelect'
  const [source, d] = along(op, x, dim)
  const list = listOf(op, index)
  if (x.shape.length === 0 && list.count !== 1) {
    throw new ShapeError(`a scalar has one place, the index names ${list.count}`, { op, shapes: [list.shape] })
  }
  const out = sayAs(op, 'index', () => readOp(source, single(d, list)))
  return x.shape.length === 0 ? withShape(out, []) : out
}

function write(op: string, x: Tensor, dim: number, index: Index, source: Tensor, by: number | null): Tensor {
  const [target, d] = along(op, x, dim)
  checkTensor(op, source, 'source')
  const places = single(d, listOf(op, index))
  const shape = placesShape(target.shape, places)
  if (source.dtype !== x.dtype)
    throw new DTypeError(`source is ${source.dtype}, the tensor ${x.dtype}; convert one with .to(dtype)`, { op })
  const from = source.shape.length === 0 ? withShape(source, [1]) : source
  if (!sameShape(from.shape, shape)) {
    const message = `source ${formatShape(source.shape)} does not fit: ${places.indices[0].count} indices of dim ${d} of ${formatShape(x.shape)} take ${formatShape(shape)}`
    throw new ShapeError(message, { op, shapes: [x.shape, source.shape] })
  }
  return withShape(
    sayAs(op, 'indexWrite', () => writeOp(target, from, places, by)),
    x.shape,
  )
}

/** x with alpha·source added at the indices of dimension `dim`; to an index given twice, both are added. */
export function indexAdd(x: Tensor, dim: number, index: Index, source: Tensor, options?: { alpha?: number }): Tensor {
  checkOptions('indexAdd', options, ['alpha'])
  return write('indexAdd', x, dim, index, source, checkNumber('indexAdd', 'alpha', options?.alpha ?? 1))
}

/** x with `source` at the indices of dimension `dim`; of an index given twice the last one stays. */
export function indexCopy(x: Tensor, dim: number, index: Index, source: Tensor): Tensor {
  return write('indexCopy', x, dim, index, source, null)
}

/** x with `value` at the indices of dimension `dim`. */
export function indexFill(x: Tensor, dim: number, index: Index, value: number | boolean | Tensor): Tensor {
  const op = 'indexFill'
  const [target, d] = along(op, x, dim)
  const list = listOf(op, index)
  const shape = placesShape(target.shape, single(d, list))
  const filling = expand(fillValue(op, value, x.dtype), shape)
  return withShape(
    sayAs(op, 'indexWrite', () => writeOp(target, filling, single(d, list), null)),
    x.shape,
  )
}

// --- where a mask holds ---------------------------------------------------------------------------------------------------

/** How many elements are not 0: the length of a result, so it is read here and now. */
function countNonzero(x: Tensor): number {
  const count = emptyTensor([], 'int32')
  launch(COUNT_NONZERO, x.dtype, [dense(x), count], [x.count])
  return count.item()
}

/** The indices of the elements that are not 0, a row for each, as int32 [count, dimensions]. */
export function nonzero(x: Tensor): Tensor {
  checkTensor('nonzero', x)
  const out = emptyTensor([countNonzero(x), x.shape.length], 'int32')
  launch(NONZERO, x.dtype, [dense(x), out], [out.shape[0], x.shape.length, ...x.shape])
  return out
}

/** The positions of a mask's true elements in row-major order. */
function positions(mask: Tensor): Tensor {
  const out = emptyTensor([countNonzero(mask)], 'int32')
  launch(NONZERO, mask.dtype, [dense(mask), out], [out.count, 1, mask.count])
  return out
}

/** The elements of `x` where the mask holds, in row-major order, broadcast: one dimension. */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  const op = 'maskedSelect'
  checkTensor(op, x)
  checkTensor(op, mask, 'mask')
  if (mask.dtype !== 'bool') throw new DTypeError(`mask must be bool, got ${mask.dtype}`, { op })
  const shape = commonShape(op, [x, mask])
  const flat = reshape(expand(x, shape), [-1])
  return readOp(flat, single(0, positions(expand(mask, shape))))
}

// --- several indices at once ----------------------------------------------------------------------------------------------

/** One item of an index: a place, places, a mask over one or more dimensions, or null for all of a dimension. */
export type IndexItem = number | Index | null | undefined

/** A tensor brought into the form that one launch reads or writes: the indexed dimensions next to each other. */
interface Prepared {
  readonly x: Tensor
  readonly places: Places
  /** Order of the dimensions of `x` among those of the original. */
  readonly order: readonly number[]
}

/** Applies the numbers among the items, as views, and turns masks into positions over dimensions joined into one. */
function resolveItems(op: string, x: Tensor, items: readonly IndexItem[]): [Tensor, (Tensor | null)[]] {
  let source = x
  const indices: (Tensor | null)[] = []
  for (const item of items) {
    const d = indices.length
    if (item === null || item === undefined) indices.push(null)
    else if (d >= source.shape.length) {
      const message = `${items.length} indices are too many for a tensor of shape ${formatShape(x.shape)}`
      throw new IndexError(message, { op, shapes: [x.shape] })
    } else if (typeof item === 'number') source = select(source, d, resolveIndex(op, item, source.shape[d]))
    else if (item instanceof Tensor && item.dtype === 'bool') {
      const n = item.shape.length
      if (n === 0 || !sameShape(item.shape, source.shape.slice(d, d + n))) {
        const message = `a mask of shape ${formatShape(item.shape)} does not fit dimensions ${formatShape(source.shape.slice(d, d + n))} of ${formatShape(x.shape)}`
        throw new IndexError(message, { op, shapes: [x.shape, item.shape] })
      }
      source = reshape(source, [...source.shape.slice(0, d), item.count, ...source.shape.slice(d + n)])
      indices.push(positions(item))
    } else indices.push(asIndex(op, item))
  }
  if (indices.length > source.shape.length) {
    const message = `${items.length} indices are too many for a tensor of shape ${formatShape(x.shape)}`
    throw new IndexError(message, { op, shapes: [x.shape] })
  }
  return [source, indices]
}

function prepare(op: string, x: Tensor, items: readonly IndexItem[]): Prepared | Tensor {
  const [source, all] = resolveItems(op, x, items)
  const dims = all.flatMap((index, d) => (index === null ? [] : [d]))
  if (dims.length === 0) return source
  const given = dims.map(d => all[d]!)
  const shape = commonShape(op, given)
  const indices = given.map(index => dense(expand(index, shape)))
  const [first, n] = [dims[0], dims.length]
  const together = dims[n - 1] - first === n - 1
  const rest = source.shape.map((_, d) => d).filter(d => !dims.includes(d))
  const order = together ? source.shape.map((_, d) => d) : [...dims, ...rest]
  const from = together ? first : 0
  return {
    x: together ? source : permute(source, order),
    places: { run: { from, to: from + n }, indices, negative: true },
    order,
  }
}

/** The items of a call: one array that holds anything but numbers is the list of them. */
function itemsOf(op: string, args: readonly unknown[]): IndexItem[] {
  if (args.length === 0) throw new TypeError(`${op}: expected at least one index`)
  const [only] = args
  const list = args.length === 1 && Array.isArray(only) && only.some(v => v === null || typeof v === 'object')
  return (list ? only : args) as IndexItem[]
}

/**
 * Elements by one item for each dimension from the first on: a number drops the dimension, an index (numbers or an int32 tensor)
 * picks from it, a bool tensor picks where it holds, null takes all of it. Indices are broadcast with each other and read together;
 * their shape takes the place of the first, or comes first if there is a null between them. Negative indices count from the end.
 * The items may also be one array: `x.index([rows, columns])`.
 *
 * @example
 * x.index([0, 2])            // rows 0 and 2
 * x.index(null, [1, 1, 0])   // columns
 * x.index([0, 1], [2, 3])    // elements (0, 2) and (1, 3)
 * x.index(x.gt(0))           // the positive elements
 * @throws IndexError if an index is out of range, not whole, or a mask does not fit
 */
export function index(x: Tensor, ...items: IndexItem[] | [IndexItem[]]): Tensor {
  checkTensor('index', x)
  const prepared = prepare('index', x, itemsOf('index', items))
  return prepared instanceof Tensor ? prepared : readOp(prepared.x, prepared.places)
}

/**
 * x with `values` (broadcast) at the places that `items` name as for `index`.
 * @param options `accumulate`: add the values, also repeatedly to one place. Default: false
 */
export function indexPut(
  x: Tensor,
  items: readonly IndexItem[],
  values: Tensor | number,
  options?: { accumulate?: boolean },
): Tensor {
  const op = 'indexPut'
  checkTensor(op, x)
  checkOptions(op, options, ['accumulate'])
  if (!Array.isArray(items)) throw new TypeError(`${op}: items must be an array, got ${describe(items)}`)
  const target = items.some(i => typeof i === 'number') ? items.map(i => (typeof i === 'number' ? [i] : i)) : items
  const prepared = prepare(op, x, target)
  if (prepared instanceof Tensor) throw new TypeError(`${op}: expected at least one index`)
  const { places, order } = prepared
  const from = typeof values === 'number' ? fillValue(op, values, x.dtype) : values
  checkTensor(op, from, 'values')
  const [, source] = from.dtype === x.dtype ? [x, from] : meet(x, from)
  if (source.dtype !== x.dtype) throw new DTypeError(`values are ${source.dtype}, the tensor ${x.dtype}`, { op })
  const shape = placesShape(prepared.x.shape, places)
  const spread = expand(source, shape)
  const out = sayAs(op, 'indexWrite', () => writeOp(prepared.x, spread, places, options?.accumulate ? 1 : null))
  const back: number[] = []
  order.forEach((d, i) => {
    back[d] = i
  })
  return reshape(permute(out, back), x.shape)
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** Elements by one item for each dimension; see `index`. */
    index(...items: IndexItem[] | [IndexItem[]]): Tensor
    indexPut(items: readonly IndexItem[], values: Tensor | number, options?: { accumulate?: boolean }): Tensor
    indexPut_(items: readonly IndexItem[], values: Tensor | number, options?: { accumulate?: boolean }): this
    /** The elements at the indices of dimension `dim`; see `indexSelect`. */
    indexSelect(dim: number, index: Index): Tensor
    indexAdd(dim: number, index: Index, source: Tensor, options?: { alpha?: number }): Tensor
    indexAdd_(dim: number, index: Index, source: Tensor, options?: { alpha?: number }): this
    indexCopy(dim: number, index: Index, source: Tensor): Tensor
    indexCopy_(dim: number, index: Index, source: Tensor): this
    indexFill(dim: number, index: Index, value: number | boolean | Tensor): Tensor
    indexFill_(dim: number, index: Index, value: number | boolean | Tensor): this
    /** The elements where the mask holds; see `maskedSelect`. */
    maskedSelect(mask: Tensor): Tensor
    /** The indices of the elements that are not 0; see `nonzero`. */
    nonzero(): Tensor
  }
}

Tensor.prototype.index = function (...items) {
  return index(this, ...items)
}
Tensor.prototype.indexPut = function (items, values, options) {
  return indexPut(this, items, values, options)
}
Tensor.prototype.indexPut_ = function (items, values, options) {
  return replace('indexPut_', this, [values], x => indexPut(x, items, values, options)) as typeof this
}
Tensor.prototype.indexSelect = function (dim, list) {
  return indexSelect(this, dim, list)
}
Tensor.prototype.indexAdd = function (dim, list, source, options) {
  return indexAdd(this, dim, list, source, options)
}
Tensor.prototype.indexAdd_ = function (dim, list, source, options) {
  return replace('indexAdd_', this, [source], x => indexAdd(x, dim, list, source, options)) as typeof this
}
Tensor.prototype.indexCopy = function (dim, list, source) {
  return indexCopy(this, dim, list, source)
}
Tensor.prototype.indexCopy_ = function (dim, list, source) {
  return replace('indexCopy_', this, [source], x => indexCopy(x, dim, list, source)) as typeof this
}
Tensor.prototype.indexFill = function (dim, list, value) {
  return indexFill(this, dim, list, value)
}
Tensor.prototype.indexFill_ = function (dim, list, value) {
  return replace('indexFill_', this, [value], x => indexFill(x, dim, list, value)) as typeof this
}
Tensor.prototype.maskedSelect = function (mask) {
  return maskedSelect(this, mask)
}
Tensor.prototype.nonzero = function () {
  return nonzero(this)
}
