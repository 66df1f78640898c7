// Normalisation of contiguous rows: layer norm, RMS norm, group norm and instance norm are one kernel with different weights.
import { checkTensor, defineOp } from '../../autograd/defineOp.js'
import type { Gradient } from '../../autograd/node.js'
import { kernel, launch } from '../../core/dispatch.js'
import { checkInteger, checkNumber, checkOptions, formatShape, ShapeError, ValueError } from '../../core/errors.js'
import { checkShape, numel, type Shape } from '../../core/shape.js'
import { emptyTensor, type Tensor } from '../../tensor/tensor.js'
import { dense } from '../pointwise.js'
import { channelsOf, checkPer, perChannel } from './check.js'
import { normalGradients, type View } from './gradients.js'

const ROW_NORM = kernel('rowNorm')
const ROW_NORM_BACKWARD = kernel('rowNormBackward')

/** Rows of `channels` channels of `each` elements; rows take the weights of `groups` groups in turn. See native/kernels/rowNorm.cpp. */
interface Layout {
  readonly groups: number
  readonly channels: number
  readonly each: number
  /** Shape of weight and bias. */
  readonly affine: Shape
  readonly eps: number
  readonly rms: boolean
}

function rowsOf(x: Tensor, { channels, each }: Layout): number {
  const length = channels * each
  return length === 0 ? 0 : x.count / length
}

function viewOf(x: Tensor, layout: Layout): View {
  const { groups, channels, each, affine, eps, rms } = layout
  const shape = [rowsOf(x, layout) / groups, groups, channels, each]
  return { shape, over: [2, 3], weight: [1, groups, channels, 1], affine, eps, rms }
}

function rowNormOp(name: string) {
  return defineOp(name, {
    forward(ctx, x: Tensor, weight: Tensor | null, bias: Tensor | null, layout: Layout) {
      const { groups, channels, each, eps, rms } = layout
      const rows = rowsOf(x, layout)
      const out = emptyTensor(x.shape, x.dtype)
      const stats = emptyTensor([rows, 2], x.dtype)
      const buffers = [dense(x), out, stats]
      if (weight !== null) buffers.push(dense(weight))
      if (bias !== null) buffers.push(dense(bias))
      const flags = (weight === null ? 0 : 1) + (bias === null ? 0 : 2) + (rms ? 4 : 0)
      launch(ROW_NORM, x.dtype, buffers, [rows, groups, channels, each, flags], [eps])
      ctx.save(x, weight, stats)
      ctx.owns(stats)
      ctx.extra = layout
      return out
    },
    backward(ctx, grad) {
      const [x, weight, stats] = ctx.saved as [Tensor, Tensor | null, Tensor]
      const layout: Layout = ctx.extra
      const { groups, channels, each, affine, rms } = layout
      const dx = ctx.needs(0) ? emptyTensor(x.shape, x.dtype) : null
      const dw = ctx.needs(1) ? emptyTensor(affine, x.dtype) : null
      const db = ctx.needs(2) ? emptyTensor(affine, x.dtype) : null
      const buffers = [dense(x), dense(grad), stats]
      if (weight !== null) buffers.push(dense(weight))
      for (const t of [dx, dw, db]) if (t !== null) buffers.push(t)
      const wanted = (dx === null ? 0 : 8) + (dw === null ? 0 : 16) + (db === null ? 0 : 32)
      const flags = (weight === null ? 0 : 1) + (rms ? 4 : 0) + wanted
      launch(ROW_NORM_BACKWARD, x.dtype, buffers, [rowsOf(x, layout), groups, channels, each, flags])
      return [dx, dw, db]
    },
    derivative(ctx, grad): Gradient[] {
      const [x, weight] = ctx.saved as [Tensor, Tensor | null]
      return normalGradients(x, weight, grad, viewOf(x, ctx.extra))
    },
  })
}

const layerNormOp = rowNormOp('nativeLayerNorm')
const rmsNormOp = rowNormOp('rmsNorm')
const groupNormOp = rowNormOp('nativeGroupNorm')

