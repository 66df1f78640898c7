// Gradient checks in a line: fn at float64 leaves of the given shapes.
import { autograd, type Tensor, tensor } from 'glorot'

/** A float64 leaf of numbers in [low, high), the same for the same seed. */
export function leaf(shape: readonly number[], seed = 1, low = -2, high = 2): Tensor {
  let state = seed * 2654435761
  const n = shape.reduce((a, b) => a * b, 1)
  const values = Float64Array.from({ length: n }, () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) >>> 0
    return low + ((high - low) * state) / 2 ** 32
  })
  return tensor(values).reshape(shape).detach().requiresGrad_()
}

/** First and, unless refused, second derivatives against differences. @throws where they differ */
export function checkGradients(
  fn: (...inputs: Tensor[]) => Tensor | readonly Tensor[],
  shapes: readonly (readonly number[])[],
  { second = true, low = -2, high = 2 }: { second?: boolean; low?: number; high?: number } = {},
): boolean {
  const inputs = shapes.map((shape, i) => leaf(shape, i + 1, low, high))
  return autograd.gradcheck(fn, inputs) && (!second || autograd.gradgradcheck(fn, inputs))
}
