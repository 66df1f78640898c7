// Rows of a table by index, summed, averaged or maximised in bags without the rows themselves.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import { kernel, launch } from '../core/dispatch.js'
import {
  checkChoice,
  checkFlag,
  checkOptions,
  DTypeError,
  formatShape,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import { sameShape } from '../core/shape.js'
import { arange } from '../tensor/create.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import { checkTable, type EmbeddingOptions, embeddingOptions, paddingOf, renorm } from './embedding.js'
import { asIndex, type Index } from './indexing.js'
import { dense } from './pointwise.js'
import { reshape } from './view.js'

const EMBEDDING_BAG = kernel('embeddingBag')
const EMBEDDING_BAG_BACKWARD = kernel('embeddingBagBackward')
const EMBEDDING_BAG_WEIGHTS = kernel('embeddingBagWeights')

const modes = ['sum', 'mean', 'max'] as const
export type BagMode = (typeof modes)[number]

interface Bags {
  readonly mode: BagMode
  /** The row that counts for nothing, or -1. */
  readonly padding: number
  readonly frequency: boolean
  /** The offsets hold the end of the last bag too. */
  readonly closed: boolean
}

interface Extra {
  readonly V: number
  readonly sizes: readonly number[]
  readonly frequency: boolean
  readonly max: boolean
}

const embeddingBagOp = defineOp('embeddingBag', {
  forward(ctx, weight: Tensor, index: Tensor, offsets: Tensor, weights: Tensor | null, bags: Bags) {
    const [V, D] = weight.shape
    const n = bags.closed ? offsets.count - 1 : offsets.count
    const given = (weights === null ? 0 : 1) + (bags.closed ? 2 : 0)
    const sizes = [V, D, index.count, n, modes.indexOf(bags.mode), bags.padding + 1, given]
    const out = emptyTensor([n, D], weight.dtype)
    const max = bags.mode === 'max'
    const entries = max ? emptyTensor([n, D], 'int32') : null
    const buffers = [dense(weight), index, offsets, out]
    for (const t of [weights, entries]) if (t !== null) buffers.push(dense(t))
    launch(EMBEDDING_BAG, weight.dtype, buffers, sizes)
    ctx.save(index, offsets, weights, entries, ctx.needs(3) ? weight : null)
    ctx.extra = { V, sizes, frequency: bags.frequency, max } satisfies Extra
    return out
  },
  backward(ctx, grad) {
    const [index, offsets, weights, entries, table] = ctx.saved as (Tensor | null)[]
    const { V, sizes, frequency }: Extra = ctx.extra
    const dy = dense(grad)
    const dw = ctx.needs(0) ? emptyTensor([V, sizes[1]], grad.dtype) : null
    if (dw !== null) {
      const buffers = [dy, index!, offsets!, dw]
      for (const t of [weights, entries]) if (t !== null) buffers.push(dense(t))
      launch(EMBEDDING_BAG_BACKWARD, grad.dtype, buffers, [...sizes, frequency ? 1 : 0])
    }
    const dWeights = ctx.needs(3) ? emptyTensor(weights!.shape, grad.dtype) : null
    if (dWeights !== null)
      launch(EMBEDDING_BAG_WEIGHTS, grad.dtype, [dense(table!), index!, offsets!, dy, dWeights], sizes)
    return [dw, null, null, dWeights]
  },
})

export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** Where each bag starts, for an input of one dimension. */
  offsets?: Index | null
  /** Default: 'mean'. */
  mode?: BagMode
  /** A factor for each index, with mode 'sum'. Default: none. */
  perSampleWeights?: Tensor | null
  /** The offsets end with the end of the last bag. Default: false. */
  includeLastOffset?: boolean
}

/** The input in one dimension, and the offsets. */
function bagsOf(op: string, index: Tensor, offsets: Index | null): [Tensor, Tensor] {
  const { shape } = index
  if (shape.length === 2) {
    if (offsets !== null)
      throw new ValueError(`input ${formatShape(shape)} has a bag a row, so it takes no offsets`, { op })
    const [n, length] = shape
    const starts =
      length === 0 ? arange(n, { dtype: 'int32' }).mul(0) : arange(0, n * length, length, { dtype: 'int32' })
    return [reshape(index, [index.count]), starts]
  }
  if (shape.length !== 1) {
    const message = `input ${formatShape(shape)} must have 1 or 2 dimensions, it has ${shape.length}`
    throw new ShapeError(message, { op, shapes: [shape] })
  }
  if (offsets === null) throw new ValueError(`input ${formatShape(shape)} needs offsets: where each bag starts`, { op })
  const starts = asIndex(op, offsets)
  if (starts.shape.length === 1) return [index, dense(starts)]
  const message = `offsets must have 1 dimension, got ${formatShape(starts.shape)}`
  throw new ShapeError(message, { op, shapes: [shape, starts.shape] })
}

/**
 * The sum, mean or maximum of the rows of `weight` [embeddings, features] in each bag of indices: [bags, features], 0 for empty bags.
 * @param input [bags, length], or [n] with `offsets`
 * @throws IndexError if an index is out of range or the offsets do not rise from 0
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
 */
export function embeddingBag(input: Index, weight: Tensor, options?: EmbeddingBagOptions): Tensor {
  const op = 'embeddingBag'
  checkOptions(op, options, [...embeddingOptions, 'offsets', 'mode', 'perSampleWeights', 'includeLastOffset'])
  const given = dense(asIndex(op, input))
  checkTable(op, weight)
  const mode = checkChoice(op, 'mode', options?.mode ?? 'mean', modes)
  const frequency = checkFlag(op, 'scaleGradByFreq', options?.scaleGradByFreq ?? false)
  const closed = checkFlag(op, 'includeLastOffset', options?.includeLastOffset ?? false) && given.shape.length === 1
  const padding = paddingOf(op, options?.paddingIdx, weight.shape[0])
  if (mode === 'max' && frequency) throw new ValueError("mode 'max' cannot scale gradients by frequency", { op })
  const weights = options?.perSampleWeights ?? null
  if (weights !== null) {
    checkTensor(op, weights, 'perSampleWeights')
    if (mode !== 'sum') throw new ValueError(`perSampleWeights need mode 'sum', it is '${mode}'`, { op })
    if (weights.dtype !== weight.dtype)
      throw new DTypeError(`weight is ${weight.dtype}, perSampleWeights ${weights.dtype}`, { op })
    if (!sameShape(weights.shape, given.shape)) {
      const message = `perSampleWeights are ${formatShape(weights.shape)}, the input is ${formatShape(given.shape)}`
      throw new ShapeError(message, { op, shapes: [weights.shape, given.shape] })
    }
  }
  const [index, offsets] = bagsOf(op, given, options?.offsets ?? null)
  if (closed && offsets.count === 0)
    throw new ValueError('offsets with the last end must hold at least that end, got none', { op })
  renorm(op, weight, index, options)
  const flat = weights === null ? null : reshape(weights, [weights.count])
  return embeddingBagOp(weight, index, offsets, flat, { mode, padding, frequency, closed })
}
