// The run as lines: the loss as a curve, a bar of gradient and of travel for each layer.
import type { ReportParts } from '../../report.js'
import type { LayerTrace } from '../../trace.js'
import { layerName, percent, short, tame } from '../format.js'
import { functionOf, latest } from '../summary.js'
import { extremes } from '../thin.js'
import { bar, decades, sparkline } from './bars.js'
import { type Canvas, clipped, padded } from './canvas.js'

export function printLoss(canvas: Canvas, { trace }: ReportParts): void {
  const { losses, baseline } = trace
  if (losses.length < 2) return
  const first = losses[0]
  const last = losses[losses.length - 1]
  const [lowest] = extremes(losses.map(p => p.loss))
  canvas.line()
  const steps = `steps ${first.step.toLocaleString('en')} to ${last.step.toLocaleString('en')}`
  const best = baseline === null ? '' : `; the best constant answer has ${short(baseline)}`
  canvas.paragraph(
    `${short(first.loss)} to ${short(last.loss)}, lowest ${short(lowest)}, ${steps}${best}`,
    `${canvas.paint('Loss', 'bold')}  `,
  )
  const width = canvas.width - 2
  canvas.line(
    `  ${canvas.paint(
      sparkline(
        losses.map(p => p.loss),
        Math.min(width, losses.length),
        canvas.unicode,
      ),
      'cyan',
    )}`,
  )
}

interface Row {
  readonly name: string
  readonly gradient: number | null
  readonly travel: number | null
}

const rowOf = (layer: LayerTrace): Row => ({
  name: tame(`${layerName(layer.name)} ${layer.type}`),
  gradient: latest(layer, 'gradRms'),
  travel: latest(layer, 'travel'),
})

/** Columns: the layer, its gradient, how far it came. Bars are on scales of powers of ten. */
export function printLayers(canvas: Canvas, { trace }: ReportParts): void {
  const rows = trace.layers.map(rowOf).filter(row => row.gradient !== null || row.travel !== null)
  if (rows.length > 0) {
    const longest = Math.max(...rows.map(row => row.name.length), 'Layers'.length)
    const nameWidth = Math.min(longest, Math.floor(canvas.width * 0.34))
    const column = Math.floor((canvas.width - nameWidth - 6) / 2)
    // Where there is no room for bars, figures do.
    const room = column - NUMBER - 1
    const barWidth = room < 4 ? 0 : room
    const titles = barWidth >= 12 ? ['gradient, rms', 'travel from start'] : ['gradient', 'travel']
    canvas.line()
    canvas.line(
      `${canvas.paint(padded('Layers', nameWidth + 4), 'bold')}${canvas.paint(padded(titles[0], column + 2) + titles[1], 'dim')}`,
    )
    const gradientScale = decades(rows.map(row => row.gradient ?? 0))
    const travelScale = decades(rows.map(row => row.travel ?? 0))
    for (const { name, gradient, travel } of rows) {
      const cell = (value: number | null, share: (x: number) => number) => {
        if (value === null) return padded('', column)
        const drawn = Number.isFinite(value) && barWidth > 0 ? bar(share(value), barWidth, canvas.unicode) : ''
        return padded(
          `${barWidth > 0 ? `${padded(canvas.paint(drawn, 'cyan'), barWidth)} ` : ''}${short(value)}`,
          column,
        )
      }
      const label = padded(clipped(name, nameWidth, canvas.symbol('ellipsis')), nameWidth)
      canvas.line(`  ${label}  ${cell(gradient, gradientScale)}  ${cell(travel, travelScale)}`)
    }
  }
  printUnits(canvas, trace.layers)
}

const NUMBER = 8

/** Layers of which a tenth is saturated or dead. */
function printUnits(canvas: Canvas, layers: readonly LayerTrace[]): void {
  const remarks = layers.flatMap(layer => {
    const units = latest(layer, 'activation')
    const name = tame(`${layerName(layer.name)} ${functionOf(layer)}`)
    return [
      ...((units?.saturated ?? 0) >= 0.1 ? [`${name}: ${percent(units!.saturated!)} saturated`] : []),
      ...((units?.dead ?? 0) >= 0.1 ? [`${name}: ${percent(units!.dead!)} dead`] : []),
    ]
  })
  if (remarks.length === 0) return
  canvas.line()
  canvas.paragraph(remarks.join(`  ${canvas.symbol('dash')}  `), `${canvas.paint('Units', 'bold')}  `)
}
