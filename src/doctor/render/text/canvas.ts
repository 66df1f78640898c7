// Lines of text within a width: colours, wrapping, columns. Lengths are of what is seen: colour codes take no room.
import { tame } from '../format.js'
import { styleFor, type TextOptions } from './terminal.js'

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 }
export type Style = keyof typeof codes

const NARROWEST = 32
// Longer lines are harder to read.
const WIDEST = 100

const symbols = {
  error: ['✗', 'x'],
  warning: ['▲', '!'],
  info: ['●', 'i'],
  healthy: ['✓', 'ok'],
  arrow: ['→', '->'],
  follows: ['↳', '>'],
  rule: ['─', '-'],
  dash: ['·', '|'],
  ellipsis: ['…', '...'],
} as const
export type SymbolName = keyof typeof symbols

export class Canvas {
  readonly width: number
  readonly unicode: boolean
  private readonly color: boolean
  private readonly lines: string[] = []

  constructor(options: TextOptions = {}) {
    const { columns, color, unicode } = { ...styleFor(process.stdout), ...options }
    this.width = Math.max(NARROWEST, Math.min(WIDEST, columns))
    this.color = color
    this.unicode = unicode
  }

  symbol(name: SymbolName): string {
    return symbols[name][this.unicode ? 0 : 1]
  }

  paint(text: string, ...styles: Style[]): string {
    if (!this.color || text === '' || styles.length === 0) return text
    return `\x1b[${styles.map(s => codes[s]).join(';')}m${text}\x1b[0m`
  }

  line(text = ''): void {
    this.lines.push(text.trimEnd())
  }

  /** Words of a text over lines, the first after `first`, the others indented as far. */
  paragraph(text: string, first = '', ...styles: Style[]): void {
    const margin = visibleLength(first)
    const rows = wrap(tame(text), this.width - margin)
    rows.forEach((row, i) => {
      this.line((i === 0 ? first : ' '.repeat(margin)) + this.paint(row, ...styles))
    })
  }

  toString(): string {
    return this.lines.join('\n')
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with one
const COLOR = /\x1b\[[\d;]*m/g

export const visibleLength = (text: string): number => [...text.replaceAll(COLOR, '')].length

export const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - visibleLength(text)))

/** Lines of at most `width`, broken between words, within one only where it is longer than a line. Line breaks are kept. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(8, width)
  return text.split('\n').flatMap(paragraph => {
    const rows: string[] = []
    let row = ''
    for (const word of paragraph.split(' ')) {
      if (row !== '' && row.length + 1 + word.length > room) {
        rows.push(row)
        row = ''
      }
      row = row === '' ? word : `${row} ${word}`
      while (row.length > room) {
        rows.push(row.slice(0, room))
        row = row.slice(room)
      }
    }
    return [...rows, row]
  })
}

/** A text that fits: its middle goes, since names differ at their ends. */
export function clipped(text: string, width: number, ellipsis: string): string {
  if (text.length <= width) return text
  const room = width - ellipsis.length
  if (room < 4) return text.slice(0, width)
  const head = Math.ceil(room / 3)
  return text.slice(0, head) + ellipsis + text.slice(text.length - (room - head))
}
