// The report as terminal text.
import type { ReportParts } from '../report.js'
import { particulars, verdict } from './summary.js'
import { Canvas, type Style } from './text/canvas.js'
import { printFinding } from './text/finding.js'
import type { TextOptions } from './text/terminal.js'
import { printLayers, printLoss } from './text/training.js'

/** The report as lines for a terminal; by default as standard output can show them. */
export function renderText(report: ReportParts, options?: TextOptions): string {
  const canvas = new Canvas(options)
  const { findings, meta } = report
  const worst = (['error', 'warning'] as const).find(severity => findings.some(f => f.severity === severity))
  const styles: Style[] = worst === 'error' ? ['red', 'bold'] : worst ? ['yellow', 'bold'] : ['green', 'bold']
  const sign = canvas.symbol(worst ?? 'healthy')

  canvas.line(canvas.paint('glorot doctor', 'bold'))
  canvas.paragraph(particulars(report).join(` ${canvas.symbol('dash')} `), '', 'dim')
  canvas.line()
  canvas.paragraph(verdict(report), `${canvas.paint(sign, ...styles)} `, 'bold')
  for (const finding of findings) {
    canvas.line()
    printFinding(canvas, report, finding)
  }
  printLoss(canvas, report)
  printLayers(canvas, report)
  if (meta.notes.length > 0) {
    canvas.line()
    for (const note of meta.notes) canvas.paragraph(note, `  ${canvas.symbol('dash')} `, 'dim')
  }
  return canvas.toString()
}
