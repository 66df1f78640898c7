// The run: loss, validation, learning rate.
import type { ReportParts } from '../../report.js'
import type { Trace } from '../../trace.js'
import { count, percent, short } from '../format.js'
import { extremes } from '../thin.js'
import { colors } from './colors.js'
import { lineChart, type Point, type Series } from './lines.js'
import { html, type Markup } from './markup.js'

/** Beyond this span of values an axis is logarithmic. */
const WIDE = 50

/**
 * The curve without the noise of batches, as far as it is finite: of each point and its neighbours, a fiftieth of the run, the mean;
 * the geometric one where it exists.
 */
function smoothed(points: readonly Point[]): Point[] {
  const end = points.findIndex(([, y]) => !Number.isFinite(y))
  const whole = end === -1 ? points : points.slice(0, end)
  const reach = Math.ceil(points.length / 100)
  const positive = whole.every(([, y]) => y > 0)
  const sums = [0]
  for (const [, y] of whole) sums.push(sums[sums.length - 1] + (positive ? Math.log(y) : y))
  return whole.map(([x], i) => {
    const from = Math.max(0, i - reach)
    const to = Math.min(whole.length, i + reach + 1)
    const mean = (sums[to] - sums[from]) / (to - from)
    return [x, positive ? Math.exp(mean) : mean] as const
  })
}

function lossChart({ losses, probe, validation, baseline }: Trace): Markup | null {
  if (losses.length < 2) return null
  const raw = losses.map(p => [p.step, p.loss] as const)
  const noisy = raw.length >= 100
  const series: Series[] = noisy
    ? [
        { name: 'each step', points: raw, color: colors.main, faint: true },
        { name: 'smoothed', points: smoothed(raw), color: colors.main },
      ]
    : [{ name: 'loss', points: raw, color: colors.main }]
  if (probe.length > 1)
    series.push({
      name: 'one fixed batch',
      points: probe.map(p => [p.step, p.loss]),
      color: colors.third,
      dashed: true,
    })
  const seen = validation.flatMap(p => (p.loss === undefined ? [] : [[p.step, p.loss] as const]))
  if (seen.length > 0) series.push({ name: 'validation', points: seen, color: colors.second, dashed: true })
  const [low, high] = extremes(series.flatMap(s => s.points.map(p => p[1])))
  const [first, last] = [losses[0], losses[losses.length - 1]]
  return lineChart({
    id: 'loss',
    title: 'Loss',
    about: `From ${short(first.loss)} at step ${count(first.step)} to ${short(last.loss)} at step ${count(last.step)}.${
      baseline === null ? '' : ` The best constant answer has ${short(baseline)}: above that line, nothing is learned.`
    }`,
    xTitle: 'step',
    yTitle: 'loss',
    log: low > 0 && high / low > WIDE,
    series,
    levels: baseline === null ? [] : [{ name: 'best constant', value: baseline }],
  })
}

function accuracyChart({ validation }: Trace): Markup | null {
  const points = validation.flatMap(p => (p.accuracy === undefined ? [] : [[p.step, p.accuracy] as const]))
  if (points.length < 2) return null
  return lineChart({
    id: 'accuracy',
    title: 'Validation accuracy',
    about: `Ends at ${percent(points[points.length - 1][1])}, at best ${percent(extremes(points.map(p => p[1]))[1])}.`,
    xTitle: 'step',
    yTitle: 'accuracy',
    series: [{ name: 'accuracy', points, color: colors.second }],
  })
}

/** The rate holds until it changes: a staircase. */
function rateChart({ rates, losses }: Trace): Markup | null {
  if (rates.length < 2) return null
  const end = losses.length > 0 ? losses[losses.length - 1].step : rates[rates.length - 1].step
  const points = rates.flatMap(({ step, lr }, i) => {
    const until = i + 1 < rates.length ? rates[i + 1].step : end
    // A scheduler that changes it every step draws a curve, not stairs.
    return until - step > 1
      ? ([
          [step, lr],
          [until - 0.001, lr],
        ] as Point[])
      : ([[step, lr]] as Point[])
  })
  const [low, high] = extremes(rates.map(r => r.lr))
  return lineChart({
    id: 'rate',
    title: 'Learning rate',
    about: `Between ${short(low)} and ${short(high)}.`,
    xTitle: 'step',
    yTitle: 'learning rate',
    include: [0],
    series: [{ name: 'learning rate', points, color: colors.third }],
  })
}

export function training({ trace }: ReportParts): Markup | null {
  const charts = [lossChart(trace), accuracyChart(trace), rateChart(trace)].filter(c => c !== null)
  if (charts.length === 0) return null
  return html`<section aria-labelledby="training"><h2 id="training">Training</h2><div class="grid">${charts}</div></section>`
}
