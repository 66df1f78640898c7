// Local response normalisation: each element divided by what its neighbours among the channels amount to.
import { checkTensor } from '../../autograd/defineOp.js'
import { checkInteger, checkNumber, checkOptions, formatShape, ShapeError } from '../../core/errors.js'
import type { Tensor } from '../../tensor/tensor.js'
import { needsFloating } from '../axis.js'
import { pad } from '../pad.js'
import { narrow } from '../piece.js'
import { reshape } from '../view.js'

export interface LocalResponseOptions {
  /** Default: 1e-4. */
  alpha?: number
  /** Default: 0.75. */
  beta?: number
  /** Default: 1. */
  k?: number
}

/**
 * x / (k + alpha · mean of x² over `size` neighbouring channels)^beta, for [N, C, *]. Krizhevsky et al. 2012
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.local_response_norm.html
 */
export function localResponseNorm(x: Tensor, size: number, options?: LocalResponseOptions): Tensor {
  const op = 'localResponseNorm'
  checkTensor(op, x)
  checkOptions(op, options, ['alpha', 'beta', 'k'])
  const { alpha = 1e-4, beta = 0.75, k = 1 } = options ?? {}
  for (const [what, value] of Object.entries({ alpha, beta, k })) checkNumber(op, what, value)
  checkInteger(op, 'size', size, 1)
  needsFloating(op, x)
  if (x.shape.length < 3) {
    const message = `input ${formatShape(x.shape)} must have 3 dimensions or more, it has ${x.shape.length}: [N, C, *]`
    throw new ShapeError(message, { op, shapes: [x.shape] })
  }
  if (x.count === 0) return x
  const [N, C] = x.shape
  const squares = reshape(x.mul(x), [N, C, -1])
  const padded = pad(squares, [0, 0, Math.floor(size / 2), Math.floor((size - 1) / 2)])
  let sum = narrow(padded, 1, 0, C)
  for (let i = 1; i < size; i++) sum = sum.add(narrow(padded, 1, i, C))
  const by = sum
    .mul(alpha / size)
    .add(k)
    .pow(beta)
  return x.div(reshape(by, x.shape))
}
