// The bilinear map of nn.Bilinear, made of matrix products.
import { checkTensor } from '../autograd/defineOp.js'
import { formatShape, ShapeError } from '../core/errors.js'
import { numel, sameShape } from '../core/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { add } from './arithmetic.js'
import { matmul } from './matmul.js'
import { permute, reshape } from './view.js'

/**
 * y_o = x1ᵀ·W_o·x2 + b_o. Shapes: x1 [*, K1], x2 [*, K2], weight [N, K1, K2], bias [N] or null; result [*, N].
 * @throws ShapeError if they do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
 */
export function bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  const op = 'bilinear'
  for (const [what, t] of Object.entries({ input1: x1, input2: x2, weight })) checkTensor(op, t, what)
  if (bias !== null) checkTensor(op, bias, 'bias')
  const shapes = [x1.shape, x2.shape, weight.shape]
  if (weight.shape.length !== 3) {
    throw new ShapeError(`weight must have 3 dimensions, got ${formatShape(weight.shape)}`, { op, shapes })
  }
  const [N, K1, K2] = weight.shape
  const lead = x1.shape.slice(0, -1)
  if (x1.shape.at(-1) !== K1 || x2.shape.at(-1) !== K2 || !sameShape(lead, x2.shape.slice(0, -1))) {
    const message = `inputs ${formatShape(x1.shape)} and ${formatShape(x2.shape)} must be [*, ${K1}] and [*, ${K2}] for weight ${formatShape(weight.shape)}`
    throw new ShapeError(message, { op, shapes })
  }
  if (bias !== null && !sameShape(bias.shape, [N])) {
    throw new ShapeError(`bias ${formatShape(bias.shape)} must be [${N}]`, { op, shapes: [...shapes, bias.shape] })
  }
  const M = numel(lead)
  // [M, K1]·[K1, N·K2] -> [M, N, K2], then each row with its own x2.
  const mixed = matmul(reshape(x1, [M, K1]), reshape(permute(weight, [1, 0, 2]), [K1, N * K2]))
  const out = reshape(matmul(reshape(mixed, [M, N, K2]), reshape(x2, [M, K2, 1])), [...lead, N])
  return bias === null ? out : add(out, bias)
}
