// Colours of curves, readable on light and dark alike; never the only sign, legends and tables say the same.

export const colors = {
  main: 'oklch(60% .17 255)',
  second: 'oklch(62% .16 35)',
  third: 'oklch(60% .13 155)',
  before: 'oklch(60% .19 25)',
  after: 'oklch(60% .14 150)',
} as const

/** From blue for the first layer over violet and red to amber for the last. */
export function depthColor(i: number, n: number): string {
  const share = n > 1 ? i / (n - 1) : 0
  const hue = (250 + 180 * share) % 360
  return `oklch(${(58 + 6 * share).toFixed(0)}% .16 ${hue.toFixed(0)})`
}
