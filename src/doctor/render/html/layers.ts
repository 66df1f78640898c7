// The layers: how gradients flow back through them, how far their weights move, which units are saturated or dead.
import type { ReportParts } from '../../report.js'
import type { LayerSample, LayerTrace } from '../../trace.js'
import { count, layerName, short } from '../format.js'
import { functionOf, latest } from '../summary.js'
import { evenly } from '../thin.js'
import { colors, depthColor } from './colors.js'
import { flowChart, type Share, shareChart } from './columns.js'
import { lineChart, type Point } from './lines.js'
import { html, type Markup } from './markup.js'

type Measure = 'gradRms' | 'updateRatio' | 'travel'

/** Curves that can be told apart. */
const MOST_CURVES = 10

const measured = (layers: readonly LayerTrace[], measure: Measure): LayerTrace[] =>
  layers.filter(l => l.samples.some(s => s[measure] !== null))

const pointsOf = ({ samples }: LayerTrace, measure: Measure): Point[] =>
  samples.flatMap(s => (s[measure] === null ? [] : [[s.step, s[measure]] as const]))

/** Up to three moments: the first, the middle and the last step at which something was measured. */
function moments(layers: readonly LayerTrace[], measure: Measure): number[] {
  const steps = [...new Set(layers.flatMap(l => pointsOf(l, measure).map(p => p[0])))].sort((a, b) => a - b)
  return evenly(steps, 3)
}

function gradientFlow(layers: readonly LayerTrace[]): Markup | null {
  const have = measured(layers, 'gradRms')
  if (have.length < 2) return null
  const at = (layer: LayerTrace, step: number) =>
    layer.samples.find((s: LayerSample) => s.step === step)?.gradRms ?? null
  const steps = moments(have, 'gradRms')
  const ends = [have[0], have[have.length - 1]].map(l => at(l, steps[steps.length - 1]))
  const ratio = ends[0] && ends[1] ? ends[0] / ends[1] : null
  const hues = [colors.third, colors.second, colors.main].slice(3 - steps.length)
  return flowChart({
    id: 'flow',
    title: 'Gradient by layer',
    about: `How much gradient arrives at each layer, on its way back from the last to the first.${
      ratio === null ? '' : ` At the last look the first layer has ${short(ratio)} times the gradient of the last.`
    }`,
    layers: have.map(l => layerName(l.name)),
    yTitle: 'gradient, rms',
    snapshots: steps.map((step, i) => ({
      name: `step ${count(step)}`,
      color: hues[i],
      dashed: i < steps.length - 1,
      values: have.map(l => at(l, step)),
    })),
  })
}

interface OverTime {
  readonly id: string
  readonly measure: Measure
  readonly title: string
  readonly yTitle: string
  readonly about: string
  readonly levels?: readonly { name: string; value: number }[]
}

function overTime(layers: readonly LayerTrace[], { measure, ...chart }: OverTime): Markup | null {
  const have = measured(layers, measure)
  if (have.length === 0 || have.every(l => pointsOf(l, measure).length < 2)) return null
  const drawn = evenly(have, MOST_CURVES)
  const left = have.length - drawn.length
  return lineChart({
    ...chart,
    about: left > 0 ? `${chart.about} ${count(drawn.length)} of ${count(have.length)} layers are drawn.` : chart.about,
    xTitle: 'step',
    log: true,
    series: drawn.map((l, i) => ({
      name: layerName(l.name),
      points: pointsOf(l, measure),
      color: depthColor(i, drawn.length),
      dashed: i % 2 === 1,
    })),
  })
}

const curves: readonly OverTime[] = [
  {
    id: 'gradients',
    measure: 'gradRms',
    title: 'Gradient over time',
    yTitle: 'gradient, rms',
    about:
      'Gradients may fade as training comes to its end; a curve far below the others from the start is a layer that hardly learns.',
  },
  {
    id: 'updates',
    measure: 'updateRatio',
    title: 'Update ratio',
    yTitle: 'change per step / weight',
    about:
      'How much one step changes the weights of a layer, relative to their size. Of runs that learned, 99 of 100 stayed below 0.1 in the median.',
    levels: [{ name: '', value: 0.1 }],
  },
  {
    id: 'travel',
    measure: 'travel',
    title: 'Travel',
    yTitle: 'distance from start / weight',
    about:
      'How far the weights of a layer are from where they began, relative to their size then. Layers that stay put have not learned.',
  },
]

function units(layers: readonly LayerTrace[]): Markup | null {
  const shares = layers.flatMap((layer): Share[] => {
    const seen = latest(layer, 'activation')
    const name = `${layerName(layer.name)} ${functionOf(layer)}`
    return [
      ...(seen?.saturated === null || seen === null
        ? []
        : [{ name, what: 'saturated', value: seen.saturated, color: colors.second }]),
      ...(seen?.dead === null || seen === null ? [] : [{ name, what: 'dead', value: seen.dead, color: colors.before }]),
    ]
  })
  if (shares.length === 0) return null
  return shareChart({
    id: 'units',
    title: 'Saturated and dead units',
    about:
      'Saturated: outputs on the flat part of a sigmoid or tanh. Dead: units that are 0 for every row of the batch. Through neither passes a gradient.',
    shares,
  })
}

export function layerCharts({ trace: { layers } }: ReportParts): Markup | null {
  const charts = [gradientFlow(layers), ...curves.map(c => overTime(layers, c)), units(layers)].filter(c => c !== null)
  if (charts.length === 0) return null
  return html`<section aria-labelledby="layers"><h2 id="layers">Layers</h2><div class="grid">${charts}</div></section>`
}
