// Losses of an input and a target, element by element. The kernels reduce in the same pass; the slopes stand here once more in
// recorded operations, for second derivatives and for gradients of targets.
import { defineOp } from '../../autograd/defineOp.js'
import type { Gradient, Node } from '../../autograd/node.js'
import { kernel, launch } from '../../core/dispatch.js'
import { checkNumber, checkOptions, ValueError } from '../../core/errors.js'
import { emptyTensor, type Tensor } from '../../tensor/tensor.js'
import { hardtanh, softplus, threshold } from '../activation.js'
import { sub } from '../arithmetic.js'
import { dense } from '../pointwise.js'
import { exp, log, log1p, neg, sigmoid, sign } from '../unary.js'
import { type PairOptions, pair, type Reduction, reductionOf, weightsFor } from './pair.js'

type Slope = (x: Tensor, t: Tensor, constants: readonly number[], posWeight: Tensor | null) => Tensor

interface Kept {
  readonly reduction: number
  readonly constants: readonly number[]
}

/** `slope`: of the loss in the input; `targetSlope`: in the target, absent where targets are mere labels. */
function loss(name: string, slope: Slope, targetSlope?: Slope) {
  const forward = kernel(name)
  const backward = kernel(`${name}Backward`)
  const flags = (weight: Tensor | null, posWeight: Tensor | null) => (weight ? 1 : 0) + (posWeight ? 2 : 0)
  const present = (...weights: (Tensor | null)[]) => weights.filter(w => w !== null).map(dense)

  /** grad times a slope, weighted and averaged as the loss is. */
  const scaled = (ctx: Node, grad: Tensor, by: Slope): Gradient => {
    const [x, t, weight, posWeight] = ctx.saved as (Tensor | null)[]
    const { reduction, constants } = ctx.extra as Kept
    let out = by(x!, t!, constants, posWeight)
    if (weight !== null) out = out.mul(weight)
    return out.mul(reduction === 1 ? grad.div(x!.count) : grad)
  }

  return defineOp(name, {
    forward(
      ctx,
      x: Tensor,
      t: Tensor,
      weight: Tensor | null,
      posWeight: Tensor | null,
      reduction: number,
      constants: readonly number[],
    ) {
      const out = emptyTensor(reduction === 0 ? x.shape : [], x.dtype)
      const buffers = [dense(x), dense(t), out, ...present(weight, posWeight)]
      launch(forward, x.dtype, buffers, [x.count, reduction, flags(weight, posWeight)], constants)
      ctx.save(x, t, weight, posWeight)
      ctx.extra = { reduction, constants } satisfies Kept
      return out
    },
    backward(ctx, grad): Gradient[] {
      const [x, t, weight, posWeight] = ctx.saved as (Tensor | null)[]
      const { reduction, constants } = ctx.extra as Kept
      let dx: Tensor | null = null
      if (ctx.needs(0)) {
        dx = emptyTensor(x!.shape, x!.dtype)
        const buffers = [dense(x!), dense(t!), dense(grad), dx, ...present(weight, posWeight)]
        launch(backward, x!.dtype, buffers, [x!.count, reduction, flags(weight, posWeight)], constants)
      }
      return [dx, ctx.needs(1) && targetSlope ? scaled(ctx, grad, targetSlope) : null]
    },
    derivative: (ctx, grad): Gradient[] => [
      ctx.needs(0) ? scaled(ctx, grad, slope) : null,
      ctx.needs(1) && targetSlope ? scaled(ctx, grad, targetSlope) : null,
    ],
  })
}

/** A loss of x - t: its slope in the target is the opposite of that in the input. */
function lossOfDifference(name: string, slope: (difference: Tensor, constants: readonly number[]) => Tensor) {
  return loss(
    name,
    (x, t, constants) => slope(x.sub(t), constants),
    (x, t, constants) => neg(slope(x.sub(t), constants)),
  )
}

const mse = lossOfDifference('mseLoss', d => d.mul(2))
const l1 = lossOfDifference('l1Loss', sign)
const smoothL1 = lossOfDifference('smoothL1Loss', (d, [beta]) => (beta === 0 ? sign(d) : hardtanh(d.div(beta))))
const huber = lossOfDifference('huberLoss', (d, [delta]) => hardtanh(d, { minVal: -delta, maxVal: delta }))

