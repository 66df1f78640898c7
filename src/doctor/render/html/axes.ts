// The frame of a chart: scales by d3-scale, ticks, grid, names of the axes.
import { type ScaleContinuousNumeric, scaleLinear, scaleLog } from 'd3-scale'
import { short } from '../format.js'
import { extremes } from '../thin.js'
import { html, type Markup } from './markup.js'

export const WIDTH = 480
export const HEIGHT = 250
const MARGIN = { left: 58, right: 14, top: 26, bottom: 34 }

export type Scale = ScaleContinuousNumeric<number, number>

export interface Axis {
  readonly title: string
  readonly log?: boolean
  /** Values to be shown, those that cannot be are ignored. */
  readonly values: readonly number[]
  /** The least that the axis reaches to. */
  readonly include?: readonly number[]
}

/** Values between which an axis runs; a single one is widened. */
function extent({ values, include = [], log }: Axis): [number, number] {
  const all = [...values, ...include]
  const [low, high] = extremes(log ? all.filter(x => x > 0) : all)
  if (low > high) return log ? [0.1, 1] : [0, 1]
  if (low < high) return [low, high]
  if (log) return [low / 10, high * 10]
  return low === 0 ? [0, 1] : [low - Math.abs(low) / 2, low + Math.abs(low) / 2]
}

function scaleOf(axis: Axis, from: number, to: number): Scale {
  const scale = axis.log ? scaleLog() : scaleLinear()
  return scale.domain(extent(axis)).nice().range([from, to]) as Scale
}

/** Steps and rates run from edge to edge. */
export const acrossScale = (axis: Axis): Scale => {
  const scale = axis.log ? scaleLog() : scaleLinear()
  return scale.domain(extent(axis)).range([MARGIN.left, WIDTH - MARGIN.right]) as Scale
}

export const upScale = (axis: Axis): Scale => scaleOf(axis, HEIGHT - MARGIN.bottom, MARGIN.top)

/** Ticks that have room; on a logarithmic axis powers of ten. */
function ticksOf(scale: Scale, log: boolean, most: number): number[] {
  if (!log) return scale.ticks(most)
  const [from, to] = scale.domain().map(Math.log10)
  const [low, high] = [Math.ceil(from - 1e-9), Math.floor(to + 1e-9)]
  const every = Math.max(1, Math.ceil((high - low) / most))
  const powers = []
  for (let e = low; e <= high; e += every) powers.push(10 ** e)
  return powers
}

/** `0.01`; beyond that `1e-5`. */
function tickLabel(value: number, log: boolean): string {
  if (!log || (value >= 0.01 && value <= 1000)) return short(Number(value.toPrecision(12)))
  return `1e${Math.round(Math.log10(value))}`
}

const fixed = (x: number) => x.toFixed(1)

/** Grid, ticks and names under the marks of a chart. `across` is absent where the marks name themselves. */
export function frame(up: Scale, upAxis: Axis, across?: Scale, acrossAxis?: Axis): Markup {
  const left = MARGIN.left
  const right = WIDTH - MARGIN.right
  const bottom = HEIGHT - MARGIN.bottom
  const rows = ticksOf(up, upAxis.log ?? false, 6).map(value => {
    const y = fixed(up(value))
    return html`<path class="grid" d="M${left} ${y}H${right}"/><text x="${left - 7}" y="${y}" dy="4" text-anchor="end">${tickLabel(value, upAxis.log ?? false)}</text>`
  })
  const columns =
    across && acrossAxis
      ? ticksOf(across, acrossAxis.log ?? false, acrossAxis.log ? 9 : 5).map(value => {
          const x = fixed(across(value))
          const label = acrossAxis.log ? tickLabel(value, true) : value.toLocaleString('en')
          return html`<path class="tick" d="M${x} ${bottom}v4"/><text x="${x}" y="${bottom + 16}" text-anchor="middle">${label}</text>`
        })
      : []
  return html`${rows}<path class="axis" d="M${left} ${bottom}H${right}"/>${columns}<text class="title" x="4" y="13">${upAxis.title}</text>${
    acrossAxis && html`<text class="title" x="${right}" y="${HEIGHT - 3}" text-anchor="end">${acrossAxis.title}</text>`
  }`
}
