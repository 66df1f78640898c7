// Digits drawn in the terminal, with what they were read as under each.
import { SIDE } from './digits.js'
import { paint, type Terminal } from './terminal.js'

/** Pixels on a side of what is drawn: MNIST fits every digit into 20 x 20, and a frame of one pixel looks well. */
const CELL = 22
const GAP = 2

export interface Reading {
  /** 28 x 28 pixels, 0 to 255. */
  readonly picture: Uint8Array
  readonly label: number
  readonly prediction: number
}

/** How many digits stand side by side. */
export function digitsPerRow(columns: number): number {
  return Math.max(1, Math.floor((columns + GAP) / (CELL + GAP)))
}

/** Where a cell starts, so that the lines with ink are in its middle. May be negative. */
function startOf(inked: (line: number) => boolean): number {
  const lines = Array.from({ length: SIDE }, (_, line) => line).filter(inked)
  const [first, last] = lines.length > 0 ? [lines[0], lines[lines.length - 1]] : [0, SIDE - 1]
  return Math.ceil((first + last + 1 - CELL) / 2)
}

/** A character that shows two pixels, one above the other. */
function character(upper: number, lower: number, terminal: Terminal): string {
  if (!terminal.unicode) return ' .:-=+*#%@'[Math.floor((upper + lower) / 51.1)]
  if (terminal.colorDepth < 8) return [' ', '▄', '▀', '█'][2 * Number(upper > 95) + Number(lower > 95)]
  // The upper half block: its colour is the upper pixel, its background the lower one. Colours 232 to 255 are greys, 16 is black.
  const grey = (pixel: number) => (pixel < 8 ? 16 : 232 + Math.floor(pixel / 10.7))
  return `\x1b[38;5;${grey(upper)};48;5;${grey(lower)}m▀`
}

/** The lines of one digit, CELL characters wide, the digit in the middle. */
export function drawDigit(picture: Uint8Array, terminal: Terminal): string[] {
  const within = (i: number) => i >= 0 && i < SIDE
  const pixel = (y: number, x: number) => (within(y) && within(x) ? picture[y * SIDE + x] : 0)
  const across = Array.from({ length: SIDE }, (_, i) => i)
  const top = startOf(y => across.some(x => pixel(y, x) > 0))
  const left = startOf(x => across.some(y => pixel(y, x) > 0))
  const end = terminal.unicode && terminal.colorDepth >= 8 ? '\x1b[0m' : ''
  return Array.from({ length: CELL / 2 }, (_, line) => {
    const y = top + 2 * line
    const row = Array.from({ length: CELL }, (_, x) => character(pixel(y, left + x), pixel(y + 1, left + x), terminal))
    return row.join('') + end
  })
}

/** `7` where a digit was read right, `x 6, is 5` where not. */
function caption({ label, prediction }: Reading, terminal: Terminal): string {
  const right = label === prediction
  const text = right ? `${prediction}` : `${terminal.unicode ? '✗' : 'x'} ${prediction}, is ${label}`
  const start = ' '.repeat((CELL - text.length) >> 1)
  return start + paint(terminal, right ? 'green' : 'red', text) + ' '.repeat(CELL - text.length - start.length)
}

/** The lines of many digits, side by side as the width allows. */
export function drawReadings(readings: readonly Reading[], terminal: Terminal): string[] {
  const perRow = digitsPerRow(terminal.columns)
  const lines: string[] = []
  for (let i = 0; i < readings.length; i += perRow) {
    const row = readings.slice(i, i + perRow)
    const columns = row.map(reading => [...drawDigit(reading.picture, terminal), caption(reading, terminal)])
    for (let y = 0; y < columns[0].length; y++)
      lines.push(
        columns
          .map(c => c[y])
          .join(' '.repeat(GAP))
          .trimEnd(),
      )
    lines.push('')
  }
  return lines
}
