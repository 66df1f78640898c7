// A finding as lines: what, where, why, the figures, what to do, and what came of trying it.
import type { Finding, Severity } from '../../finding.js'
import type { ReportParts } from '../../report.js'
import { short, shown, tame } from '../format.js'
import { experimentOf, severityNames } from '../summary.js'
import { sparkline } from './bars.js'
import { type Canvas, padded, type Style } from './canvas.js'

const colors: Record<Severity, Style> = { error: 'red', warning: 'yellow', info: 'blue' }
const INDENT = '  '
const LABEL = 7

/** `Fix    first line`, further lines under it. */
function labelled(canvas: Canvas, label: string, text: string): void {
  canvas.paragraph(text, INDENT + canvas.paint(padded(label, LABEL), 'bold'))
}

function printEvidence(canvas: Canvas, { evidence }: Finding): void {
  const entries = Object.entries(evidence).map(([name, value]) => [tame(name), tame(shown(value))] as const)
  const longest = Math.max(...entries.map(([name]) => name.length))
  const column = Math.min(longest, Math.floor(canvas.width / 2)) + 2
  for (const [name, value] of entries) {
    const first = padded(`${INDENT}${INDENT}${canvas.paint(name, 'dim')}`, INDENT.length * 2 + column)
    if (name.length + 2 > column) canvas.paragraph(`${name}: ${value}`, INDENT + INDENT)
    else canvas.paragraph(value, first)
  }
}

function printCode(canvas: Canvas, code: string): void {
  // Code is not wrapped: it is there to be copied.
  for (const line of tame(code).split('\n')) canvas.line(`${INDENT}${' '.repeat(LABEL)}${canvas.paint(line, 'cyan')}`)
}

function printExperiment(canvas: Canvas, report: ReportParts, finding: Finding): void {
  const tried = experimentOf(report, finding)
  if (tried === undefined) return
  const steps = Math.max(tried.before.length, tried.after.length)
  const [before, after] = [tried.before, tried.after].map(losses => losses[losses.length - 1])
  labelled(
    canvas,
    'Tried',
    `the same ${steps} steps on a copy: loss ${short(after)} with the fix, ${short(before)} without`,
  )
  // One scale for both curves.
  const width = Math.max(10, Math.min(32, Math.floor((canvas.width - LABEL - 16) / 2)))
  const joint = sparkline(
    [...resampled(tried.before, width), ...resampled(tried.after, width)],
    2 * width,
    canvas.unicode,
  )
  const curve = (from: number) => [...joint].slice(from, from + width).join('')
  const margin = INDENT + ' '.repeat(LABEL)
  canvas.line(`${margin}${canvas.paint(curve(0), 'red')} without`)
  canvas.line(`${margin}${canvas.paint(curve(width), 'green')} with`)
}

/** Exactly `n` values along the curve. */
function resampled(values: readonly number[], n: number): number[] {
  return Array.from({ length: n }, (_, i) => values[Math.round((i * (values.length - 1)) / (n - 1))])
}

export function printFinding(canvas: Canvas, report: ReportParts, finding: Finding): void {
  const { severity, id, layer, cause, fix, symptoms = [] } = finding
  const sign = canvas.paint(canvas.symbol(severity), colors[severity], 'bold')
  const where = layer ? ` at ${layer}` : ''
  canvas.paragraph(`${id}${where} (${severityNames[severity]})`, `${sign} `, colors[severity], 'bold')
  canvas.paragraph(cause, INDENT)
  printEvidence(canvas, finding)
  labelled(canvas, 'Fix', fix.summary)
  if (fix.code !== undefined) printCode(canvas, fix.code)
  printExperiment(canvas, report, finding)
  for (const symptom of symptoms) {
    const at = symptom.layer ? ` at ${symptom.layer}` : ''
    const figures = Object.entries(symptom.evidence).map(([name, value]) => `${name} ${shown(value)}`)
    const text = `${symptom.id}${at}${figures.length > 0 ? `: ${figures.join(', ')}` : ''}`
    canvas.paragraph(text, `${INDENT}${canvas.symbol('follows')} `, 'dim')
  }
}
