// The learning-rate range test as text and as a page: the loss over the rate, and the rate to begin with.
import readingScript from '../page/reading.js?text'
import type { RateParts } from '../rates.js'
import { short } from './format.js'
import { colors } from './html/colors.js'
import { lineChart } from './html/lines.js'
import { html } from './html/markup.js'
import { page } from './html.js'
import { Canvas } from './text/canvas.js'
import { plot } from './text/plot.js'
import type { TextOptions } from './text/terminal.js'
import { evenly, extremes } from './thin.js'

const HEIGHT = 8
/** How far above the first loss the plot reaches, in depths of the valley: what runs away would hide the valley. */
const CEILING = 0.5

function verdict({ suggestion, suggestions: { steepest, minimum }, diverged, rates }: RateParts): string {
  const end = rates.length > 0 ? short(rates[rates.length - 1]) : ''
  if (suggestion === null) return `No rate is suggested: the loss did not fall with any${end && `, up to ${end}`}.`
  const ways = [
    ...(steepest === null ? [] : [`the loss falls most steeply at ${short(steepest)}`]),
    ...(minimum === null ? [] : [`a tenth of the rate of its minimum is ${short(minimum)}`]),
  ]
  return `Begin with ${short(suggestion)}: ${ways.join('; ')}${diverged ? `. Beyond ${end} it runs away` : ''}.`
}

export function renderRatesText(parts: RateParts, options?: TextOptions): string {
  const canvas = new Canvas(options)
  canvas.line(canvas.paint('Learning-rate range test', 'bold'))
  canvas.paragraph(verdict(parts))
  if (parts.rates.length < 2) return canvas.toString()
  const points = evenly(
    parts.rates.map((rate, i) => ({ rate, loss: parts.smoothed[i] })),
    canvas.width - 12,
  )
  const losses = points.map(p => p.loss)
  const [lowest] = extremes(losses)
  const ceiling = losses[0] + CEILING * (losses[0] - lowest)
  const shown = losses.map(x => Math.min(x, ceiling))
  canvas.line()
  plot(shown, HEIGHT, canvas.unicode).forEach((row, i) => {
    const label = i === 0 ? short(extremes(shown)[1]) : i === HEIGHT - 1 ? short(lowest) : ''
    canvas.line(`${label.padStart(9)} ${canvas.paint(row, 'cyan')}`)
  })
  canvas.line(`${''.padStart(10)}${scaleLine(points.map(p => p.rate))}`)
  const { suggestion } = parts
  if (suggestion !== null) {
    const at = points.findIndex(p => p.rate >= suggestion * (1 - 1e-9))
    const sign = canvas.unicode ? '▲' : '^'
    canvas.line(`${''.padStart(10 + Math.max(0, at))}${canvas.paint(sign, 'green', 'bold')} ${short(suggestion)}`)
  }
  return canvas.toString()
}

/** Powers of ten under the columns where they are, as far as there is room. */
function scaleLine(rates: readonly number[]): string {
  let line = ''
  for (let e = Math.ceil(Math.log10(rates[0]) - 1e-9); e <= Math.log10(rates[rates.length - 1]) + 1e-9; e++) {
    const at = rates.findIndex(rate => rate >= 10 ** e * (1 - 1e-9))
    if (at >= line.length + (line === '' ? 0 : 1))
      line = line.padEnd(at) + (e >= -2 && e <= 2 ? short(10 ** e) : `1e${e}`)
  }
  return line
}

export function renderRatesHtml(parts: RateParts): string {
  const { rates, losses, smoothed, suggestion } = parts
  const points = (values: readonly number[]) => rates.map((rate, i) => [rate, values[i]] as const)
  const chart = lineChart({
    id: 'rates',
    title: 'Loss by learning rate',
    about: verdict(parts),
    xTitle: 'learning rate',
    yTitle: 'loss',
    xLog: true,
    series: [
      { name: 'each step', points: points(losses), color: colors.main, faint: true },
      { name: 'smoothed', points: points(smoothed), color: colors.main },
    ],
    mark: suggestion === null ? null : { name: short(suggestion), x: suggestion },
  })
  return page({
    title: 'glorot doctor: learning-rate range test',
    body: html`<header><p class="brand">glorot doctor</p><h1>Learning-rate range test</h1></header><main id="main"><div class="grid">${chart}</div></main>`,
    scripts: [readingScript],
  })
}
