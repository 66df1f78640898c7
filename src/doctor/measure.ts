// Measures of tensors: norms, distances, and how the outputs of a layer are spread.
import { noGrad } from '../autograd/mode.js'
import { amax } from '../ops/extremum.js'
import type { Tensor } from '../tensor/tensor.js'
import type { ActivationStats, Histogram } from './trace.js'

// Below this a loop in JavaScript is faster than three launches.
const SMALL = 2048
const SAMPLE = 8192
const BINS = 24

export function sumOfSquares(t: Tensor): number {
  if (t.count > SMALL) return noGrad(() => t.norm().item()) ** 2
  const values = t.isContiguous() ? t.typedArray() : t.toTypedArray()
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i]
  return sum
}

export const rmsOf = (t: Tensor): number => Math.sqrt(sumOfSquares(t) / t.count)

/** Evenly spaced elements of a tensor, at most so many. */
export function sampleOf(t: Tensor, most = SAMPLE): Float64Array {
  const values = t.isContiguous() ? t.typedArray() : t.toTypedArray()
  // A step that shares no factor with common widths, so that every column is met.
  const step = values.length <= most ? 1 : Math.ceil(values.length / most) | 1
  const out = new Float64Array(Math.ceil(values.length / step))
  for (let i = 0, k = 0; i < values.length; i += step) out[k++] = values[i]
  return out
}

/** rms of the difference of two lists of one length. */
export function distance(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2
  return Math.sqrt(sum / a.length)
}

function histogramOf(values: Float64Array): Histogram {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const v of values) {
    if (v < low) low = v
    if (v > high) high = v
  }
  const counts = new Array<number>(BINS).fill(0)
  const width = high - low || 1
  for (const v of values) if (Number.isFinite(v)) counts[Math.min(BINS - 1, Math.floor(((v - low) / width) * BINS))]++
  return { low, high, counts }
}

/** Where the slope is below 2.7% of its largest: |z| > 5 for a sigmoid, |z| > 2.5 for a tanh. */
const flat: Readonly<Record<string, (y: number) => boolean>> = {
  sigmoid: y => y < 0.0066929 || y > 0.9933071,
  tanh: y => Math.abs(y) > 0.9866143,
}

/** Slope of a sigmoid or tanh from its result, against its largest. */
const slope: Readonly<Record<string, (y: number) => number>> = {
  sigmoid: y => 4 * y * (1 - y),
  tanh: y => 1 - y * y,
}

/** Share of results on the flat part; null for what has none. */
export function saturatedShare(kind: string, values: Float64Array): number | null {
  const isFlat = flat[kind]
  if (isFlat === undefined || values.length === 0) return null
  let n = 0
  for (const y of values) if (isFlat(y)) n++
  return n / values.length
}

/** Mean slope against the largest possible; null for what is no sigmoid or tanh. */
export function meanSlope(kind: string, values: Float64Array): number | null {
  const f = slope[kind]
  if (f === undefined || values.length === 0) return null
  let sum = 0
  for (const y of values) sum += f(y)
  return sum / values.length
}

/** Units of a ReLU that are 0 on every row: [dead, all]. Dimension 1 is the units of an image, the last one those of anything else. */
export function deadUnits(y: Tensor): [number, number] {
  const { shape } = y
  const channels = shape.length === 4
  if (!channels && shape.length > 1 && y.count > SMALL) {
    const last = shape.length - 1
    const highest = noGrad(() =>
      amax(
        y,
        Array.from({ length: last }, (_, d) => d),
      ).toTypedArray(),
    )
    let dead = 0
    for (const v of highest) if (v <= 0) dead++
    return [dead, highest.length]
  }
  const values = y.isContiguous() ? y.typedArray() : y.toTypedArray()
  const units = channels ? shape[1] : shape[shape.length - 1]
  const inner = channels ? shape[2] * shape[3] : 1
  const alive = new Uint8Array(units)
  for (let i = 0; i < values.length; i++) if (!(values[i] <= 0)) alive[Math.floor(i / inner) % units] = 1
  let n = 0
  for (const a of alive) n += a
  return [units - n, units]
}

export function activationStats(kind: string, y: Tensor): ActivationStats {
  const values = sampleOf(y)
  let sum = 0
  for (const v of values) sum += v
  const mean = sum / values.length
  let squares = 0
  for (const v of values) squares += (v - mean) ** 2
  const [dead, units] = kind === 'relu' ? deadUnits(y) : [0, 0]
  return {
    kind,
    mean,
    std: Math.sqrt(squares / values.length),
    saturated: saturatedShare(kind, values),
    dead: kind === 'relu' && units > 0 ? dead / units : null,
    histogram: histogramOf(values),
  }
}

/** Position of the first value that is not finite, -1 for none. */
export function firstNonfinite(t: Tensor): number {
  const values = t.isContiguous() ? t.typedArray() : t.toTypedArray()
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i
  return -1
}
