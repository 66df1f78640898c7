// Fewer points for the same picture.

/** The least and the most of the finite values. */
export function extremes(values: readonly number[]): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const x of values) {
    if (!Number.isFinite(x)) continue
    if (x < low) low = x
    if (x > high) high = x
  }
  return [low, high]
}

/** At most `most` values in order: of each stretch its mean, or what is not finite in it. */
export function thinned(values: readonly number[], most: number): number[] {
  if (values.length <= most) return values.slice()
  return Array.from({ length: most }, (_, i) => {
    const from = Math.floor((i * values.length) / most)
    const to = Math.floor(((i + 1) * values.length) / most)
    let sum = 0
    for (let k = from; k < to; k++) sum += values[k]
    return sum / (to - from)
  })
}

/** At most `most` points with the look of all: of each stretch its first, lowest and highest, in order. */
export function outline<P>(points: readonly P[], y: (p: P) => number, most: number): P[] {
  if (points.length <= most) return points.slice()
  const stretches = Math.floor(most / 3)
  const kept = new Set<number>([points.length - 1])
  for (let i = 0; i < stretches; i++) {
    const from = Math.floor((i * points.length) / stretches)
    const to = Math.floor(((i + 1) * points.length) / stretches)
    let low = from
    let high = from
    for (let k = from; k < to; k++) {
      if (!(y(points[k]) >= y(points[low]))) low = k
      if (!(y(points[k]) <= y(points[high]))) high = k
    }
    for (const k of [from, low, high]) kept.add(k)
  }
  return [...kept].sort((a, b) => a - b).map(k => points[k])
}

/** At most `most` of many, evenly, the first and the last among them. */
export function evenly<P>(points: readonly P[], most: number): P[] {
  if (points.length <= most) return points.slice()
  return Array.from({ length: most }, (_, i) => points[Math.round((i * (points.length - 1)) / (most - 1))])
}