/** max(x, least), whose slope is 0 below. */
const atLeast = (x: Tensor, least: number) => threshold(x, least, least)

const bce = loss(
  'binaryCrossEntropy',
  (x, t) => x.sub(t).div(atLeast(x.mul(sub(1, x)), 1e-12)),
  x => atLeast(log1p(neg(x)), -100).sub(atLeast(log(x), -100)),
)

const bceWithLogits = loss(
  'binaryCrossEntropyWithLogits',
  (x, t, _, posWeight) => {
    if (posWeight === null) return sigmoid(x).sub(t)
    const positive = t.mul(posWeight)
    return positive.add(1).sub(t).mul(sigmoid(x)).sub(positive)
  },
  (x, _t, _, posWeight) => {
    if (posWeight === null) return neg(x)
    return posWeight
      .sub(1)
      .mul(softplus(neg(x)))
      .sub(x)
  },
)

const softMargin = loss(
  'softMarginLoss',
  (x, t) => neg(t.mul(sigmoid(neg(t.mul(x))))),
  (x, t) => neg(x.mul(sigmoid(neg(t.mul(x))))),
)

const divergence = loss(
  'klDiv',
  (_, t, [logTarget]) => neg(logTarget ? exp(t) : t),
  (x, t, [logTarget]) => (logTarget ? exp(t).mul(t.sub(x).add(1)) : log(t).add(1).sub(x)),
)

/** The slope is -1, 0 or 1, itself flat: that of the backward kernel, as a constant. */
const hinge = loss('hingeEmbeddingLoss', (x, t, constants) => {
  const out = x.detach().clone().fill_(1)
  launch(kernel('hingeEmbeddingLossBackward'), x.dtype, [dense(x), dense(t), out, out], [x.count, 0, 0], constants)
  return out
})

const plain: readonly number[] = []

/** (x - t)². @see https://pytorch.org/docs/stable/generated/torch.nn.MSELoss.html */
export function mseLoss(input: Tensor, target: Tensor, options?: PairOptions): Tensor {
  checkOptions('mseLoss', options, ['reduction', 'broadcast'])
  const [x, t] = pair('mseLoss', input, target, options?.broadcast)
  return mse(x, t, null, null, reductionOf('mseLoss', options?.reduction), plain)
}

/** |x - t|. */
export function l1Loss(input: Tensor, target: Tensor, options?: PairOptions): Tensor {
  checkOptions('l1Loss', options, ['reduction', 'broadcast'])
  const [x, t] = pair('l1Loss', input, target, options?.broadcast)
  return l1(x, t, null, null, reductionOf('l1Loss', options?.reduction), plain)
}

export interface SmoothL1Options extends PairOptions {
  /** Where the square turns into a line; 0 makes it l1Loss. Default: 1. */
  beta?: number
}

/** (x - t)²/(2·beta) where |x - t| < beta, else |x - t| - beta/2. @throws ValueError if beta < 0 */
export function smoothL1Loss(input: Tensor, target: Tensor, options?: SmoothL1Options): Tensor {
  const op = 'smoothL1Loss'
  checkOptions(op, options, ['reduction', 'broadcast', 'beta'])
  const beta = checkNumber(op, 'beta', options?.beta ?? 1, 0)
  const [x, t] = pair(op, input, target, options?.broadcast)
  return smoothL1(x, t, null, null, reductionOf(op, options?.reduction), [beta])
}

export interface HuberOptions extends PairOptions {
  /** Where the square turns into a line. Default: 1. */
  delta?: number
}

/** (x - t)²/2 where |x - t| < delta, else delta·(|x - t| - delta/2). @throws ValueError unless delta > 0 */
export function huberLoss(input: Tensor, target: Tensor, options?: HuberOptions): Tensor {
  const op = 'huberLoss'
  checkOptions(op, options, ['reduction', 'broadcast', 'delta'])
  const delta = checkNumber(op, 'delta', options?.delta ?? 1)
  if (delta <= 0) throw new ValueError(`delta must be > 0, got ${delta}`, { op })
  const [x, t] = pair(op, input, target, options?.broadcast)
  return huber(x, t, null, null, reductionOf(op, options?.reduction), [delta])
}

