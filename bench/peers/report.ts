// The table: as text line by line, and as Markdown with the machine named.
import { isMeasured, type Line, type Result, reaches } from './result.js'

/** Three digits: 1.23, 12.3, 123. */
export function digits(x: number): string {
  return x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2)
}

export function duration(seconds: number): string {
  if (seconds < 1e-6) return `${digits(seconds * 1e9)} ns`
  if (seconds < 1e-3) return `${digits(seconds * 1e6)} us`
  return seconds < 1 ? `${digits(seconds * 1e3)} ms` : `${digits(seconds)} s`
}

/** The title of a line that stands apart from its group. */
export function named({ group, title }: Line): string {
  const peer = group.match(/^Training.*against (.*)$/)?.[1]
  return peer === undefined ? title : `${title}, against ${peer}`
}

interface Cells {
  ours: string
  theirs: string
  figure: string
  spread: string
  target: string
}

function cells(r: Result): Cells {
  const unit = r.unit === 'x' ? 'x' : ` ${r.unit}`
  const verdict = { true: ', reached', false: ', not reached', undefined: '' }[String(reaches(r))]
  return {
    ours: r.ours === undefined ? '' : duration(r.ours),
    theirs: r.theirs === undefined ? '' : duration(r.theirs),
    figure: `${digits(r.figure)}${unit}`,
    spread: r.low === undefined ? '' : `${digits(r.low)}-${digits(r.high!)}`,
    target: r.target === undefined ? '' : `${r.unit === 'x' ? 'at least' : 'under'} ${r.target}${unit}${verdict}`,
  }
}

/** A line for the terminal. */
export function text(line: Line): string {
  const title = line.title.padEnd(78)
  if (!isMeasured(line)) return `  ${title} left out: ${line.reason}`
  const { ours, theirs, figure, spread, target } = cells(line)
  return `  ${title}${ours.padStart(9)} ${theirs.padStart(9)} ${figure.padStart(8)}  ${spread.padEnd(12)} ${target}`.trimEnd()
}

export const heading = `  ${''.padEnd(78)}${'glorot'.padStart(9)} ${'peer'.padStart(9)} ${'ratio'.padStart(8)}  of rounds`

function table(lines: readonly Line[]): string {
  const rows = lines.map(line => {
    if (!isMeasured(line)) return `| ${line.title} | | | left out | | ${line.reason.split('\n')[0]} |`
    const { ours, theirs, figure, spread, target } = cells(line)
    return `| ${line.title} | ${ours} | ${theirs} | ${figure} | ${spread} | ${target} |`
  })
  const head = ['| work | glorot | peer | ratio | single rounds | to reach |', '|---|---:|---:|---:|---|---|']
  return [...head, ...rows].join('\n')
}

export interface Setting {
  readonly date: string
  readonly commit: string
  readonly machine: string
  readonly load: string
  /** Who took part, in which version. */
  readonly sides: readonly string[]
  readonly effort: string
}

/** The whole report. The chart and what has a target come first, the rest by group. */
export function markdown(lines: readonly Line[], setting: Setting, chartFile: string): string {
  const judged = lines
    .filter(line => isMeasured(line) && line.target !== undefined)
    .map(line => ({ ...line, title: named(line) }))
  const groups = [...new Set(lines.map(line => line.group))]
  const details = groups.map(group => `### ${group}\n\n${table(lines.filter(line => line.group === group))}`)
  return `# glorot beside its peers

Written by \`npm run bench:peers\` (README.md here says what the figures mean).

- machine: ${setting.machine}; load before: ${setting.load}
- ${setting.sides.join('\n- ')}
- commit ${setting.commit}, ${setting.date}; ${setting.effort}

![The ratios as bars on a logarithmic axis](${chartFile})

## Speed to reach

${table(judged)}

## All figures

${details.join('\n\n')}
`
}
