// A curve over several lines: columns of block characters, eight heights to a line.
import { extremes } from '../thin.js'

const EIGHTHS = [' ', ...'▁▂▃▄▅▆▇█']
const ASCII = [' ', '.', ':', '#']

/** Lines of a plot, the highest first; a column of ! where a value is not finite. */
export function plot(values: readonly number[], height: number, unicode: boolean): string[] {
  const levels = unicode ? EIGHTHS : ASCII
  const [low, high] = extremes(values)
  const most = levels.length - 1
  const span = high - low || 1
  const heights = values.map(x =>
    Number.isFinite(x) ? 1 + Math.round(((x - low) / span) * (height * most - 1)) : null,
  )
  return Array.from({ length: height }, (_, line) => {
    const floor = (height - 1 - line) * most
    return heights.map(h => (h === null ? '!' : levels[Math.max(0, Math.min(most, h - floor))])).join('')
  })
}