export interface BinaryOptions extends PairOptions {
  /** Of each loss; broadcast to the input. */
  weight?: Tensor | null
}

/**
 * -(t·log x + (1 - t)·log(1 - x)) of probabilities x; each logarithm is at least -100.
 * @throws ValueError if an input is outside [0, 1]; ShapeError if the shapes differ; DTypeError if the dtypes do
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BCELoss.html
 */
export function binaryCrossEntropy(input: Tensor, target: Tensor, options?: BinaryOptions): Tensor {
  const op = 'binaryCrossEntropy'
  checkOptions(op, options, ['weight', 'reduction', 'broadcast'])
  const [x, t] = pair(op, input, target, options?.broadcast, true)
  return bce(x, t, weightsFor(op, 'weight', options?.weight, x), null, reductionOf(op, options?.reduction), plain)
}

export interface BinaryLogitsOptions extends BinaryOptions {
  /** Of the positive targets: above 1 it favours recall. Broadcast to the input. */
  posWeight?: Tensor | null
}

/**
 * Binary cross entropy of sigmoid(x), without overflow: the input is any number.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BCEWithLogitsLoss.html
 */
export function binaryCrossEntropyWithLogits(input: Tensor, target: Tensor, options?: BinaryLogitsOptions): Tensor {
  const op = 'binaryCrossEntropyWithLogits'
  checkOptions(op, options, ['weight', 'posWeight', 'reduction', 'broadcast'])
  const [x, t] = pair(op, input, target, options?.broadcast)
  const weight = weightsFor(op, 'weight', options?.weight, x)
  const posWeight = weightsFor(op, 'posWeight', options?.posWeight, x)
  return bceWithLogits(x, t, weight, posWeight, reductionOf(op, options?.reduction), plain)
}

/** log(1 + exp(-t·x)) for targets -1 and 1. */
export function softMarginLoss(input: Tensor, target: Tensor, options?: PairOptions): Tensor {
  const op = 'softMarginLoss'
  checkOptions(op, options, ['reduction', 'broadcast'])
  const [x, t] = pair(op, input, target, options?.broadcast)
  return softMargin(x, t, null, null, reductionOf(op, options?.reduction), plain)
}

export interface KLDivOptions {
  /** As for other losses, or 'batchmean': the sum divided by the size of the first dimension. Default: 'mean'. */
  reduction?: Reduction | 'batchmean'
  /** The target is given as its logarithm. Default: false. */
  logTarget?: boolean
  broadcast?: boolean
}

/**
 * t·(log t - x) of log-probabilities x. 'batchmean' is the divergence of the distributions; 'mean', PyTorch's default, is not.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.KLDivLoss.html
 */
export function klDiv(input: Tensor, target: Tensor, options?: KLDivOptions): Tensor {
  const op = 'klDiv'
  checkOptions(op, options, ['reduction', 'logTarget', 'broadcast'])
  const [x, t] = pair(op, input, target, options?.broadcast)
  const batchmean = options?.reduction === 'batchmean'
  const reduction = reductionOf(op, batchmean ? 'sum' : (options?.reduction as Reduction | undefined))
  const out = divergence(x, t, null, null, reduction, [options?.logTarget ? 1 : 0])
  return batchmean && x.shape.length > 0 ? out.div(x.shape[0]) : out
}

export interface HingeOptions extends PairOptions {
  /** Default: 1. */
  margin?: number
}

/** x for targets 1, max(0, margin - x) for targets -1. */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, options?: HingeOptions): Tensor {
  const op = 'hingeEmbeddingLoss'
  checkOptions(op, options, ['margin', 'reduction', 'broadcast'])
  const margin = checkNumber(op, 'margin', options?.margin ?? 1)
  const [x, t] = pair(op, input, target, options?.broadcast)
  return hinge(x, t, null, null, reductionOf(op, options?.reduction), [margin])
}
