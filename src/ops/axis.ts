// Reductions see a tensor as [outer, R, inner]: R is what they run along. Several dims that are not neighbours are brought to the end
// first, by a recorded permutation.
import { isFloating } from '../core/dtype.js'
import { DTypeError, formatShape, ShapeError } from '../core/errors.js'
import { resolveDims, type Shape } from '../core/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { withShape } from './broadcast.js'
import './view.js'

export type Dims = number | readonly number[] | null

/** Dimensions [from, to) of a tensor. */
export interface Run {
  readonly from: number
  readonly to: number
}

/** [outer, R, inner] of a run. */
export function extents(shape: Shape, { from, to }: Run): [number, number, number] {
  let outer = 1
  let R = 1
  let inner = 1
  for (let d = 0; d < shape.length; d++) {
    if (d < from) outer *= shape[d]
    else if (d < to) R *= shape[d]
    else inner *= shape[d]
  }
  return [outer, R, inner]
}

/** The shape without the dimensions of a run. */
export function without(shape: Shape, { from, to }: Run): number[] {
  return [...shape.slice(0, from), ...shape.slice(to)]
}

/** A result without the dimensions of a run, with those as 1 again: what it is broadcast back by. */
export function spread(x: Tensor, shape: Shape, { from, to }: Run): Tensor {
  return withShape(x, [...shape.slice(0, from), ...new Array<number>(to - from).fill(1), ...shape.slice(to)])
}

/** Reduces x over dims by `reduce`, which is given a tensor and a run of it and drops the run. */
export function over(
  op: string,
  x: Tensor,
  dim: Dims | undefined,
  keepdim: boolean,
  reduce: (x: Tensor, run: Run) => Tensor,
): Tensor {
  const dims = resolveDims(op, dim, x.shape.length)
  const neighbours = dims.every((d, i) => i === 0 || d === dims[i - 1] + 1)
  let out: Tensor
  if (neighbours)
    out = reduce(x, dims.length === 0 ? { from: 0, to: 0 } : { from: dims[0], to: dims[dims.length - 1] + 1 })
  else {
    const kept = x.shape.map((_, d) => d).filter(d => !dims.includes(d))
    out = reduce(x.permute([...kept, ...dims]), { from: kept.length, to: x.shape.length })
  }
  if (!keepdim) return out
  return withShape(
    out,
    x.shape.map((n, d) => (dims.includes(d) ? 1 : n)),
  )
}

/** Throws unless x is floating. */
export function needsFloating(op: string, x: Tensor): void {
  if (isFloating(x.dtype)) return
  throw new DTypeError(`needs a floating tensor, got ${x.dtype}; convert it with .float()`, { op })
}

/** Throws where there is nothing to pick from. */
export function needsElements(op: string, shape: Shape, run: Run): void {
  if (extents(shape, run)[1] > 0) return
  throw new ShapeError(`there is no element to pick along a dimension of size 0, shape ${formatShape(shape)}`, {
    op,
    shapes: [shape],
  })
}
