// Losses that are used too rarely to have kernels: made of other operations, in forms that do not overflow.
import { checkTensor } from '../../autograd/defineOp.js'
import { kernel } from '../../core/dispatch.js'
import { checkNumber, checkOptions, formatShape, ShapeError, ValueError } from '../../core/errors.js'
import { sameShape } from '../../core/shape.js'
import type { Tensor } from '../../tensor/tensor.js'
import { logSigmoid, relu, threshold } from '../activation.js'
import { sub } from '../arithmetic.js'
import { meet, withNumber } from '../binary.js'
import { cast } from '../cast.js'
import { mean, norm, sum } from '../reduce.js'
import { exp, log, neg, sqrt } from '../unary.js'
import { checkFloating, type LossOptions, misfit, type PairOptions, pair, reduce, weightsFor } from './pair.js'

const EQUAL = kernel('eq')
const GREATER = kernel('gt')
const LESS = kernel('lt')

/** 1 where `x` compares with `c`, else 0, as a constant. */
function where(kernelId: number, x: Tensor, c: number): Tensor {
  return cast(withNumber(kernelId, x.detach(), c, 0, 'bool'), x.dtype)
}

export interface PoissonOptions extends PairOptions {
  /** The input is the logarithm of the rate. Default: true. */
  logInput?: boolean
  /** Adds Stirling's approximation of log t! for targets above 1. Default: false. */
  full?: boolean
  /** Keeps the logarithm of a rate of 0 away. Default: 1e-8. */
  eps?: number
}

/** exp(x) - t·x, or x - t·log(x + eps) of a rate: the negative log likelihood of counts t, short of log t!. */
export function poissonNllLoss(input: Tensor, target: Tensor, options?: PoissonOptions): Tensor {
  const op = 'poissonNllLoss'
  checkOptions(op, options, ['logInput', 'full', 'eps', 'reduction', 'broadcast'])
  const { logInput = true, full = false } = options ?? {}
  const eps = checkNumber(op, 'eps', options?.eps ?? 1e-8)
  const [x, t] = pair(op, input, target, options?.broadcast)
  let loss = logInput ? exp(x).sub(t.mul(x)) : x.sub(t.mul(log(x.add(eps))))
  if (full) {
    const n = threshold(t, 1, 1)
    const stirling = n
      .mul(log(n))
      .sub(n)
      .add(log(n.mul(2 * Math.PI)).mul(0.5))
    loss = loss.add(stirling.mul(where(GREATER, t, 1)))
  }
  return reduce(op, loss, options?.reduction)
}

export interface GaussianOptions extends PairOptions {
  /** Adds the constant log(2π)/2. Default: false. */
  full?: boolean
  /** The least variance. Default: 1e-6. */
  eps?: number
}

/**
 * (log v + (x - t)²/v)/2 with v = max(variance, eps): the negative log likelihood of t around x. The gradient of the variance is that at v.
 * Shapes: the variance is like the input, or lacks its last dimension or has 1 there.
 * @throws ValueError if a variance is negative
 */
export function gaussianNllLoss(input: Tensor, target: Tensor, variance: Tensor, options?: GaussianOptions): Tensor {
  const op = 'gaussianNllLoss'
  checkOptions(op, options, ['full', 'eps', 'reduction', 'broadcast'])
  const eps = checkNumber(op, 'eps', options?.eps ?? 1e-6)
  if (eps <= 0) throw new ValueError(`eps must be > 0, got ${eps}`, { op })
  const [x, t] = pair(op, input, target, options?.broadcast)
  checkFloating(op, variance, 'variance')
  const rows = x.shape.slice(0, -1)
  let v = variance
  if (x.shape.length > 0 && sameShape(v.shape, rows)) v = v.unsqueeze(-1)
  const fits = sameShape(v.shape, x.shape) || (x.shape.length > 0 && sameShape(v.shape, [...rows, 1]))
  if (!fits) throw misfit(op, input, variance, 'variance')
  if (where(LESS, v, 0).any().item()) throw new ValueError('a variance is negative', { op })
  // The clamp is a constant that is added: it has no part in the gradient.
  v = v.add(threshold(v.detach(), eps, eps).sub(v.detach()))
  const d = x.sub(t)
  let loss = log(v).add(d.mul(d).div(v)).mul(0.5)
  if (options?.full) loss = loss.add(0.5 * Math.log(2 * Math.PI))
  return reduce(op, loss, options?.reduction)
}

export interface MarginOptions extends LossOptions {
  margin?: number
}

/** Tensors of one dtype and one shape. */
function alike(op: string, x: Tensor, y: Tensor, what: string): [Tensor, Tensor] {
  checkFloating(op, x)
  checkFloating(op, y, what)
  if (!sameShape(x.shape, y.shape)) throw misfit(op, x, y, what)
  return meet(x, y)
}

