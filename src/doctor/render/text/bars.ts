// Small pictures made of characters.
import { thinned } from '../thin.js'

const BLOCKS = [...'▁▂▃▄▅▆▇█']
const ASCII = [...'_.-=*#']
const EIGHTHS = ['', ...'▏▎▍▌▋▊▉']

/** A curve as one line, its highest value a full block; x where a value is not finite. */
export function sparkline(values: readonly number[], width: number, unicode: boolean): string {
  const points = thinned(values, width)
  const finite = points.filter(Number.isFinite)
  const levels = unicode ? BLOCKS : ASCII
  const low = Math.min(...finite)
  const high = Math.max(...finite)
  // From a loss of thousands to one of hundredths, only a logarithm shows more than the first fall.
  const scale = low > 0 && high / low > 50 ? Math.log : (x: number) => x
  const span = scale(high) - scale(low)
  return points
    .map(x => {
      if (!Number.isFinite(x)) return unicode ? '×' : 'x'
      const share = span > 0 ? (scale(x) - scale(low)) / span : 0
      return levels[Math.round(share * (levels.length - 1))]
    })
    .join('')
}

/** A bar of `share` of the width. */
export function bar(share: number, width: number, unicode: boolean): string {
  const cells = Math.max(0, Math.min(1, share)) * width
  const whole = Math.floor(cells)
  if (!unicode) return '#'.repeat(Math.max(share > 0 ? 1 : 0, Math.round(cells)))
  const rest = EIGHTHS[Math.floor((cells - whole) * 8)]
  return '█'.repeat(whole) + (whole === 0 && rest === '' && share > 0 ? '▏' : rest)
}

/** Where a positive value lies between the powers of ten around all of them, 0 to 1. */
export function decades(values: readonly number[]): (x: number) => number {
  const logs = values.filter(x => x > 0 && Number.isFinite(x)).map(Math.log10)
  const low = Math.floor(Math.min(...logs)) - 0.5
  const high = Math.max(Math.ceil(Math.max(...logs)), low + 1)
  return x => (x > 0 ? (Math.min(high, Math.log10(x)) - low) / (high - low) : 0)
}
