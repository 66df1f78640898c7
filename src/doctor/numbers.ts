// Small statistics of plain numbers.
import type { TypedArray } from '../core/dtype.js'

export type Numbers = readonly number[] | TypedArray

export function mean(values: Numbers): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}

/** Of all values, divided by their number. */
export function std(values: Numbers): number {
  const m = mean(values)
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += (values[i] - m) ** 2
  return Math.sqrt(sum / values.length)
}

export function rms(values: Numbers): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i] * values[i]
  return Math.sqrt(sum / values.length)
}

/** The value below which a share of the values lies; NaN of none. */
export function quantile(values: Numbers, share: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted.length === 0 ? Number.NaN : sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
}

export const median = (values: Numbers): number => quantile(values, 0.5)

/** For reading: three significant digits; what JSON cannot say becomes text. */
export function shown(value: number): number | string {
  return Number.isFinite(value) ? Number(value.toPrecision(3)) : String(value)
}

/** `12%` */
export const percent = (share: number): string => `${Math.round(share * 1000) / 10}%`
