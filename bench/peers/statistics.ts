// Medians and ratios of them.

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, v) => sum + Math.log(v), 0) / values.length)
}

export interface Ratio {
  /** Median of their rounds over the median of ours: above 1, ours is faster. */
  readonly ratio: number
  /** Lowest and highest ratio of a single round, both sides of which ran one after the other. */
  readonly low: number
  readonly high: number
}

/** Compares the rounds of two sides, `ours[i]` and `theirs[i]` in seconds. */
export function compareRounds(ours: readonly number[], theirs: readonly number[]): Ratio {
  const pairs = ours.map((mine, i) => theirs[i] / mine)
  return { ratio: median(theirs) / median(ours), low: Math.min(...pairs), high: Math.max(...pairs) }
}
