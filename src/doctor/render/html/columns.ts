// Charts over layers: dots on a logarithmic axis that follow a signal through the network, and bars of shares.
import { percent, short } from '../format.js'
import { type Axis, frame, HEIGHT, upScale, WIDTH } from './axes.js'
import { curveClass, figure } from './figure.js'
import { html, type Markup } from './markup.js'

export interface Snapshot {
  readonly name: string
  readonly color: string
  readonly dashed?: boolean
  /** One for each layer. */
  readonly values: readonly (number | null)[]
}

interface Common {
  readonly id: string
  readonly title: string
  readonly about: string
  readonly layers: readonly string[]
}

const LEFT = 58
const RIGHT = 14
const BOTTOM = 34

const placeOf = (i: number, n: number) => LEFT + ((i + 0.5) * (WIDTH - LEFT - RIGHT)) / n

/** Names under the columns, as many as fit. */
function names(layers: readonly string[]): Markup[] {
  const room = (WIDTH - LEFT - RIGHT) / layers.length
  const longest = Math.max(...layers.map(l => l.length))
  // Seven units a letter.
  const every = Math.ceil((Math.min(longest, 12) * 7 + 6) / room)
  return layers.map((name, i) =>
    i % every === 0
      ? html`<text x="${placeOf(i, layers.length).toFixed(1)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${name.length > 12 ? `…${name.slice(-11)}` : name}</text>`
      : html``,
  )
}

/** A curve through the layers for each moment: how a signal grows or dies on its way. */
export function flowChart(chart: Common & { yTitle: string; snapshots: readonly Snapshot[] }): Markup {
  const { snapshots, layers } = chart
  const n = layers.length
  const axis: Axis = { title: chart.yTitle, log: true, values: snapshots.flatMap(s => s.values.map(v => v ?? 0)) }
  const up = upScale(axis)
  const marks = snapshots.map(({ values, color, dashed }) => {
    const dots = values.flatMap((v, i) =>
      v !== null && v > 0 && Number.isFinite(v) ? [[placeOf(i, n).toFixed(1), up(v).toFixed(1)] as const] : [],
    )
    return html`<path class="${curveClass(dashed)}" style="--c:${color}" d="M${dots.map(d => d.join(' ')).join('L')}"/>${dots.map(
      ([x, y]) => html`<circle class="dot" style="--c:${color}" cx="${x}" cy="${y}" r="4"/>`,
    )}`
  })
  return figure({
    ...chart,
    drawing: html`${frame(up, axis)}${names(layers)}${marks}<text class="title" x="${WIDTH - RIGHT}" y="${HEIGHT - 3}" text-anchor="end">layer, first to last</text>`,
    legend: snapshots.length > 1 ? snapshots : [],
    table: {
      columns: ['layer', ...snapshots.map(s => s.name)],
      rows: layers.map((name, i) => [
        name,
        ...snapshots.map(s => {
          const v = s.values[i]
          return v === null ? '' : short(v)
        }),
      ]),
    },
  })
}

export interface Share {
  readonly name: string
  readonly what: string
  readonly value: number
  readonly color: string
}

/** A horizontal bar for each share. */
export function shareChart(chart: Omit<Common, 'layers'> & { shares: readonly Share[] }): Markup {
  const { shares } = chart
  const row = 26
  const height = shares.length * row + 8
  const left = 150
  const full = WIDTH - left - 56
  const bars = shares.map(({ name, what, value, color }, i) => {
    const y = 6 + i * row
    const label = `${name} ${what}`
    return html`<text x="${left - 8}" y="${y + 14}" text-anchor="end">${label.length > 20 ? `…${label.slice(-19)}` : label}</text><rect class="track" x="${left}" y="${y}" width="${full}" height="18" rx="3"/><rect class="bar" style="--c:${color}" x="${left}" y="${y}" width="${(full * Math.min(1, value)).toFixed(1)}" height="18" rx="3"/><text x="${left + full + 8}" y="${y + 14}">${percent(value)}</text>`
  })
  return figure({
    ...chart,
    drawing: html`${bars}`,
    height,
    legend: [],
    table: { columns: ['layer', 'kind', 'share'], rows: shares.map(s => [s.name, s.what, percent(s.value)]) },
  })
}
