// The data in numbers: columns of the inputs, values of the targets.
import { isFloating } from '../core/dtype.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Case } from './case.js'
import { classCounts, type LossKind } from './loss.js'
import { firstNonfinite } from './measure.js'
import type { DataFacts } from './trace.js'

export interface Column {
  readonly index: number
  readonly mean: number
  readonly std: number
  readonly rms: number
  /** Takes two values at most. */
  readonly binary: boolean
}

export interface Bad {
  readonly count: number
  readonly row: number
  readonly column: number
}

export interface DataView {
  /** Of float inputs: features, channels of images; empty for indices. */
  readonly columns: readonly Column[]
  readonly badInputs: Bad | null
  readonly badTargets: Bad | null
  readonly target: {
    readonly mean: number
    readonly std: number
    readonly rms: number
    readonly min: number
    readonly max: number
    /** Every value is 0 or 1. */
    readonly binary: boolean
    readonly whole: boolean
  }
  /** Rows per class, where the targets are classes or one column of 0 and 1. */
  readonly classes: readonly number[] | null
  readonly facts: DataFacts
}

const MOST_VALUES = 4_000_000

function badIn(t: Tensor): Bad | null {
  if (!isFloating(t.dtype)) return null
  const first = firstNonfinite(t)
  if (first < 0) return null
  const values = t.isContiguous() ? t.typedArray() : t.toTypedArray()
  let count = 0
  for (let i = first; i < values.length; i++) if (!Number.isFinite(values[i])) count++
  const width = t.count / t.shape[0]
  return { count, row: Math.floor(first / width), column: first % width }
}

/** Statistics of the columns of an input. */
export function columnsOf(t: Tensor): Column[] {
  if (!isFloating(t.dtype) || t.count === 0) return []
  const values = t.isContiguous() ? t.typedArray() : t.toTypedArray()
  const { shape } = t
  const [columns, inner] =
    shape.length === 4 ? [shape[1], shape[2] * shape[3]] : [shape.length === 1 ? 1 : shape[shape.length - 1], 1]
  const rows = t.count / columns / inner
  const stride = Math.max(1, Math.ceil(t.count / MOST_VALUES))
  return Array.from({ length: columns }, (_, c) => {
    let n = 0
    let sum = 0
    let squares = 0
    let other = Number.NaN
    let binary = true
    const first = values[c * inner]
    for (let r = 0; r < rows; r += stride) {
      for (let k = 0; k < inner; k++) {
        const v = values[(r * columns + c) * inner + k]
        n++
        sum += v
        squares += v * v
        if (v !== first && v !== other) {
          if (Number.isNaN(other)) other = v
          else binary = false
        }
      }
    }
    const mean = sum / n
    let spread = 0
    for (let r = 0; r < rows; r += stride)
      for (let k = 0; k < inner; k++) spread += (values[(r * columns + c) * inner + k] - mean) ** 2
    // Rounding leaves a little where every value is the same.
    const std = Number.isNaN(other) ? 0 : Math.sqrt(spread / n)
    return { index: c, mean, std, rms: Math.sqrt(squares / n), binary }
  })
}

function range(t: Tensor) {
  const values = t.isContiguous() ? t.typedArray() : t.toTypedArray()
  let [min, max, sum, squares] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
  let [binary, whole] = [true, true]
  for (let i = 0; i < values.length; i++) {
    const v = values[i]
    if (v < min) min = v
    if (v > max) max = v
    sum += v
    squares += v * v
    if (v !== 0 && v !== 1) binary = false
    if (!Number.isInteger(v)) whole = false
  }
  const mean = sum / values.length
  let spread = 0
  for (let i = 0; i < values.length; i++) spread += (values[i] - mean) ** 2
  const std = min === max ? 0 : Math.sqrt(spread / values.length)
  return { mean, std, rms: Math.sqrt(squares / values.length), min, max, binary, whole }
}

/** Rows per class, whatever form they come in. */
function classesOf(y: Tensor, kind: LossKind, binary: boolean): number[] | null {
  if (kind === 'ce' || kind === 'nll') {
    if (!isFloating(y.dtype)) return classCounts(y)
    if (y.shape.length !== 2 || !binary) return null
    const width = y.shape[1]
    const counts = new Array<number>(width).fill(0)
    y.toTypedArray().forEach((v: number, i: number) => {
      if (v === 1) counts[i % width]++
    })
    return counts
  }
  const single = y.count === y.shape[0]
  return single && binary && kind !== 'other' ? classCounts(y) : null
}

export function viewData(c: Case, kind: LossKind): DataView {
  const { X, y } = c
  const x = range(X)
  const target = range(y)
  const classes = classesOf(y, kind, target.binary)
  return {
    columns: columnsOf(X),
    badInputs: badIn(X),
    badTargets: badIn(y),
    target,
    classes,
    facts: {
      rows: c.rows,
      inputShape: X.shape.slice(1),
      targetShape: y.shape.slice(1),
      inputMean: x.mean,
      inputStd: x.std,
      inputMin: x.min,
      inputMax: x.max,
      targetMean: target.mean,
      targetStd: target.std,
      targetMin: target.min,
      targetMax: target.max,
      classes,
    },
  }
}
