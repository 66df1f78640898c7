// Histograms of a layer's outputs: as it is now filled, as it was at the start as an outline.
import type { ActivationStats, Histogram, LayerTrace } from '../../trace.js'
import { layerName, percent, short } from '../format.js'
import { functionOf } from '../summary.js'
import { html, type Markup } from './markup.js'

const W = 220
const H = 96
const BASE = 78
/** One range this many times the other is not drawn with it. */
const FARTHEST = 6

/** The shape of a histogram as a closed path, its highest bin at the top. */
function shape({ low, high, counts }: Histogram, from: number, to: number): string {
  const most = Math.max(...counts, 1)
  const x = (value: number) => 4 + ((W - 8) * (value - from)) / (to - from)
  const width = (high - low) / counts.length
  let d = `M${x(low).toFixed(1)} ${BASE}`
  counts.forEach((n, i) => {
    d += `V${(BASE - (64 * n) / most).toFixed(1)}H${x(low + (i + 1) * width).toFixed(1)}`
  })
  return `${d}V${BASE}`
}

function card(layer: LayerTrace): Markup | null {
  const seen = layer.samples.flatMap(s => (s.activation ? [s.activation] : []))
  if (seen.length === 0) return null
  const first: ActivationStats = seen[0]
  const last: ActivationStats = seen[seen.length - 1]
  // Where the outputs have changed by more than can be drawn together, their present shape matters.
  const span = ({ histogram: h }: ActivationStats) => h.high - h.low
  const together = seen.length > 1 && span(first) < FARTHEST * span(last) && span(last) < FARTHEST * span(first)
  const from = together ? Math.min(first.histogram.low, last.histogram.low) : last.histogram.low
  const high = together ? Math.max(first.histogram.high, last.histogram.high) : last.histogram.high
  if (!Number.isFinite(from) || !Number.isFinite(high)) return null
  const to = high > from ? high : from + 1
  const name = layerName(layer.name)
  const facts = [
    `mean ${short(last.mean)}`,
    `deviation ${short(last.std)}`,
    ...(together || seen.length === 1
      ? []
      : [`at first ${short(first.histogram.low)} to ${short(first.histogram.high)}`]),
    ...(last.saturated === null ? [] : [`${percent(last.saturated)} saturated`]),
    ...(last.dead === null ? [] : [`${percent(last.dead)} dead`]),
  ]
  const through = functionOf(layer)
  const after = through === layer.type ? through : `${layer.type}, ${through}`
  const label = `Outputs of ${name}, ${functionOf(layer)}, from ${short(from)} to ${short(to)}: ${facts.join(', ')}`
  return html`<li><h3>${name} <span>${after}</span></h3><svg viewBox="0 0 ${W} ${H}" role="img" aria-label="${label}"><path class="now" d="${shape(last.histogram, from, to)}"/>${
    together && html`<path class="then" d="${shape(first.histogram, from, to)}"/>`
  }<path class="axis" d="M4 ${BASE}H${W - 4}"/><text x="4" y="${H - 4}">${short(from)}</text><text x="${W - 4}" y="${H - 4}" text-anchor="end">${short(to)}</text></svg><p>${facts.join(', ')}</p></li>`
}

export function histograms(layers: readonly LayerTrace[]): Markup | null {
  const cards = layers.map(card).filter(c => c !== null)
  if (cards.length === 0) return null
  return html`<section aria-labelledby="activations"><h2 id="activations">Activations</h2><p>What each layer puts out on a batch: filled at the last look, outlined at the first. A sigmoid with all its outputs at 0 and 1, or a ReLU with nearly all at 0, passes on little gradient.</p><ul class="cards">${cards}</ul></section>`
}
