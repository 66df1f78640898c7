// Images and sequences at another size. Each dimension is resampled by itself; where an element comes from is what
// ATen/native/UpSample.h says, in its precision.
import { checkTensor } from '../autograd/defineOp.js'
import { isFloating } from '../core/dtype.js'
import {
  checkArray,
  checkChoice,
  checkFlag,
  checkInteger,
  checkNumber,
  checkOptions,
  DTypeError,
  formatShape,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { parts } from './adaptive.js'
import { checkTable, resample, type Sums } from './resample.js'

const modes = ['nearest', 'linear', 'bilinear', 'bicubic', 'trilinear', 'area', 'nearest-exact'] as const
export type InterpolateMode = (typeof modes)[number]

/** Throws unless `mode` is one of interpolate's. Returns it. */
export const checkMode = (op: string, mode: unknown): InterpolateMode => checkChoice(op, 'mode', mode, modes)
/** Spatial dimensions that a mode is for, where it is for one number of them. */
const dimsOf: Partial<Record<InterpolateMode, number>> = { linear: 1, bilinear: 2, bicubic: 2, trilinear: 3 }

export interface InterpolateOptions {
  /** Of the result. Either this or `scaleFactor`. */
  size?: number | readonly number[] | null
  /** How many times the size of the input. */
  scaleFactor?: number | readonly number[] | null
  /** Default: 'nearest'. */
  mode?: InterpolateMode
  /** For linear and cubic modes: the corners of input and result are the same points. Default: false. */
  alignCorners?: boolean | null
  /** Compute the scale from the sizes, though scaleFactor is given. Default: false. */
  recomputeScaleFactor?: boolean | null
}

/** Rounds as the arithmetic that PyTorch computes positions in does. */
type Round = (x: number) => number

interface Axis {
  readonly from: number
  readonly to: number
  /** Given, else 0. */
  readonly factor: number
  /** Each element twice, whatever the factor. */
  readonly doubled: boolean
  readonly round: Round
}

const stepOf = ({ from, to, factor }: Axis, round: Round) => round(factor > 0 ? 1 / factor : round(from) / to)

/** Positions in the input that the results lie at. */
function positions(axis: Axis, corners: boolean): (i: number) => number {
  const { round, from, to } = axis
  if (corners) {
    const step = to > 1 ? round((from - 1) / (to - 1)) : 0
    return i => round(step * i)
  }
  const step = stepOf(axis, round)
  return i => round(round(step * (i + 0.5)) - 0.5)
}

function nearestSums(axis: Axis, exact: boolean): Sums {
  // Always in float32, whatever the tensor's dtype.
  const step = axis.doubled ? 0.5 : stepOf(axis, Math.fround)
  return Array.from({ length: axis.to }, (_, i) => {
    const at = Math.floor(Math.fround(Math.fround(exact ? i + 0.5 : i) * step))
    return [{ at: Math.min(at, axis.from - 1), weight: 1 }]
  })
}

function linearSums(axis: Axis, corners: boolean): Sums {
  const position = positions(axis, corners)
  return Array.from({ length: axis.to }, (_, i) => {
    const x = Math.max(position(i), 0)
    const at = Math.min(Math.floor(x), axis.from - 1)
    const rest = Math.min(Math.max(axis.round(x - at), 0), 1)
    return at < axis.from - 1
      ? [
          { at, weight: axis.round(1 - rest) },
          { at: at + 1, weight: rest },
        ]
      : [{ at, weight: 1 }]
  })
}

// Keys' kernel with A = -0.75, for distances up to 1, and from 1 to 2.
const A = -0.75
const near = (t: number) => ((A + 2) * t - (A + 3)) * t * t + 1
const far = (t: number) => ((A * t - 5 * A) * t + 8 * A) * t - 4 * A

function cubicSums(axis: Axis, corners: boolean): Sums {
  const position = positions(axis, corners)
  const inside = (at: number) => Math.min(Math.max(at, 0), axis.from - 1)
  return Array.from({ length: axis.to }, (_, i) => {
    const x = position(i)
    const at = Math.floor(x)
    const t = axis.round(x - at)
    const weights = [far(t + 1), near(t), near(1 - t), far(2 - t)]
    return weights.map((weight, k) => ({ at: inside(at - 1 + k), weight }))
  })
}

function sumsOf(mode: InterpolateMode, axis: Axis, corners: boolean): Sums {
  if (mode === 'nearest' || mode === 'nearest-exact') return nearestSums(axis, mode === 'nearest-exact')
  if (mode === 'area') return parts(axis.from, axis.to)
  return mode === 'bicubic' ? cubicSums(axis, corners) : linearSums(axis, corners)
}

function perDimension(op: string, what: string, value: number | readonly number[], dims: number): readonly number[] {
  if (typeof value === 'number') return new Array<number>(dims).fill(value)
  if (checkArray(op, what, value).length === dims) return value
  throw new ValueError(`${what} must be one number or ${dims}, got ${formatShape(value)}`, { op })
}

/**
 * A tensor of another spatial size. Shapes: x [N, C, L], [N, C, H, W] or [N, C, D, H, W].
 * @example
 * interpolate(x, { scaleFactor: 2, mode: 'bilinear' })
 * @throws ValueError unless exactly one of size and scaleFactor is given; ShapeError if the mode is for another number of dimensions
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 */
export function interpolate(x: Tensor, options?: InterpolateOptions): Tensor {
  const op = 'interpolate'
  checkTensor(op, x)
  checkOptions(op, options, ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor'])
  const mode = checkMode(op, options?.mode ?? 'nearest')
  const size = options?.size ?? null
  const scaleFactor = options?.scaleFactor ?? null
  const recompute = checkFlag(op, 'recomputeScaleFactor', options?.recomputeScaleFactor ?? false)
  const corners = checkFlag(op, 'alignCorners', options?.alignCorners ?? false)
  const dims = x.shape.length - 2
  const wanted = dimsOf[mode]
  if (dims < 1 || dims > 3 || (wanted !== undefined && wanted !== dims)) {
    const needs = wanted === undefined ? '3 to 5' : wanted + 2
    const message = `input ${formatShape(x.shape)} has ${x.shape.length} dimensions, mode '${mode}' needs ${needs}`
    throw new ShapeError(message, { op, shapes: [x.shape] })
  }
  if (!isFloating(x.dtype)) throw new DTypeError(`input is ${x.dtype}, it must be float32 or float64`, { op })
  if ((size === null) === (scaleFactor === null)) throw new ValueError('give either size or scaleFactor', { op })
  if (options?.alignCorners !== undefined && options.alignCorners !== null && wanted === undefined) {
    throw new ValueError(`alignCorners belongs to linear and cubic modes, not to '${mode}'`, { op })
  }
  const from = x.shape.slice(2)
  if (from.some(n => n === 0))
    throw new ShapeError(`input ${formatShape(x.shape)} has no elements to interpolate`, { op, shapes: [x.shape] })
  const factors = scaleFactor === null ? null : perDimension(op, 'scaleFactor', scaleFactor, dims)
  const sizes = size === null ? null : perDimension(op, 'size', size, dims)
  const axes = from.map((n, d): Axis => {
    const factor = factors === null ? 0 : checkNumber(op, 'scaleFactor', factors[d])
    const to = sizes === null ? Math.floor(n * factor) : sizes[d]
    checkInteger(op, 'a size of the result', to, 1)
    checkTable(op, [n], [to])
    return {
      from: n,
      to,
      factor: recompute || mode === 'area' ? 0 : factor,
      doubled: mode === 'nearest' && dims === 2 && to === 2 * n,
      round: x.dtype === 'float32' ? Math.fround : v => v,
    }
  })
  return resample(
    x,
    axes.map(axis =>
      axis.from === axis.to && unchanged(mode, axis, corners, dims) ? null : sumsOf(mode, axis, corners),
    ),
  )
}

/** Whether a dimension that keeps its size keeps its elements. In these modes a given factor moves them, in PyTorch too. */
function unchanged(mode: InterpolateMode, axis: Axis, corners: boolean, dims: number): boolean {
  const moves = mode === 'bicubic' || mode === 'nearest-exact' || (mode === 'nearest' && dims !== 2)
  return !moves || corners || axis.factor === 0 || axis.factor === 1
}
