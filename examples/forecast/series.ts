// Hourly electricity demand, made up: two peaks a day, calm weekends, a slow drift with the weather, noise.
import { randn, type Tensor, tensor } from 'glorot'

const DAY = 24
export const WEEK = 7 * DAY

const bump = (hour: number, at: number, width: number) => Math.exp(-(((hour - at) / width) ** 2))

/** Demand in MW for `days` days. Draws from the default generator. */
export function demand(days: number): Float32Array {
  const weather = randn([days]).toTypedArray()
  const noise = randn([days * DAY]).toTypedArray()
  const series = new Float32Array(days * DAY)
  let warmth = 0
  for (let d = 0; d < days; d++) {
    // Warm and cold spells last for days.
    warmth = 0.85 * warmth + 12 * weather[d]
    const weekend = d % 7 >= 5
    for (let h = 0; h < DAY; h++) {
      const morning = (weekend ? 55 : 130) * bump(h, weekend ? 10 : 8, 2.5)
      const evening = (weekend ? 120 : 165) * bump(h, 19, 3)
      const season = 60 * Math.cos((2 * Math.PI * d) / 365)
      series[d * DAY + h] = 420 + season + morning + evening - warmth + 8 * noise[d * DAY + h]
    }
  }
  return series
}

/** Features of an hour. */
export const FEATURES = 5

/** Of each hour: demand in units of its deviation, where in the day it is, whether it is a weekend, whether tomorrow is. */
export function features(series: Float32Array, mean: number, deviation: number): Float32Array[] {
  return Array.from(series, (v, i) => {
    const angle = (2 * Math.PI * (i % DAY)) / DAY
    const weekend = (at: number) => (at % WEEK >= 5 * DAY ? 1 : 0)
    return Float32Array.of((v - mean) / deviation, Math.sin(angle), Math.cos(angle), weekend(i), weekend(i + DAY))
  })
}

/** Windows of `past` hours and the day after each, from hour `from` to hour `to`: [windows, past, FEATURES] and [windows, 24]. */
export function windows(
  rows: readonly Float32Array[],
  from: number,
  to: number,
  past: number,
  every: number,
): [Tensor, Tensor] {
  const starts: number[] = []
  for (let at = from; at + past + DAY <= to; at += every) starts.push(at)
  const width = rows[0].length
  const x = new Float32Array(starts.length * past * width)
  const y = new Float32Array(starts.length * DAY)
  starts.forEach((at, k) => {
    for (let i = 0; i < past; i++) x.set(rows[at + i], (k * past + i) * width)
    for (let i = 0; i < DAY; i++) y[k * DAY + i] = rows[at + past + i][0]
  })
  return [tensor(x).reshape([starts.length, past, width]), tensor(y).reshape([starts.length, DAY])]
}
