// Batch norm: one kernel normalises, moves the running values and counts; another makes all gradients.
import { defineOp } from '../../autograd/defineOp.js'
import type { Gradient, Node } from '../../autograd/node.js'
import { kernel, launch } from '../../core/dispatch.js'
import { checkFlag, checkNumber, checkOptions, DTypeError, formatShape, ValueError } from '../../core/errors.js'
import { emptyTensor, type Tensor } from '../../tensor/tensor.js'
import { dense } from '../pointwise.js'
import { reshape } from '../view.js'
import { channelsOf, checkPer, perChannel } from './check.js'
import { affineGradients, normalGradients, type View } from './gradients.js'

const BATCH_NORM = kernel('batchNorm')
const BATCH_NORM_BACKWARD = kernel('batchNormBackward')

/** The running values and how they move. */
export interface Running {
  readonly mean: Tensor | null
  readonly variance: Tensor | null
  /** Counts the batches. */
  readonly counter: Tensor | null
  /** Null: 1 over the count. */
  readonly momentum: number | null
  readonly training: boolean
}

interface Extra {
  readonly sizes: readonly [number, number, number]
  readonly eps: number
  /** 32 where the running values were used. */
  readonly eval: number
}

/** [N, C, S] */
function extentsOf(x: Tensor): [number, number, number] {
  return [x.shape[0], x.shape[1], perChannel(x.shape)]
}

const batchNormOp = defineOp('nativeBatchNorm', {
  forward(ctx, x: Tensor, weight: Tensor | null, bias: Tensor | null, running: Running, eps: number) {
    const sizes = extentsOf(x)
    const out = emptyTensor(x.shape, x.dtype)
    const stats = emptyTensor([sizes[1], 2], x.dtype)
    const buffers = [dense(x), out, stats]
    for (const t of [weight, bias]) if (t !== null) buffers.push(dense(t))
    let flags = (weight === null ? 0 : 1) + (bias === null ? 0 : 2) + (running.training ? 0 : 32)
    const { mean, variance, counter, momentum } = running
    const moving: Tensor[] = []
    if (mean !== null && variance !== null) {
      flags += 4
      moving.push(mean, variance)
      if (running.training && counter !== null) {
        flags += momentum === null ? 24 : 8
        moving.push(counter)
      }
    }
    launch(BATCH_NORM, x.dtype, [...buffers, ...moving], [...sizes, flags], [eps, momentum ?? 0])
    if (running.training) for (const t of moving) t.storage.version++
    ctx.save(x, weight, stats)
    ctx.owns(stats)
    ctx.extra = { sizes, eps, eval: flags & 32 } satisfies Extra
    return out
  },
  backward(ctx, grad) {
    const [x, weight, stats] = ctx.saved as [Tensor, Tensor | null, Tensor]
    const extra: Extra = ctx.extra
    const C = extra.sizes[1]
    const dx = ctx.needs(0) ? emptyTensor(x.shape, x.dtype) : null
    const dw = ctx.needs(1) ? emptyTensor([C], x.dtype) : null
    const db = ctx.needs(2) ? emptyTensor([C], x.dtype) : null
    const buffers = [dense(x), dense(grad), stats]
    if (weight !== null) buffers.push(dense(weight))
    for (const t of [dx, dw, db]) if (t !== null) buffers.push(t)
    const wanted = (dx === null ? 0 : 64) + (dw === null ? 0 : 128) + (db === null ? 0 : 256)
    launch(BATCH_NORM_BACKWARD, x.dtype, buffers, [...extra.sizes, (weight === null ? 0 : 1) + extra.eval + wanted])
    return [dx, dw, db]
  },
  derivative: (ctx, grad): Gradient[] => derivative(ctx, grad),
})

function derivative(ctx: Node, grad: Tensor): Gradient[] {
  const [x, weight, stats] = ctx.saved as [Tensor, Tensor | null, Tensor]
  const { sizes, eps, eval: evaluated }: Extra = ctx.extra
  const view: View = { shape: sizes, over: [0, 2], weight: [1, sizes[1], 1], affine: [sizes[1]], eps }
  if (!evaluated) return normalGradients(x, weight, grad, view)
  const [mean, scale] = [0, 1].map(i => reshape(stats.select(1, i), view.weight))
  const dy = reshape(grad, sizes)
  const dx = (weight === null ? dy : dy.mul(reshape(weight, view.weight))).mul(scale)
  const normal = reshape(x, sizes).sub(mean).mul(scale)
  return [reshape(dx, x.shape), ...affineGradients(normal, dy, view)]
}

/** Checks a call and runs it. */
export function normalizeBatch(
  op: string,
  x: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  running: Running,
  eps: number,
): Tensor {
  const C = channelsOf(op, x)
  const { mean, variance, training } = running
  checkPer(op, x, [C], { 'the running mean': mean, 'the running variance': variance, weight, bias })
  if ((mean === null) !== (variance === null))
    throw new ValueError(`needs both running values or none, got the ${mean === null ? 'variance' : 'mean'} alone`, {
      op,
    })
  if (!training && mean === null)
    throw new ValueError('evaluation needs a running mean and variance, got none; pass { training: true }', { op })
  for (const t of [mean, variance])
    if (t !== null && t.customStrides !== null)
      throw new ValueError('running values must be contiguous, as they are changed in place', { op })
  if (running.counter !== null && running.counter.dtype !== 'int32')
    throw new DTypeError(`num_batches_tracked must be int32, got ${running.counter.dtype}`, { op })
  const [N, , S] = extentsOf(x)
  if (training && N * S === 1) {
    const message = `training needs more than 1 value per channel, input ${formatShape(x.shape)} has 1`
    throw new ValueError(message, { op, shapes: [x.shape] })
  }
  return batchNormOp(x, weight, bias, running, eps)
}

export interface BatchNormOptions {
  /** Per channel. Default: none. */
  weight?: Tensor | null
  /** Per channel. Default: none. */
  bias?: Tensor | null
  /** Normalise by the batch and move the running values towards it. Default: false. */
  training?: boolean
  /** How far they move. Default: 0.1. */
  momentum?: number
  /** Added to the variance. Default: 1e-5. */
  eps?: number
}

/**
 * (x - mean) / √(variance + eps) · weight + bias for each channel of [N, C, *].
 * @param runningMean changed in place in training, as `runningVar`; both may be null there
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.batch_norm.html
 */
export function batchNorm(
  x: Tensor,
  runningMean?: Tensor | null,
  runningVar?: Tensor | null,
  options?: BatchNormOptions,
): Tensor {
  const op = 'batchNorm'
  checkOptions(op, options, ['weight', 'bias', 'training', 'momentum', 'eps'])
  const { weight = null, bias = null, training = false, momentum = 0.1, eps = 1e-5 } = options ?? {}
  checkFlag(op, 'training', training)
  checkNumber(op, 'momentum', momentum)
  checkNumber(op, 'eps', eps)
  const running = { mean: runningMean ?? null, variance: runningVar ?? null, counter: null, momentum, training }
  return normalizeBatch(op, x, weight, bias, running, eps)
}
