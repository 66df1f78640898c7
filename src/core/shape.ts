// Pure algebra of shapes and strides: no tensor, no memory.
import { checkInteger, describe, formatShape, IndexError, ShapeError, ValueError } from './errors.js'

export type Shape = readonly number[]

export function numel(shape: Shape): number {
  let n = 1
  for (let i = 0; i < shape.length; i++) n *= shape[i]
  return n
}

/** Row-major strides, in elements. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let n = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = n
    n *= Math.max(shape[d], 1)
  }
  return strides
}

export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  let n = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] === 0) return true
    if (shape[d] !== 1 && strides[d] !== n) return false
    n *= shape[d]
  }
  return true
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Throws unless shape is an array of whole numbers >= 0 whose product can be addressed. Returns a copy. */
export function checkShape(op: string, shape: unknown): number[] {
  if (!Array.isArray(shape)) throw new TypeError(`${op}: a shape must be an array of numbers, got ${describe(shape)}`)
  for (let i = 0; i < shape.length; i++) checkInteger(op, `dimension ${i} of the shape`, shape[i])
  if (!Number.isSafeInteger(numel(shape) * 8)) {
    throw new ValueError(`shape ${formatShape(shape)} has more elements than memory can hold`, { op, shapes: [shape] })
  }
  return shape.slice()
}

/** A dimension counted from either end, in [0, ndim). A 0-d tensor takes 0 and -1, as in PyTorch. */
export function resolveDim(op: string, dim: unknown, ndim: number): number {
  if (typeof dim !== 'number') throw new TypeError(`${op}: dim must be a number, got ${describe(dim)}`)
  const n = Math.max(ndim, 1)
  if (!Number.isInteger(dim) || dim < -n || dim >= n) {
    throw new IndexError(
      `dim ${dim} is out of range for a tensor of ${ndim} dimensions (it may be ${-n} to ${n - 1})`,
      { op },
    )
  }
  return dim < 0 ? dim + n : dim
}

/** Several dimensions, sorted and without duplicates; undefined, null or [] mean all. */
export function resolveDims(op: string, dim: number | readonly number[] | null | undefined, ndim: number): number[] {
  if (dim === undefined || dim === null || (Array.isArray(dim) && dim.length === 0)) {
    return Array.from({ length: ndim }, (_, d) => d)
  }
  if (typeof dim === 'number') {
    const d = resolveDim(op, dim, ndim)
    return ndim === 0 ? [] : [d]
  }
  if (!Array.isArray(dim))
    throw new TypeError(`${op}: dim must be a number or an array of numbers, got ${describe(dim)}`)
  const dims = dim.map(d => resolveDim(op, d, ndim)).sort((a, b) => a - b)
  for (let i = 1; i < dims.length; i++) {
    if (dims[i] === dims[i - 1]) throw new ValueError(`dim ${dims[i]} appears twice in [${dim.join(', ')}]`, { op })
  }
  return ndim === 0 ? [] : dims
}

/** An index counted from either end of a dimension of this size, in [0, size). */
export function resolveIndex(op: string, index: unknown, size: number): number {
  if (typeof index !== 'number') throw new TypeError(`${op}: index must be a number, got ${describe(index)}`)
  if (!Number.isInteger(index) || index < -size || index >= size) {
    throw new IndexError(`index ${index} is out of range for a dimension of size ${size}`, { op })
  }
  return index < 0 ? index + size : index
}

/** The shape two shapes broadcast to: aligned at the end, 1 stretches. */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a
  const ndim = Math.max(a.length, b.length)
  const out = new Array<number>(ndim)
  for (let d = 1; d <= ndim; d++) {
    const x = d <= a.length ? a[a.length - d] : 1
    const y = d <= b.length ? b[b.length - d] : 1
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast (dim -${d}: ${x} against ${y})`,
        {
          op,
          shapes: [a, b],
        },
      )
    }
    out[ndim - d] = x === 1 ? y : x
  }
  return out
}

/** Strides of a view stretched to `shape`: 0 along stretched and added dimensions. */
export function broadcastStrides(from: Shape, strides: readonly number[], shape: Shape): number[] {
  const added = shape.length - from.length
  return shape.map((size, d) => (d < added || (from[d - added] === 1 && size !== 1) ? 0 : strides[d - added]))
}

/** A shape with at most one -1 filled in so that it holds n elements. */
export function inferShape(op: string, shape: readonly number[], n: number, from: Shape): number[] {
  if (!Array.isArray(shape)) throw new TypeError(`${op}: a shape must be an array of numbers, got ${describe(shape)}`)
  const out = shape.slice()
  let unknown = -1
  let known = 1
  for (let d = 0; d < out.length; d++) {
    if (out[d] === -1) {
      if (unknown >= 0) throw new ValueError(`only one dimension can be -1, got ${formatShape(shape)}`, { op })
      unknown = d
    } else known *= checkInteger(op, `dimension ${d} of the shape`, out[d])
  }
  if (unknown >= 0 && known > 0 && n % known === 0) out[unknown] = n / known
  else if (unknown >= 0 || known !== n) {
    throw new ShapeError(`${formatShape(shape)} cannot hold the ${n} elements of ${formatShape(from)}`, {
      op,
      shapes: [from, out],
    })
  }
  return out
}

/** Strides that show a strided view under another shape without a copy, or null where there are none. */
export function viewStrides(shape: Shape, strides: readonly number[], to: Shape): number[] | null {
  if (numel(shape) === 0 || isContiguous(shape, strides)) return contiguousStrides(to)
  const out = new Array<number>(to.length)
  let d = to.length - 1
  let end = shape.length - 1
  while (end >= 0) {
    // A run [start, end] of dimensions that lie in memory as one.
    let start = end
    let size = shape[end]
    const step = strides[end]
    while (start > 0 && (shape[start - 1] === 1 || size === 1 || strides[start - 1] === step * size)) {
      if (size === 1 && shape[start - 1] !== 1) return viewStridesSqueezed(shape, strides, to)
      size *= shape[--start]
    }
    let filled = 1
    while (d >= 0 && (filled < size || to[d] === 1)) {
      out[d] = step * filled
      filled *= to[d--]
    }
    if (filled !== size) return null
    end = start - 1
  }
  while (d >= 0) {
    if (to[d] !== 1) return null
    out[d--] = 1
  }
  return out
}

function viewStridesSqueezed(shape: Shape, strides: readonly number[], to: Shape): number[] | null {
  const keep = shape.map((size, d) => (size === 1 ? -1 : d)).filter(d => d >= 0)
  return viewStrides(
    keep.map(d => shape[d]),
    keep.map(d => strides[d]),
    to,
  )
}
