// Losses of scores over classes. Scores are [C], [N, C] or [N, C, d1, …]; a target has one class, or one share per class, for each.
import { checkTensor, defineOp } from '../../autograd/defineOp.js'
import type { Gradient, Node } from '../../autograd/node.js'
import { kernel, launch } from '../../core/dispatch.js'
import { isFloating } from '../../core/dtype.js'
import {
  checkInteger,
  checkNumber,
  checkOptions,
  DTypeError,
  formatShape,
  ShapeError,
  ValueError,
} from '../../core/errors.js'
import { type Shape, sameShape } from '../../core/shape.js'
import { emptyTensor, type Tensor, viewOf } from '../../tensor/tensor.js'
import { withShape } from '../broadcast.js'
import { cast } from '../cast.js'
import { where } from '../choice.js'
import { dense } from '../pointwise.js'
import { sum } from '../reduce.js'
import { logSoftmax, softmax } from '../softmax.js'
import { neg } from '../unary.js'
import { checkFloating, type LossOptions, reductionOf } from './pair.js'

const CROSS_ENTROPY = kernel('crossEntropy')
const CROSS_ENTROPY_BACKWARD = kernel('crossEntropyBackward')
const CROSS_ENTROPY_TARGET = kernel('crossEntropyTarget')
const SHARES = kernel('crossEntropyOfShares')
const SHARES_BACKWARD = kernel('crossEntropyOfSharesBackward')
const NLL = kernel('nllLoss')
const NLL_BACKWARD = kernel('nllLossBackward')
const MARGIN = kernel('multiMarginLoss')
const MARGIN_BACKWARD = kernel('multiMarginLossBackward')
const FILL = kernel('fill')

/** The dimension of the classes. */
const classDim = (shape: Shape) => (shape.length === 1 ? 0 : 1)

/** The shape of one number per sample. */
function sampleShape(shape: Shape): number[] {
  const d = classDim(shape)
  return [...shape.slice(0, d), ...shape.slice(d + 1)]
}

/** N, C, D of scores. */
function sizesOf(shape: Shape): [number, number, number] {
  if (shape.length === 1) return [1, shape[0], 1]
  return [shape[0], shape[1], shape.slice(2).reduce((a, b) => a * b, 1)]
}

interface Kept {
  readonly sizes: readonly number[]
  readonly floats: readonly number[]
  readonly reduction: number
}

const present = (weight: Tensor | null) => (weight === null ? [] : [dense(weight)])

/** The gradient of each sample's loss, to be multiplied with scores: `by` is what mean divides by. */
function perSample(grad: Tensor, shape: Shape, reduction: number, by: Tensor | number): Tensor {
  if (reduction === 1) return grad.div(by)
  if (reduction === 2) return grad
  const kept = shape.slice()
  kept[classDim(shape)] = 1
  return withShape(grad, kept)
}

/** What forward kept last, the weights of the samples together, as a constant scalar; 1 where all are ignored and slopes are 0. */
function lastOf(kept: Tensor): Tensor {
  const total = viewOf(kept, [], [], kept.count - 1).detach()
  return where(total.eq(0), 1, total)
}

/** The shared half of both cross entropies: launching, keeping, and the backward kernel. */
function launchForward(
  ctx: Node,
  kernelId: number,
  x: Tensor,
  target: Tensor,
  weight: Tensor | null,
  reduction: number,
  floats: readonly number[],
): Tensor {
  const [N, C, D] = sizesOf(x.shape)
  const sizes = [N, C, D, reduction, weight === null ? 0 : 1]
  const out = emptyTensor(reduction === 0 ? sampleShape(x.shape) : [], x.dtype)
  const kept = emptyTensor([2 * N * D + 1], x.dtype)
  launch(kernelId, x.dtype, [dense(x), dense(target), out, kept, ...present(weight)], sizes, floats)
  ctx.save(x, target, weight, kept)
  ctx.owns(kept)
  ctx.extra = { sizes, floats, reduction } satisfies Kept
  return out
}
function launchBackward(ctx: Node, kernelId: number, grad: Tensor): Tensor {
  const [x, target, weight, kept] = ctx.saved
  const { sizes, floats } = ctx.extra as Kept
  const dx = emptyTensor(x.shape, x.dtype)
  launch(kernelId, x.dtype, [dense(x), dense(target), kept, dense(grad), dx, ...present(weight)], sizes, floats)
  return dx
}

