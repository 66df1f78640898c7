// The kernels below their roofs. Left: operations per second over operations per byte, both logarithmic. Right: bytes per second of what
// moves more than it computes, by size.
import { element, line, logarithmic, picture, type Scale, title, widthOf, write } from '../svg.js'
import { type Kernel, levelOf, type Output, peakOf } from './output.js'
import type { Setting } from './page.js'

const WIDTH = 1400
const HEIGHT = 760
const TOP = 70
const BOTTOM = HEIGHT - 90
const LEFT = 60
const MIDDLE = 780

interface Point {
  readonly x: number
  readonly y: number
  readonly label: string
  readonly colour: string
  readonly words: string
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

const overlap = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

/** Places around a point, nearest first. */
const around = [10, 22, 36, 52, 70, 90].flatMap(r =>
  [-0.25, 0, -0.5, 0.25, 0.5, 0.75, 1, 1.25].map(turn => [r * Math.cos(turn * Math.PI), r * Math.sin(turn * Math.PI)]),
)

/** The point's mark, and its label where there is room, with a line to it if that is far. Nothing covers what is `taken`. */
function labelled(points: readonly Point[], area: Box, taken: Box[]): string[] {
  taken.push(...points.map(p => ({ x: p.x - 4, y: p.y - 4, width: 8, height: 8 })))
  return points.map(p => {
    const parts = [title(p.words), element('circle', { cx: p.x, cy: p.y, r: 3.5, fill: p.colour })]
    const width = widthOf(p.label, 11) + 4
    for (const [dx, dy] of p.label === '' ? [] : around) {
      const box = {
        x: dx < -1 ? p.x + dx - width : dx > 1 ? p.x + dx : p.x - width / 2,
        y: p.y + dy - 7,
        width,
        height: 14,
      }
      const inside =
        box.x > area.x && box.x + width < area.x + area.width && box.y > area.y && box.y + 14 < area.y + area.height
      if (!inside || taken.some(t => overlap(t, box))) continue
      taken.push(box)
      if (Math.hypot(dx, dy) > 15)
        parts.push(line(p.x, p.y, p.x + dx * 0.9, p.y + dy * 0.9, { class: 'axis', 'stroke-width': 0.5 }))
      parts.push(write(box.x + 2, box.y + 11, p.label, { class: 'small' }))
      break
    }
    return element('g', {}, ...parts)
  })
}

const families: readonly [name: string, colour: string, belongs: (k: Kernel) => boolean][] = [
  ['sgemm, squares: NN by size, NT and TN', 'var(--a)', k => k.group === 'squares'],
  ['sgemm of an MLP', 'var(--d)', k => k.group === 'MLP'],
  ['linear and recurrent layers', 'var(--e)', k => ['linear', 'recurrent'].includes(k.group)],
  ['convolutions', 'var(--c)', k => k.group === 'convolution'],
  ['element by element', 'var(--b)', k => ['elementwise', 'rows', 'optimizers'].includes(k.group)],
]

const colourOf = (k: Kernel) => families.find(([, , belongs]) => belongs(k))![1]
const wordsOf = (k: Kernel) =>
  `${k.name} ${k.size}: ${k.flops > 0 ? `${(k.flops / k.seconds / 1e9).toFixed(1)} GF/s, ` : ''}${((k.read + k.written) / k.seconds / 1e9).toFixed(1)} GB/s`

function labelOf({ group, name, size }: Kernel): string {
  if (group === 'squares') return name.endsWith('NN') ? size.split('x')[0] : ''
  if (group === 'MLP') return `${name.slice(-2)} ${size}`
  if (group === 'convolution') return `conv${name.includes('d') ? ` ${name.slice(-2)}` : ''} ${size}`
  return `${name} ${size}`
}

function ticks(scale: Scale, place: (at: number, label: string) => string[]): string[] {
  return scale.ticks.flatMap(t => place(scale(t), t >= 1 ? String(t) : t.toPrecision(1)))
}

/** Words, and the place that they take. */
interface Words {
  readonly text: string
  readonly box: Box
}

function words(x: number, y: number, text: string, kind: string): Words {
  const width = widthOf(text)
  return {
    text: write(x, y, text, { class: kind }),
    box: { x: kind.includes('end') ? x - width : x, y: y - 12, width, height: 15 },
  }
}

function roofsOf(output: Output, x: Scale, y: Scale): { lines: string[]; names: Words[] } {
  const peak = peakOf(output)
  const [low, high] = x.domain
  const levels = output.memories.filter(m => m.threads === 1)
  const slopes = levels.map(m => {
    const start = Math.max(low, y.domain[0] / (m.copy / 1e9))
    return { m, x: x(start), y: y((m.copy / 1e9) * start) }
  })
  const ridge = peak / Math.max(...levels.map(m => m.copy))
  const lines = slopes.map(s => line(s.x, s.y, x(peak / s.m.copy), y(peak / 1e9), { class: 'mark' }))
  lines.push(line(x(ridge), y(peak / 1e9), x(high), y(peak / 1e9), { class: 'mark', 'stroke-width': 2 }))
  const names = slopes.map(s => words(s.x + 8, s.y - 2, `${s.m.level} ${(s.m.copy / 1e9).toFixed(0)} GB/s`, 'faint'))
  const top = `${output.isa}, one thread: ${(peak / 1e9).toFixed(0)} GF/s`
  names.push(words(x(ridge) - 8, y(peak / 1e9) + 4, top, 'end strong'))
  return { lines, names }
}

function arithmetic(output: Output): string[] {
  const counted = output.kernels.filter(k => k.flops > 0)
  const intensity = (k: Kernel) => k.flops / (k.read + k.written)
  const reached = (k: Kernel) => k.flops / k.seconds / 1e9
  const x = logarithmic([0.05, 1.3 * Math.max(...counted.map(intensity))], LEFT, MIDDLE - 20)
  const y = logarithmic([0.8 * Math.min(...counted.map(reached)), (2 * peakOf(output)) / 1e9], BOTTOM, TOP)
  const points = counted.map(k => ({
    x: x(intensity(k)),
    y: y(reached(k)),
    label: labelOf(k),
    colour: colourOf(k),
    words: wordsOf(k),
  }))
  const area = { x: LEFT, y: TOP - 20, width: MIDDLE - LEFT, height: BOTTOM - TOP + 20 }
  const { lines, names } = roofsOf(output, x, y)
  return [
    ...ticks(x, (at, label) => [
      line(at, TOP, at, BOTTOM, { class: 'grid' }),
      write(at, BOTTOM + 18, label, { class: 'middle faint' }),
    ]),
    ...ticks(y, (at, label) => [
      line(LEFT, at, MIDDLE - 20, at, { class: 'grid' }),
      write(LEFT - 6, at + 4, label, { class: 'end faint' }),
    ]),
    write((LEFT + MIDDLE) / 2, BOTTOM + 38, 'operations a byte', { class: 'middle' }),
    write(LEFT - 40, TOP - 12, 'GF/s'),
    ...lines,
    ...names.map(n => n.text),
    ...labelled(
      points,
      area,
      names.map(n => n.box),
    ),
  ]
}

/** What has no counted operations is compared by bytes; labels stand beside each size's points, in their order, apart. */
function memory(output: Output): string[] {
  const moving = output.kernels.filter(k => ['elementwise', 'rows', 'optimizers'].includes(k.group))
  const sizes = [...new Set(moving.map(k => k.size))]
  const speed = (k: Kernel) => (k.read + k.written) / k.seconds / 1e9
  const roof = (k: Kernel) => levelOf(output, k.read + k.written).copy / 1e9
  const y = logarithmic(
    [0.8 * Math.min(...moving.map(speed)), 1.4 * Math.max(...moving.map(k => Math.max(speed(k), roof(k))))],
    BOTTOM,
    TOP,
  )
  const left = MIDDLE + 40
  const step = (WIDTH - left - 40) / sizes.length
  const columns = sizes.flatMap((size, i) => {
    const at = left + i * step + 70
    const here = moving.filter(k => k.size === size).sort((a, b) => speed(b) - speed(a))
    const levels = [...new Set(here.map(k => levelOf(output, k.read + k.written)))]
    const apart = 14.5
    let below = TOP - apart
    const marks = here.map((k, j) => {
      const place = y(speed(k))
      const room = BOTTOM - 6 - apart * (here.length - 1 - j)
      below = Math.min(Math.max(place, below + apart), room)
      return element(
        'g',
        {},
        title(wordsOf(k)),
        element('circle', { cx: at, cy: place, r: 3.5, fill: colourOf(k) }),
        line(at + 4, place, at + 26, below, { class: 'axis', 'stroke-width': 0.5 }),
        write(at + 29, below + 4, k.name, { class: 'small' }),
      )
    })
    return [
      ...levels.flatMap(m => [
        line(at - 14, y(m.copy / 1e9), at + 14, y(m.copy / 1e9), { class: 'mark', 'stroke-width': 2 }),
        write(at - 18, y(m.copy / 1e9) + 4, m.level, { class: 'end faint' }),
      ]),
      ...marks,
      write(at, BOTTOM + 18, `${size} elements`, { class: 'faint' }),
    ]
  })
  return [
    ...ticks(y, (at, label) => [
      line(left - 10, at, WIDTH - 10, at, { class: 'grid' }),
      write(left - 16, at + 4, label, { class: 'end faint' }),
    ]),
    write(left - 40, TOP - 12, 'GB/s; the bars are copies within a level'),
    ...columns,
  ]
}

export function chart(output: Output, { machine, commit, date }: Setting): string {
  let at = LEFT
  const legend = families.flatMap(([name, colour]) => {
    const marks = [
      element('circle', { cx: at + 6, cy: HEIGHT - 24, r: 4, fill: colour }),
      write(at + 16, HEIGHT - 20, name),
    ]
    at += widthOf(name) + 40
    return marks
  })
  const head = [
    write(12, 22, 'What the kernels achieve below the roofs of this machine', { class: 'strong' }),
    write(12, 40, `${machine}, one thread; commit ${commit}, ${date}`, { class: 'faint' }),
  ]
  return picture(WIDTH, HEIGHT, 'Roofline of the kernels', ...head, ...arithmetic(output), ...memory(output), ...legend)
}
