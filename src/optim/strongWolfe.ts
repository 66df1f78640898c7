// A line search for the strong Wolfe conditions: torch/optim/lbfgs.py, after minFunc by M. Schmidt (Nocedal and Wright 2006, 3.5).
import type { Tensor } from '../tensor/tensor.js'

/** A point on the line: the step t, the loss, its gradient, and the slope along the line. */
export interface Point {
  readonly t: number
  readonly loss: number
  readonly grad: Tensor
  readonly slope: number
}

export interface LineSearch {
  /** The point found. */
  readonly point: Point
  /** Evaluations of the loss. */
  readonly evaluations: number
}

/** The minimum of the cubic through two points with their slopes, within [low, high]. */
function cubicMinimum(a: Point, b: Point, low = Math.min(a.t, b.t), high = Math.max(a.t, b.t)): number {
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t)
  const square = d1 ** 2 - a.slope * b.slope
  if (!(square >= 0)) return (low + high) / 2
  const d2 = Math.sqrt(square)
  const at =
    a.t <= b.t
      ? b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
      : a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2))
  return Math.min(Math.max(at, low), high)
}

const LESS = 1e-4
const FLAT = 0.9

/**
 * Finds a step along a direction by which the loss falls enough and its slope too.
 * @param evaluate the point at a step
 * @param start the point at step 0
 * @param step the first step to try
 * @param reach the largest element of the direction
 */
export function strongWolfe(
  evaluate: (t: number) => Point,
  start: Point,
  step: number,
  reach: number,
  toleranceChange: number,
  most: number,
): LineSearch {
  const tooHigh = (p: Point) => p.loss > start.loss + LESS * p.t * start.slope
  const flat = (p: Point) => Math.abs(p.slope) <= -FLAT * start.slope

  // Grow the step until it is good, or until good ones lie between the last two.
  let evaluations = 1
  let tries = 0
  let last = start
  let now = evaluate(step)
  let bracket: [Point, Point] | undefined
  while (tries < most) {
    if (tooHigh(now) || (tries > 1 && now.loss >= last.loss)) {
      bracket = [last, now]
      break
    }
    if (flat(now)) return { point: now, evaluations }
    if (now.slope >= 0) {
      bracket = [last, now]
      break
    }
    const t = cubicMinimum(last, now, now.t + 0.01 * (now.t - last.t), now.t * 10)
    last = now
    now = evaluate(t)
    evaluations++
    tries++
  }
  bracket ??= [start, now]

  // Narrow the bracket down.
  let low = bracket[0].loss <= bracket[1].loss ? 0 : 1
  let stuck = false
  while (tries < most) {
    const [left, right] = [Math.min(bracket[0].t, bracket[1].t), Math.max(bracket[0].t, bracket[1].t)]
    if ((right - left) * reach < toleranceChange) break
    let t = cubicMinimum(bracket[0], bracket[1])
    const margin = 0.1 * (right - left)
    if (Math.min(right - t, t - left) < margin) {
      // Too near an end: once is borne, then the step is moved inwards.
      if (stuck || t >= right || t <= left) {
        t = Math.abs(t - right) < Math.abs(t - left) ? right - margin : left + margin
        stuck = false
      } else stuck = true
    } else stuck = false
    now = evaluate(t)
    evaluations++
    tries++
    const high = 1 - low
    if (tooHigh(now) || now.loss >= bracket[low].loss) {
      bracket[high] = now
      low = bracket[0].loss <= bracket[1].loss ? 0 : 1
      continue
    }
    if (flat(now)) return { point: now, evaluations }
    if (now.slope * (bracket[high].t - bracket[low].t) >= 0) bracket[high] = bracket[low]
    bracket[low] = now
  }
  return { point: bracket[low], evaluations }
}