const crossEntropyOp = defineOp('crossEntropy', {
  forward: (ctx, x: Tensor, target: Tensor, weight: Tensor | null, reduction: number, floats: readonly number[]) =>
    launchForward(ctx, CROSS_ENTROPY, x, target, weight, reduction, floats),
  backward: (ctx, grad): Gradient => launchBackward(ctx, CROSS_ENTROPY_BACKWARD, grad),
  /** grad·(p·Σq - q), with the target as shares q. */
  derivative(ctx, grad): Gradient {
    const [x, target, weight, kept] = ctx.saved
    const { sizes, floats, reduction } = ctx.extra as Kept
    const q = emptyTensor(x.shape, x.dtype)
    launch(CROSS_ENTROPY_TARGET, x.dtype, [dense(target), q, ...present(weight)], sizes, floats)
    const d = classDim(x.shape)
    const slopes = softmax(x, d)
      .mul(sum(q, d, { keepdim: true }))
      .sub(q)
    return slopes.mul(perSample(grad, x.shape, reduction, lastOf(kept)))
  },
})

/** Weights [C] beside scores of this shape. */
function alongClasses(weight: Tensor, shape: Shape): Tensor {
  return withShape(
    weight,
    shape.map((n, d) => (d === classDim(shape) ? n : 1)),
  )
}

const sharesOp = defineOp('crossEntropy', {
  forward: (ctx, x: Tensor, target: Tensor, weight: Tensor | null, reduction: number, smoothing: number) =>
    launchForward(ctx, SHARES, x, target, weight, reduction, [smoothing]),
  backward: (ctx, grad): Gradient[] => [
    ctx.needs(0) ? launchBackward(ctx, SHARES_BACKWARD, grad) : null,
    ctx.needs(1) ? targetGradient(ctx, grad) : null,
  ],
  derivative(ctx, grad): Gradient[] {
    const [x, target, weight] = ctx.saved as (Tensor | null)[]
    const { sizes, floats, reduction } = ctx.extra as Kept
    const [N, C, D] = sizes
    const d = classDim(x!.shape)
    let q = target!.mul(1 - floats[0]).add(floats[0] / C)
    if (weight !== null) q = q.mul(alongClasses(weight, x!.shape))
    const slopes = softmax(x!, d)
      .mul(sum(q, d, { keepdim: true }))
      .sub(q)
    return [
      ctx.needs(0) ? slopes.mul(perSample(grad, x!.shape, reduction, N * D)) : null,
      ctx.needs(1) ? targetGradient(ctx, grad) : null,
    ]
  },
})

/** -grad·w·(1 - e)·log p, of a target in shares. */
function targetGradient(ctx: Node, grad: Tensor): Tensor {
  const [x, , weight] = ctx.saved as (Tensor | null)[]
  const { sizes, floats, reduction } = ctx.extra as Kept
  let slopes = neg(logSoftmax(x!, classDim(x!.shape))).mul(1 - floats[0])
  if (weight !== null) slopes = slopes.mul(alongClasses(weight, x!.shape))
  return slopes.mul(perSample(grad, x!.shape, reduction, sizes[0] * sizes[2]))
}

