// The ratios as a picture: a bar a row, from 1 (as fast as the peer) to the right or left, on a logarithmic axis.
import { element, line, logarithmic, picture, title, write } from '../svg.js'
import { digits, type Setting } from './report.js'
import { isMeasured, type Line, type Result } from './result.js'

const WIDTH = 1000
const LABELS = 500
const RIGHT = 60
const ROW = 18
const GAP = 34
const HEAD = 84

/** Of a group with a mean, the mean says it: its bars would be many. */
function shown(lines: readonly Line[]): Map<string, Result[]> {
  const groups = new Map<string, Result[]>()
  for (const l of lines) {
    if (!isMeasured(l) || l.unit !== 'x') continue
    groups.set(l.group, [...(groups.get(l.group) ?? []), l])
  }
  const means = [...groups.values()].flatMap(g => g.filter(l => l.title.startsWith(`${l.group}: geometric mean`)))
  for (const { group } of means) groups.delete(group)
  if (means.length > 0) groups.set('Geometric means, against PyTorch if no other is named', means)
  return groups
}

/** The axis reaches past every bar and every target. */
function domainOf(results: readonly Result[]): [number, number] {
  const ends = results.flatMap(r => [r.figure, r.target ?? 1])
  return [Math.min(0.5, ...ends.map(e => e * 0.8)), Math.max(10, ...ends.map(e => e * 1.3))]
}

function axis(scale: ReturnType<typeof logarithmic>, bottom: number): string[] {
  const [low, high] = scale.domain
  const places = scale.ticks.flatMap(t => [t, 2 * t, 5 * t]).filter(t => t >= low && t <= high)
  return places.flatMap(t => [
    line(scale(t), HEAD - 8, scale(t), bottom, { class: t === 1 ? 'mark' : 'grid' }),
    write(scale(t), HEAD - 14, `${t}x`, { class: 'middle faint' }),
  ])
}

function bar(r: Result, scale: ReturnType<typeof logarithmic>, y: number): string {
  const [a, b] = [scale(1), scale(r.figure)].sort((p, q) => p - q)
  const words = `${r.title}: ${digits(r.figure)}x`
  const reached = r.target === undefined || r.figure >= r.target
  const parts = [
    title(r.target === undefined ? words : `${words}, to reach ${r.target}x`),
    write(LABELS - 12, y + 12, r.title.replace(/: geometric mean of \d+$/, ''), { class: 'end' }),
    element('rect', {
      x: a,
      y: y + 2,
      width: Math.max(1, b - a),
      height: ROW - 5,
      fill: reached ? 'var(--a)' : 'var(--b)',
    }),
    write(Math.max(b, scale(r.target ?? 1)) + 5, y + 12, `${digits(r.figure)}x`),
  ]
  if (r.target !== undefined)
    parts.push(line(scale(r.target), y, scale(r.target), y + ROW - 1, { class: 'mark', 'stroke-width': 2 }))
  return element('g', {}, ...parts)
}

export function chart(lines: readonly Line[], { machine, commit, date }: Setting): string {
  const groups = shown(lines)
  const scale = logarithmic(domainOf([...groups.values()].flat()), LABELS, WIDTH - RIGHT)
  const marks: string[] = []
  let y = HEAD
  for (const [group, results] of groups) {
    const peer = group.includes('against') ? '' : ', against PyTorch'
    marks.push(write(12, y + 20, `${group}${peer}`, { class: 'strong' }))
    y += GAP - 6
    for (const r of results) {
      marks.push(bar(r, scale, y))
      y += ROW
    }
  }
  const head = [
    write(12, 22, 'How many times as fast as its peers glorot is', { class: 'strong' }),
    write(12, 40, `${machine}; commit ${commit}, ${date}. Ticks: to be reached; orange: not reached.`, {
      class: 'faint',
    }),
  ]
  return picture(WIDTH, y + 16, 'Ratios of times, peer over glorot', ...head, ...axis(scale, y + 4), ...marks)
}
