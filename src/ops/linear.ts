// The affine map of nn.Linear: one launch forward, one backward.
import { copyOf } from '../autograd/accumulate.js'
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { DTypeError, formatShape, ShapeError } from '../core/errors.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import { add } from './arithmetic.js'
import { matmul } from './matmul.js'
import { sum } from './reduce.js'
import { reshape } from './view.js'

const LINEAR = kernel('linear')
const LINEAR_BACKWARD = kernel('linearBackward')

/** The rows of x as a matrix: [strides of a row, of a column]; a copy where its leading dimensions do not lie as one. */
function rows(x: Tensor): [Tensor, number, number] {
  if (x.customStrides === null) return [x, x.shape[x.shape.length - 1], 1]
  if (x.shape.length === 2) return [x, x.customStrides[0], x.customStrides[1]]
  const copy = copyOf(x)
  return [copy, copy.shape[copy.shape.length - 1], 1]
}

const linearOp = defineOp('linear', {
  forward(ctx, x: Tensor, weight: Tensor, bias: Tensor | null) {
    const [N, K] = weight.shape
    const shape = x.shape.slice(0, -1)
    shape.push(N)
    const out = emptyTensor(shape, x.dtype)
    const [from, row, column] = rows(x)
    const W = weight.customStrides === null ? weight : copyOf(weight)
    const M = N === 0 ? 0 : out.count / N
    if (bias === null) launch(LINEAR, x.dtype, [from, W, out], [M, N, K, row, column, 0])
    else
      launch(
        LINEAR,
        x.dtype,
        [from, W, out, bias.customStrides === null ? bias : copyOf(bias)],
        [M, N, K, row, column, 1],
      )
    ctx.save(x, weight)
    return out
  },
  backward(ctx, grad) {
    const [x, weight] = ctx.saved
    const [N, K] = weight.shape
    const M = N === 0 ? 0 : grad.count / N
    const dx = ctx.needs(0) ? emptyTensor(x.shape, x.dtype) : null
    const dw = ctx.needs(1) ? emptyTensor(weight.shape, x.dtype) : null
    const db = ctx.needs(2) ? emptyTensor([N], x.dtype) : null
    const [from, row, column] = rows(x)
    const buffers = [
      grad.customStrides === null ? grad : copyOf(grad),
      from,
      weight.customStrides === null ? weight : copyOf(weight),
    ]
    if (dx !== null) buffers.push(dx)
    if (dw !== null) buffers.push(dw)
    if (db !== null) buffers.push(db)
    const flags = (dx === null ? 0 : 1) + (dw === null ? 0 : 2) + (db === null ? 0 : 4)
    launch(LINEAR_BACKWARD, x.dtype, buffers, [M, N, K, row, column, flags])
    return [dx, dw, db]
  },
  derivative(ctx, grad): Gradient[] {
    const [x, weight] = ctx.saved
    const [N, K] = weight.shape
    const M = N === 0 ? 0 : grad.count / N
    const dy = reshape(grad, [M, N])
    return [
      ctx.needs(0) ? reshape(matmul(dy, weight), x.shape) : null,
      ctx.needs(1) ? matmul(dy.t(), reshape(x, [M, K])) : null,
      ctx.needs(2) ? sum(dy, 0) : null,
    ]
  },
})

/**
 * x·Wᵀ + b. Shapes: x [*, K], weight [N, K], bias [N], a scalar or null; result [*, N]. A weight [K] gives [*].
 * @throws ShapeError if the features do not fit
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  checkTensor('linear', x)
  checkTensor('linear', weight, 'weight')
  if (weight.shape.length === 1 || bias?.shape?.length === 0) {
    const product = weight.shape.length === 1 ? matmul(x, weight) : linear(x, weight)
    return bias === null ? product : add(product, bias)
  }
  if (weight.shape.length !== 2) {
    throw new ShapeError(`weight must have 1 or 2 dimensions, got ${formatShape(weight.shape)}`, {
      op: 'linear',
      shapes: [x.shape, weight.shape],
    })
  }
  const [N, K] = weight.shape
  if (x.shape[x.shape.length - 1] !== K) {
    const has = x.shape.length === 0 ? 'no features' : `${x.shape[x.shape.length - 1]} features`
    const message = `input ${formatShape(x.shape)} has ${has}, weight ${formatShape(weight.shape)} expects ${K}`
    throw new ShapeError(message, { op: 'linear', shapes: [x.shape, weight.shape] })
  }
  if (x.dtype !== weight.dtype || (bias !== null && bias.dtype !== weight.dtype)) {
    throw new DTypeError(
      `input is ${x.dtype}, weight ${weight.dtype}${bias === null ? '' : `, bias ${bias.dtype}`}; convert one with .to(dtype)`,
      {
        op: 'linear',
      },
    )
  }
  if (bias !== null && (bias.shape.length !== 1 || bias.shape[0] !== N)) {
    throw new ShapeError(
      `bias ${formatShape(bias.shape)} does not fit weight ${formatShape(weight.shape)}, it must be [${N}]`,
      {
        op: 'linear',
        shapes: [bias.shape, weight.shape],
      },
    )
  }
  return linearOp(x, weight, bias)
}