const nllOp = defineOp('nllLoss', {
  forward(ctx, x: Tensor, target: Tensor, weight: Tensor | null, reduction: number, ignored: number) {
    const [N, C, D] = sizesOf(x.shape)
    const sizes = [N, C, D, reduction, weight === null ? 0 : 1]
    const out = emptyTensor(reduction === 0 ? sampleShape(x.shape) : [], x.dtype)
    const total = emptyTensor([1], x.dtype)
    launch(NLL, x.dtype, [dense(x), dense(target), out, total, ...present(weight)], sizes, [ignored])
    ctx.save(target, weight, total)
    ctx.extra = { shape: x.shape, sizes, reduction, ignored }
    return out
  },
  backward(ctx, grad) {
    const [target, weight, total] = ctx.saved
    const { shape, sizes, ignored } = ctx.extra
    const dx = emptyTensor(shape, grad.dtype)
    launch(NLL_BACKWARD, grad.dtype, [dense(target), total, dense(grad), dx, ...present(weight)], sizes, [ignored])
    return dx
  },
  /** The slopes are constants: those of single losses, each with gradient 1. */
  derivative(ctx, grad): Gradient {
    const [target, weight, total] = ctx.saved
    const { shape, sizes, reduction, ignored } = ctx.extra
    const ones = emptyTensor(target.shape, grad.dtype)
    const slopes = emptyTensor(shape, grad.dtype)
    const single = [sizes[0], sizes[1], sizes[2], 0, sizes[4]]
    launch(FILL, grad.dtype, [ones], [ones.count], [1])
    launch(NLL_BACKWARD, grad.dtype, [dense(target), total, ones, slopes, ...present(weight)], single, [ignored])
    return perSample(grad, shape, reduction, lastOf(total)).mul(slopes)
  },
})

const marginOp = defineOp('multiMarginLoss', {
  forward(ctx, x: Tensor, target: Tensor, weight: Tensor | null, reduction: number, p: number, margin: number) {
    const [N, C, D] = sizesOf(x.shape)
    const sizes = [N, C, D, reduction, weight === null ? 0 : 1, p]
    const out = emptyTensor(reduction === 0 ? sampleShape(x.shape) : [], x.dtype)
    launch(MARGIN, x.dtype, [dense(x), dense(target), out, ...present(weight)], sizes, [margin])
    ctx.save(x, target, weight)
    ctx.extra = { sizes, margin }
    return out
  },
  backward(ctx, grad) {
    const [x, target, weight] = ctx.saved
    const dx = emptyTensor(x.shape, x.dtype)
    const buffers = [dense(x), dense(target), dense(grad), dx, ...present(weight)]
    launch(MARGIN_BACKWARD, x.dtype, buffers, ctx.extra.sizes, [ctx.extra.margin])
    return dx
  },
})

function checkScores(op: string, input: Tensor): void {
  checkFloating(op, input)
  if (input.shape.length > 0) return
  throw new ShapeError('input [] has no dimension of classes, it must be [C], [N, C] or [N, C, d1, …]', {
    op,
    shapes: [[]],
  })
}

/** Throws unless `target` holds a class for every sample. */
function checkClasses(op: string, input: Tensor, target: Tensor): void {
  checkTensor(op, target, 'target')
  const want = sampleShape(input.shape)
  const [a, b, w] = [input.shape, target.shape, want].map(formatShape)
  if (!sameShape(target.shape, want)) {
    const count = want.reduce((n, s) => n * s, 1)
    const hint =
      target.count === count
        ? `; reshape it with target.reshape(${w})`
        : op === 'crossEntropy' && sameShape(target.shape, input.shape)
          ? '; a share per class must be floating: target.float()'
          : ''
    throw new ShapeError(`input ${a} needs a class per sample, a target ${w}, got ${b}${hint}`, {
      op,
      shapes: [input.shape, target.shape],
    })
  }
  if (target.dtype === 'int32') return
  const shares = op === 'crossEntropy' && isFloating(target.dtype) ? `, or shares of the classes, ${a}` : ''
  throw new DTypeError(
    `target ${b} is ${target.dtype}, it must be int32 classes${shares}; convert it with target.int()`,
    { op },
  )
}

