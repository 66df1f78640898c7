// Digits in the terminal: two pixels a character by half blocks, or one by shades where the terminal has no Unicode.

const SIDE = 28
const MARGIN = 4

export interface Shown {
  /** 28 x 28 bytes. */
  readonly pixels: Uint8Array
  readonly label: number
  readonly prediction: number
}

/** The lines of one digit; the empty margin of 4 pixels is left out. */
export function drawDigit(pixels: Uint8Array, unicode: boolean): string[] {
  const side = SIDE - 2 * MARGIN
  const at = (y: number, x: number) => pixels[(y + MARGIN) * SIDE + x + MARGIN]
  const lines: string[] = []
  for (let y = 0; y < side; y += 2) {
    let line = ''
    for (let x = 0; x < side; x++) {
      const [top, bottom] = [at(y, x), at(y + 1, x)]
      if (unicode) line += top > 96 ? (bottom > 96 ? '█' : '▀') : bottom > 96 ? '▄' : ' '
      else line += ' .:*#'[Math.min(4, Math.floor((top + bottom) / 103))]
    }
    lines.push(line)
  }
  return lines
}

/** Digits side by side, as many as fit the width, each with what the network took it for; wrong ones say what they are. */
export function drawDigits(digits: readonly Shown[], { columns = 80, unicode = true, color = false } = {}): string {
  const width = SIDE - 2 * MARGIN
  const perRow = Math.max(1, Math.floor((columns + 2) / (width + 2)))
  const paint = (text: string, code: number) => (color ? `\u001b[${code}m${text}\u001b[0m` : text)
  const rows: string[] = []
  for (let i = 0; i < digits.length; i += perRow) {
    const row = digits.slice(i, i + perRow)
    const drawn = row.map(d => drawDigit(d.pixels, unicode))
    for (let y = 0; y < drawn[0].length; y++)
      rows.push(
        drawn
          .map(d => d[y])
          .join('  ')
          .trimEnd(),
      )
    const captions = row.map(({ label, prediction }) => {
      const right = label === prediction
      const text = right ? `${prediction}` : `${prediction}, is a ${label}`
      return paint(text.padStart((width + text.length) >> 1).padEnd(width), right ? 32 : 31)
    })
    rows.push(captions.join('  ').trimEnd(), '')
  }
  return rows.join('\n')
}
