// Rows of a table by index.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import {
  AutogradError,
  checkFlag,
  checkInteger,
  checkNumber,
  checkOptions,
  formatShape,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import { needsFloating } from './axis.js'
import { where } from './choice.js'
import { eq } from './compare.js'
import { asIndex, type Index } from './indexing.js'
import { dense } from './pointwise.js'
import { unsqueeze } from './view.js'

const EMBEDDING = kernel('embedding')
const EMBEDDING_BACKWARD = kernel('embeddingBackward')
const EMBEDDING_RENORM = kernel('embeddingRenorm')

interface Extra {
  /** Rows of the table. */
  readonly V: number
  /** The row that gets no gradient, or -1. */
  readonly padding: number
  readonly frequency: boolean
}

const embeddingOp = defineOp('embedding', {
  forward(ctx, weight: Tensor, index: Tensor, extra: Extra) {
    const [V, D] = weight.shape
    const out = emptyTensor([...index.shape, D], weight.dtype)
    launch(EMBEDDING, weight.dtype, [dense(weight), index, out], [V, D, index.count])
    ctx.save(index)
    ctx.extra = extra
    return out
  },
  backward: (ctx, grad): Gradient[] => [gradientOp(grad, ctx.saved[0], ctx.extra), null],
  derivative: true,
})

/** The gradient of the table. */
const gradientOp = defineOp('embeddingDenseBackward', {
  forward(ctx, grad: Tensor, index: Tensor, extra: Extra) {
    const D = grad.shape[grad.shape.length - 1]
    const { V, padding, frequency } = extra
    const out = emptyTensor([V, D], grad.dtype)
    launch(
      EMBEDDING_BACKWARD,
      grad.dtype,
      [dense(grad), index, out],
      [V, D, index.count, padding + 1, frequency ? 1 : 0],
    )
    ctx.save(index)
    ctx.extra = extra
    return out
  },
  backward(ctx, grad): Gradient[] {
    const [index] = ctx.saved
    const { padding, frequency }: Extra = ctx.extra
    if (frequency) throw new AutogradError('scaleGradByFreq has no second derivative', { op: 'embedding' })
    const rows = embeddingOp(grad, index, ctx.extra)
    return [padding < 0 ? rows : where(unsqueeze(eq(index, padding), -1), 0, rows), null]
  },
  derivative: true,
})

export interface EmbeddingOptions {
  /** The row that gets no gradient; negative counts from the end. Default: none. */
  paddingIdx?: number | null
  /** Rows longer than this are shortened to it, in place, when they are looked up. Default: no limit. */
  maxNorm?: number | null
  /** The p of that length. Default: 2. */
  normType?: number
  /** Divide a row's gradient by how often it is looked up in the call. Default: false. */
  scaleGradByFreq?: boolean
}

export const embeddingOptions = ['paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq']

/** The padding row as a position, or -1. @throws ValueError if there is no such row */
export function paddingOf(op: string, padding: number | null | undefined, V: number): number {
  if (padding === null || padding === undefined) return -1
  checkInteger(op, 'paddingIdx', padding, Number.MIN_SAFE_INTEGER)
  if (padding < -V || padding >= V)
    throw new ValueError(`paddingIdx ${padding} is not within the ${V} embeddings`, { op })
  return padding < 0 ? padding + V : padding
}

/** Throws unless weight is a table. */
export function checkTable(op: string, weight: Tensor): void {
  checkTensor(op, weight, 'weight')
  needsFloating(op, weight)
  if (weight.shape.length === 2) return
  const message = `weight must have 2 dimensions [embeddings, features], got ${formatShape(weight.shape)}`
  throw new ShapeError(message, { op, shapes: [weight.shape] })
}

/** Shortens the rows that are looked up, in place. */
export function renorm(op: string, weight: Tensor, index: Tensor, options: EmbeddingOptions | undefined): void {
  const { maxNorm = null, normType = 2 } = options ?? {}
  checkNumber(op, 'normType', normType)
  if (maxNorm === null) return
  checkNumber(op, 'maxNorm', maxNorm, 0)
  if (weight.customStrides !== null)
    throw new ValueError('maxNorm needs a contiguous weight, as it is changed in place', { op })
  launch(EMBEDDING_RENORM, weight.dtype, [weight, index], [...weight.shape, index.count], [maxNorm, normType])
  weight.storage.version++
}

/**
 * Rows of `weight` [embeddings, features] by index: [*] gives [*, features].
 * @throws IndexError if an index is out of range
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
 */
export function embedding(input: Index, weight: Tensor, options?: EmbeddingOptions): Tensor {
  const op = 'embedding'
  checkOptions(op, options, embeddingOptions)
  const index = dense(asIndex(op, input))
  checkTable(op, weight)
  const [V] = weight.shape
  const padding = paddingOf(op, options?.paddingIdx, V)
  const frequency = checkFlag(op, 'scaleGradByFreq', options?.scaleGradByFreq ?? false)
  renorm(op, weight, index, options)
  return embeddingOp(weight, index, { V, padding, frequency })
}