/** Weights of the classes as constants in the input's dtype. */
function classWeights(op: string, weight: Tensor | null | undefined, input: Tensor): Tensor | null {
  if (weight === null || weight === undefined) return null
  checkTensor(op, weight, 'weight')
  const C = sizesOf(input.shape)[1]
  if (weight.shape.length !== 1 || weight.shape[0] !== C) {
    const message = `weight ${formatShape(weight.shape)} must be [${C}], one for each class of the input ${formatShape(input.shape)}`
    throw new ShapeError(message, { op, shapes: [weight.shape, input.shape] })
  }
  return cast(weight.detach(), input.dtype)
}

export interface ClassOptions extends LossOptions {
  /** Of each class, [C]. The mean divides by the weights of the samples' classes. */
  weight?: Tensor | null
  /** A target that counts as no sample. Default: -100. */
  ignoreIndex?: number
}

export interface CrossEntropyOptions extends ClassOptions {
  /** How much of each target is spread over all classes, 0 to 1. Default: 0. */
  labelSmoothing?: number
}

/**
 * The cross entropy of softmax(input) and the target. Shapes: input [C], [N, C] or [N, C, d1, …]; target int32 [], [N] or [N, d1, …],
 * or floating and like the input, a share for each class.
 * @throws IndexError if a target is no class; ShapeError, DTypeError if the target fits neither form
 * @see https://pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html
 */
export function crossEntropy(input: Tensor, target: Tensor, options?: CrossEntropyOptions): Tensor {
  const op = 'crossEntropy'
  checkScores(op, input)
  checkTensor(op, target, 'target')
  checkOptions(op, options, ['weight', 'ignoreIndex', 'reduction', 'labelSmoothing'])
  const reduction = reductionOf(op, options?.reduction)
  const smoothing = checkNumber(op, 'labelSmoothing', options?.labelSmoothing ?? 0, 0, 1)
  const ignored = checkInteger(op, 'ignoreIndex', options?.ignoreIndex ?? -100, -Infinity)
  const weight = classWeights(op, options?.weight, input)
  if (isFloating(target.dtype) && sameShape(target.shape, input.shape))
    return sharesOp(input, cast(target, input.dtype), weight, reduction, smoothing)
  checkClasses(op, input, target)
  return crossEntropyOp(input, target, weight, reduction, [ignored, smoothing])
}

/** -input[target]: the negative log likelihood of log-probabilities. Shapes as for crossEntropy. @throws IndexError if a target is no class */
export function nllLoss(input: Tensor, target: Tensor, options?: ClassOptions): Tensor {
  const op = 'nllLoss'
  checkScores(op, input)
  checkOptions(op, options, ['weight', 'ignoreIndex', 'reduction'])
  checkClasses(op, input, target)
  const ignored = checkInteger(op, 'ignoreIndex', options?.ignoreIndex ?? -100, -Infinity)
  const weight = classWeights(op, options?.weight, input)
  return nllOp(input, target, weight, reductionOf(op, options?.reduction), ignored)
}

export interface MultiMarginOptions extends LossOptions {
  /** 1 or 2. Default: 1. */
  p?: number
  /** Default: 1. */
  margin?: number
  /** Of each class, [C]. */
  weight?: Tensor | null
}

/** Σ max(0, margin - x[t] + x[c])ᵖ / C over the classes c other than t. Shapes: input [C] or [N, C], target int32 [] or [N]. */
export function multiMarginLoss(input: Tensor, target: Tensor, options?: MultiMarginOptions): Tensor {
  const op = 'multiMarginLoss'
  checkScores(op, input)
  checkOptions(op, options, ['p', 'margin', 'weight', 'reduction'])
  const { p = 1, margin = 1 } = options ?? {}
  if (p !== 1 && p !== 2) throw new ValueError(`p must be 1 or 2, got ${p}`, { op })
  if (input.shape.length > 2) {
    throw new ShapeError(`input ${formatShape(input.shape)} must be [C] or [N, C]`, { op, shapes: [input.shape] })
  }
  checkClasses(op, input, target)
  const weight = classWeights(op, options?.weight, input)
  return marginOp(input, target, weight, reductionOf(op, options?.reduction), p, checkNumber(op, 'margin', margin))
}