export interface AffineOptions {
  /** What the normalised elements are multiplied by. Default: nothing. */
  weight?: Tensor | null
  /** What is then added. Default: nothing. */
  bias?: Tensor | null
  /** Added to the variance. Default: 1e-5. */
  eps?: number
}

/** The last dimensions of x as one row. @throws ShapeError unless x ends in them */
function lastDims(op: string, x: Tensor, normalizedShape: number | readonly number[]): number[] {
  checkTensor(op, x)
  const shape = checkShape(op, typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape)
  const end = x.shape.slice(Math.max(0, x.shape.length - shape.length))
  if (shape.length === 0) throw new ValueError('normalizedShape must name at least one dimension, got []', { op })
  if (end.length === shape.length && end.every((n, d) => n === shape[d])) return shape
  const message = `input ${formatShape(x.shape)} must end in the dimensions to normalise, ${formatShape(shape)}`
  throw new ShapeError(message, { op, shapes: [x.shape, shape] })
}

/**
 * (x - mean) / √(variance + eps) · weight + bias, mean and variance taken over the last dimensions.
 * @param normalizedShape those dimensions; a number is one dimension
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.layer_norm.html
 */
export function layerNorm(x: Tensor, normalizedShape: number | readonly number[], options?: AffineOptions): Tensor {
  const op = 'layerNorm'
  checkOptions(op, options, ['weight', 'bias', 'eps'])
  const { weight = null, bias = null, eps = 1e-5 } = options ?? {}
  const shape = lastDims(op, x, normalizedShape)
  checkPer(op, x, shape, { weight, bias })
  checkNumber(op, 'eps', eps)
  return layerNormOp(x, weight, bias, { groups: 1, channels: numel(shape), each: 1, affine: shape, eps, rms: false })
}

/**
 * x / √(mean of x² + eps) · weight over the last dimensions.
 * @param options `eps`: default the dtype's distance from 1 to the next number
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.rms_norm.html
 */
export function rmsNorm(
  x: Tensor,
  normalizedShape: number | readonly number[],
  options?: { weight?: Tensor | null; eps?: number | null },
): Tensor {
  const op = 'rmsNorm'
  checkOptions(op, options, ['weight', 'eps'])
  const weight = options?.weight ?? null
  const shape = lastDims(op, x, normalizedShape)
  checkPer(op, x, shape, { weight })
  const eps = checkNumber(op, 'eps', options?.eps ?? (x.dtype === 'float64' ? Number.EPSILON : 2 ** -23))
  return rmsNormOp(x, weight, null, { groups: 1, channels: numel(shape), each: 1, affine: shape, eps, rms: true })
}

/**
 * Normalises groups of the channels of [N, C, *] by their own mean and variance; weight and bias are [C].
 * @throws ShapeError where the groups do not divide the channels
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.group_norm.html
 */
export function groupNorm(x: Tensor, numGroups: number, options?: AffineOptions): Tensor {
  const op = 'groupNorm'
  checkOptions(op, options, ['weight', 'bias', 'eps'])
  const { weight = null, bias = null, eps = 1e-5 } = options ?? {}
  const C = channelsOf(op, x)
  checkInteger(op, 'numGroups', numGroups, 1)
  if (C % numGroups !== 0) {
    const message = `input ${formatShape(x.shape)} has ${C} channels, which ${numGroups} groups do not divide`
    throw new ShapeError(message, { op, shapes: [x.shape] })
  }
  checkPer(op, x, [C], { weight, bias })
  checkNumber(op, 'eps', eps)
  const each = perChannel(x.shape)
  if ((x.shape[0] * C * each) / numGroups === 1) {
    const message = `needs more than 1 value in each group, input ${formatShape(x.shape)} has 1 in ${numGroups} groups`
    throw new ValueError(message, { op, shapes: [x.shape] })
  }
  return groupNormOp(x, weight, bias, {
    groups: numGroups,
    channels: C / numGroups,
    each,
    affine: [C],
    eps,
    rms: false,
  })
}
