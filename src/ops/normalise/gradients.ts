// The gradients of a normalisation in recorded operations, for second derivatives.
import type { Gradient } from '../../autograd/node.js'
import type { Shape } from '../../core/shape.js'
import type { Tensor } from '../../tensor/tensor.js'
import { mean, sum } from '../reduce.js'
import { rsqrt } from '../unary.js'
import { reshape } from '../view.js'

/** How a normalisation sees its input. */
export interface View {
  readonly shape: Shape
  /** Dimensions of `shape` that have a mean and a variance together. */
  readonly over: readonly number[]
  /** The weight in dimensions of `shape`. */
  readonly weight: Shape
  /** Shape of weight and bias themselves. */
  readonly affine: Shape
  readonly eps: number
  /** The mean is taken for 0. */
  readonly rms?: boolean
}

const keep = { keepdim: true }

/** Of x, weight and bias: with x̂ = (x - mean)/deviation and g = dy·w, dx = (g - mean(g) - x̂·mean(g·x̂)) / deviation. */
export function normalGradients(x: Tensor, weight: Tensor | null, grad: Tensor, v: View): Gradient[] {
  const from = reshape(x, v.shape)
  const centred = v.rms ? from : from.sub(mean(from, v.over, keep))
  const scale = rsqrt(mean(centred.mul(centred), v.over, keep).add(v.eps))
  const normal = centred.mul(scale)
  const dy = reshape(grad, v.shape)
  const g = weight === null ? dy : dy.mul(reshape(weight, v.weight))
  const along = g.sub(normal.mul(mean(g.mul(normal), v.over, keep)))
  const dx = (v.rms ? along : along.sub(mean(g, v.over, keep))).mul(scale)
  return [reshape(dx, x.shape), ...affineGradients(normal, dy, v)]
}

/** Of weight and bias. */
export function affineGradients(normal: Tensor, dy: Tensor, v: View): Gradient[] {
  const rest = v.shape.map((_, d) => d).filter(d => v.weight[d] === 1)
  return [dy.mul(normal), dy].map(t => reshape(sum(t, rest), v.affine))
}
