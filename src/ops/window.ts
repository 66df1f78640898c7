// Windows that slide over the last dimensions of [N, C, *]: the geometry of convolutions, poolings and unfold.
import { checkTensor } from '../autograd/defineOp.js'
import { isFloating } from '../core/dtype.js'
import { checkInteger, DTypeError, formatShape, ShapeError, ValueError } from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { reshape } from './view.js'

/** One number for all spatial dimensions, or one for each. */
export type Extent = number | readonly number[]

/** A number for each of `dims` spatial dimensions. @throws TypeError, ValueError where it is not whole numbers from `least` on */
export function extents(op: string, what: string, value: unknown, dims: number, least: number): number[] {
  if (!Array.isArray(value)) return new Array<number>(dims).fill(checkInteger(op, what, value, least))
  // PyTorch's way of writing one number for all.
  if (value.length === 1) return extents(op, what, value[0], dims, least)
  if (value.length !== dims) {
    throw new ValueError(`${what} must be one number or ${dims}, got ${formatShape(value)} of ${value.length}`, { op })
  }
  return value.map(v => checkInteger(op, what, v, least))
}

/** `value` as it was given, after the checks of `extents`. */
export function checkExtents(op: string, what: string, value: Extent, dims: number, least: number): Extent {
  extents(op, what, value, dims, least)
  return value
}

const letters = ['L', 'H, W', 'D, H, W']

/**
 * The input with a batch dimension, and whether it had one.
 * @throws ShapeError unless it is [N, C, *] or [C, *]; DTypeError unless it is floating
 */
export function batched(op: string, x: Tensor, dims: number): [Tensor, boolean] {
  checkTensor(op, x)
  const n = x.shape.length
  if (n !== dims + 1 && n !== dims + 2) {
    const message = `input ${formatShape(x.shape)} of ${n} dimensions must be [N, C, ${letters[dims - 1]}] or [C, ${letters[dims - 1]}]`
    throw new ShapeError(message, { op, shapes: [x.shape] })
  }
  if (!isFloating(x.dtype)) throw new DTypeError(`input is ${x.dtype}, it must be float32 or float64`, { op })
  return n === dims + 2 ? [x, true] : [reshape(x, [1, ...x.shape]), false]
}

/** The result as the input was: with a batch dimension, or without. */
export function unbatched(x: Tensor, had: boolean): Tensor {
  return had ? x : reshape(x, x.shape.slice(1))
}

export interface Geometry {
  readonly input: readonly number[]
  readonly output: readonly number[]
  readonly kernel: readonly number[]
  readonly stride: readonly number[]
  /** In front; behind, a window may reach past the input as far as `output` says. */
  readonly padding: readonly number[]
  readonly dilation: readonly number[]
}

const three = (list: readonly number[], absent: number) => [...new Array<number>(3 - list.length).fill(absent), ...list]

/** The geometry as native/kernels/conv/window.h reads it. */
export function windowSizes(g: Geometry): number[] {
  return [
    ...three(g.input, 1),
    ...three(g.output, 1),
    ...three(g.kernel, 1),
    ...three(g.stride, 1),
    ...three(g.padding, 0),
    ...three(g.dilation, 1),
  ]
}

/** Elements that a kernel reaches over. */
export function reach(kernel: number, dilation: number): number {
  return dilation * (kernel - 1) + 1
}

/** @throws ShapeError where a kernel does not fit into what it slides over */
export function checkFits(op: string, g: Omit<Geometry, 'output'>, behind: readonly number[], shape: Shape): void {
  const padded = g.input.map((n, d) => n + g.padding[d] + behind[d])
  const spans = g.kernel.map((k, d) => reach(k, g.dilation[d]))
  if (spans.every((s, d) => s <= padded[d])) return
  const dilated = g.dilation.some(d => d !== 1) ? ` with dilation ${formatShape(g.dilation)}` : ''
  const message = `kernel ${formatShape(g.kernel)}${dilated} reaches over ${formatShape(spans)}, more than the padded input ${formatShape(padded)}`
  throw new ShapeError(message, { op, shapes: [shape] })
}
