// Lengths of vectors along a dimension, and angles between them.
import { checkTensor } from '../../autograd/defineOp.js'
import { checkNumber, checkOptions } from '../../core/errors.js'
import { broadcastShapes } from '../../core/shape.js'
import { threshold } from '../../ops/activation.js'
import { div } from '../../ops/arithmetic.js'
import { expand } from '../../ops/broadcast.js'
import { norm, sum } from '../../ops/reduce.js'
import type { Tensor } from '../../tensor/tensor.js'

export interface NormalizeOptions {
  /** Of the norm. Default: 2. */
  p?: number
  /** Along which a vector lies. Default: 1. */
  dim?: number | readonly number[]
  /** The least that is divided by. Default: 1e-12. */
  eps?: number
}

/** The p-norm over dims, kept as 1, eps at least. */
function length(x: Tensor, p: number, dim: number | readonly number[], eps: number): Tensor {
  return threshold(norm(x, p, dim, { keepdim: true }), eps, eps)
}

/**
 * x / max(‖x‖_p, eps), the norm over a dimension.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
 */
export function normalize(x: Tensor, options?: NormalizeOptions): Tensor {
  const op = 'normalize'
  checkTensor(op, x)
  checkOptions(op, options, ['p', 'dim', 'eps'])
  const { p = 2, dim = 1, eps = 1e-12 } = options ?? {}
  return div(x, length(x, checkNumber(op, 'p', p), dim, checkNumber(op, 'eps', eps)))
}

export interface CosineOptions {
  /** Along which a vector lies. Default: 1. */
  dim?: number
  /** The least that a length is taken for. Default: 1e-8. */
  eps?: number
}

/**
 * x·y / (max(‖x‖, eps)·max(‖y‖, eps)) along a dimension; the inputs broadcast.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
 */
export function cosineSimilarity(x: Tensor, y: Tensor, options?: CosineOptions): Tensor {
  const op = 'cosineSimilarity'
  checkTensor(op, x, 'x1')
  checkTensor(op, y, 'x2')
  checkOptions(op, options, ['dim', 'eps'])
  const { dim = 1, eps = 1e-8 } = options ?? {}
  checkNumber(op, 'eps', eps)
  // Stretched before they are measured, as the dimension itself may broadcast.
  const shape = broadcastShapes(op, x.shape, y.shape)
  const [a, b] = [x, y].map(t => {
    const wide = expand(t, shape)
    return div(wide, length(wide, 2, dim, eps))
  })
  return sum(a.mul(b), dim)
}
