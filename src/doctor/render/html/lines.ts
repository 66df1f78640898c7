// A line chart: a curve per series, a legend, and a table with the same numbers.
import { short } from '../format.js'
import { evenly, outline } from '../thin.js'
import { acrossScale, frame, HEIGHT, type Scale, upScale, WIDTH } from './axes.js'
import { curveClass, figure, type Table } from './figure.js'
import { embedded, html, type Markup } from './markup.js'

export type Point = readonly [x: number, y: number]

export interface Series {
  readonly name: string
  readonly points: readonly Point[]
  /** A CSS colour. */
  readonly color: string
  readonly dashed?: boolean
  /** Behind the others, thin. */
  readonly faint?: boolean
}

export interface LineChart {
  readonly id: string
  readonly title: string
  /** What there is to see, in a sentence or two. */
  readonly about: string
  readonly xTitle: string
  readonly yTitle: string
  readonly log?: boolean
  /** The horizontal axis is logarithmic. */
  readonly xLog?: boolean
  readonly series: readonly Series[]
  /** Values that the vertical axis reaches in any case. */
  readonly include?: readonly number[]
  /** Horizontal lines with a name. */
  readonly levels?: readonly { readonly name: string; readonly value: number }[]
  /** A vertical line with a name. */
  readonly mark?: { readonly name: string; readonly x: number } | null
}

/** Steps as whole numbers, rates as rates. */
const acrossLabel = (x: number, xLog = false) => (xLog ? short(x) : x.toLocaleString('en'))

/** Points of a curve that are drawn; rows of a table. */
const DRAWN = 400
const ROWS = 40

/** `M…L…`, interrupted where a value cannot be drawn. */
function path(points: readonly Point[], across: Scale, up: Scale, log: boolean): string {
  let d = ''
  let pen = 'M'
  for (const [x, y] of points) {
    if (!Number.isFinite(y) || (log && y <= 0)) {
      pen = 'M'
      continue
    }
    d += `${pen}${across(x).toFixed(1)} ${up(y).toFixed(1)}`
    pen = 'L'
  }
  return d
}

function curve(series: Series, across: Scale, up: Scale, log: boolean): Markup {
  const visible = series.points.filter(([, y]) => Number.isFinite(y) && !(log && y <= 0))
  const style = `--c:${series.color}`
  if (visible.length === 1) {
    const [x, y] = visible[0]
    return html`<circle class="dot" style="${style}" cx="${across(x).toFixed(1)}" cy="${up(y).toFixed(1)}" r="4"/>`
  }
  const kind = curveClass(series.dashed, series.faint)
  const d = path(
    outline(series.points, p => p[1], DRAWN),
    across,
    up,
    log,
  )
  return html`<path class="${kind}" style="${style}" d="${d}"/>`
}

function marked(mark: LineChart['mark'], across: Scale): Markup | null {
  if (!mark) return null
  const x = across(mark.x)
  const anchor = x > WIDTH / 2 ? 'end' : 'start'
  return html`<path class="level" d="M${x.toFixed(1)} 26V${HEIGHT - 34}"/><text class="level" x="${(x + (anchor === 'end' ? -5 : 5)).toFixed(1)}" y="40" text-anchor="${anchor}">${mark.name}</text>`
}

/** Where values stop being numbers. */
function breaks(series: readonly Series[], across: Scale): Markup[] {
  const first = series.flatMap(s => s.points.filter(([, y]) => !Number.isFinite(y)).slice(0, 1))
  if (first.length === 0) return []
  const [x, y] = first.reduce((a, b) => (b[0] < a[0] ? b : a))
  const at = across(x)
  const anchor = at > WIDTH / 2 ? 'end' : 'start'
  return [
    html`<path class="break" d="M${at.toFixed(1)} 26V${HEIGHT - 34}"/><text class="break" x="${(at + (anchor === 'end' ? -5 : 5)).toFixed(1)}" y="40" text-anchor="${anchor}">${short(y)} from step ${x.toLocaleString('en')}</text>`,
  ]
}

/** A row for each step that any series has, at most so many. */
function tableOf({ series, xTitle, yTitle, xLog }: LineChart): Table {
  const maps = series.map(s => new Map(s.points))
  const steps = [...new Set(maps.flatMap(m => [...m.keys()]))].sort((a, b) => a - b)
  return {
    columns: [xTitle, ...series.map(s => (series.length === 1 ? yTitle : s.name))],
    rows: evenly(steps, ROWS).map(x => [
      acrossLabel(x, xLog),
      ...maps.map(m => {
        const y = m.get(x)
        return y === undefined ? '' : short(y)
      }),
    ]),
  }
}

/** What the pointer and the arrow keys read, in the units of the drawing. */
function readings({ series, xTitle, xLog }: LineChart, across: Scale, up: Scale): Markup {
  const lists = series.map(s => outline(s.points, p => p[1], DRAWN))
  return embedded({
    x: xTitle,
    series: series.map((s, i) => ({
      name: s.name,
      color: s.color,
      points: lists[i].map(([x, y]) => [
        acrossLabel(xLog ? x : Math.round(x), xLog),
        Number(across(x).toFixed(1)),
        Number.isFinite(up(y)) ? Number(up(y).toFixed(1)) : null,
        short(y),
      ]),
    })),
  })
}

export function lineChart(chart: LineChart): Markup {
  const { series, levels = [], log = false } = chart
  const points = series.flatMap(s => s.points)
  const xAxis = { title: chart.xTitle, log: chart.xLog, values: points.map(p => p[0]) }
  const yAxis = {
    title: chart.yTitle,
    log,
    values: points.map(p => p[1]),
    include: [...(chart.include ?? []), ...levels.map(l => l.value)],
  }
  const across = acrossScale(xAxis)
  const up = upScale(yAxis)
  const lines = levels
    .filter(({ value }) => Number.isFinite(value) && !(log && value <= 0))
    .map(({ name, value }) => {
      const y = up(value)
      return html`<path class="level" d="M58 ${y.toFixed(1)}H${WIDTH - 14}"/><text class="level" x="${WIDTH - 16}" y="${(y - 5).toFixed(1)}" text-anchor="end">${name} ${short(value)}</text>`
    })
  return figure({
    ...chart,
    drawing: html`${frame(up, yAxis, across, xAxis)}${series.map(s => curve(s, across, up, log))}${lines}${marked(chart.mark, across)}${breaks(series, across)}<g class="cursor"></g>`,
    legend: series.length > 1 ? series : [],
    table: tableOf(chart),
    data: readings(chart, across, up),
  })
}