/** 1 - cos(x, y) for targets 1, max(0, cos(x, y) - margin) for targets -1. Shapes: x, y [N, D] or [D], target [N] or []. */
export function cosineEmbeddingLoss(x: Tensor, y: Tensor, target: Tensor, options?: MarginOptions): Tensor {
  const op = 'cosineEmbeddingLoss'
  checkOptions(op, options, ['margin', 'reduction'])
  const margin = checkNumber(op, 'margin', options?.margin ?? 0)
  const [a, b] = alike(op, x, y, 'input2')
  checkTensor(op, target, 'target')
  if (a.shape.length === 0 || !sameShape(target.shape, a.shape.slice(0, -1)) || a.shape.length > 2) {
    const message = `inputs ${formatShape(a.shape)} and target ${formatShape(target.shape)} must be [N, D] and [N], or [D] and []`
    throw new ShapeError(message, { op, shapes: [a.shape, target.shape] })
  }
  const eps = 1e-12
  const size = (v: Tensor) => sum(v.mul(v), -1).add(eps)
  const cosine = sum(a.mul(b), -1).div(sqrt(size(a).mul(size(b))))
  const t = cast(target, a.dtype)
  const same = sub(1, cosine).mul(where(EQUAL, t, 1))
  return reduce(op, same.add(relu(cosine.sub(margin)).mul(where(EQUAL, t, -1))), options?.reduction)
}

/** max(0, margin - t·(x - y)): t = 1 asks for x above y, t = -1 for y above x. @param options `margin`: default 0 */
export function marginRankingLoss(x: Tensor, y: Tensor, target: Tensor, options?: MarginOptions): Tensor {
  const op = 'marginRankingLoss'
  checkOptions(op, options, ['margin', 'reduction'])
  const margin = checkNumber(op, 'margin', options?.margin ?? 0)
  const [a, b] = alike(op, x, y, 'input2')
  const [d, t] = pair(op, a.sub(b), target)
  return reduce(op, relu(neg(t.mul(d)).add(margin)), options?.reduction)
}

export interface DistanceOptions {
  /** Of the norm. Default: 2. */
  p?: number
  /** Added to every difference. Default: 1e-6. */
  eps?: number
  /** Keeps the last dimension as 1. Default: false. */
  keepdim?: boolean
}

/** The p-norm of x - y + eps over the last dimension. */
export function pairwiseDistance(x: Tensor, y: Tensor, options?: DistanceOptions): Tensor {
  const op = 'pairwiseDistance'
  checkFloating(op, x)
  checkFloating(op, y, 'the second input')
  checkOptions(op, options, ['p', 'eps', 'keepdim'])
  const { p = 2, keepdim = false } = options ?? {}
  return norm(x.sub(y).add(checkNumber(op, 'eps', options?.eps ?? 1e-6)), p, -1, { keepdim })
}

export interface TripletOptions extends LossOptions {
  /** Default: 1. */
  margin?: number
  /** Of the distance's norm. Default: 2. */
  p?: number
  /** Default: 1e-6. */
  eps?: number
  /** Uses the distance of positive and negative where it is less than that of anchor and negative. Default: false. */
  swap?: boolean
}

/** max(0, margin + d(anchor, positive) - d(anchor, negative)). Shapes: [N, D] or [D] each. Balntas et al. 2016 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options?: TripletOptions,
): Tensor {
  const op = 'tripletMarginLoss'
  checkOptions(op, options, ['margin', 'p', 'eps', 'swap', 'reduction'])
  const margin = checkNumber(op, 'margin', options?.margin ?? 1)
  const { p = 2, eps = 1e-6 } = options ?? {}
  alike(op, anchor, positive, 'positive')
  alike(op, anchor, negative, 'negative')
  const near = pairwiseDistance(anchor, positive, { p, eps })
  let far = pairwiseDistance(anchor, negative, { p, eps })
  if (options?.swap) {
    const across = pairwiseDistance(positive, negative, { p, eps })
    far = far.sub(relu(far.sub(across)))
  }
  return reduce(op, relu(near.sub(far).add(margin)), options?.reduction)
}

export interface MultilabelOptions extends LossOptions {
  /** Of each class, broadcast to the input. */
  weight?: Tensor | null
}

/** The binary cross entropy of sigmoid(x), averaged over the classes. Shapes: input and target [N, C] or [C]; a loss for each sample. */
export function multilabelSoftMarginLoss(input: Tensor, target: Tensor, options?: MultilabelOptions): Tensor {
  const op = 'multilabelSoftMarginLoss'
  checkOptions(op, options, ['weight', 'reduction'])
  const [x, t] = pair(op, input, target)
  const weight = weightsFor(op, 'weight', options?.weight, x)
  let loss = neg(t.mul(logSigmoid(x)).add(sub(1, t).mul(logSigmoid(neg(x)))))
  if (weight !== null) loss = loss.mul(weight)
  return reduce(op, mean(loss, -1), options?.reduction)
}
