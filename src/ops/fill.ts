// Overwriting a tensor with one value.
import { defineOp } from '../autograd/defineOp.js'
import { copyElements, inPlace, separate } from '../autograd/inplace.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { broadcastStrides } from '../core/shape.js'
import { filled } from '../tensor/create.js'
import { emptyTensor, Tensor, viewOf } from '../tensor/tensor.js'
import { expand, sumTo } from './broadcast.js'
import { elementOf, fillValue } from './choice.js'

const FILL = kernel('fill')

/** `value` in the shape of x; x's gradient is zeros. */
const fillOp = defineOp('fill', {
  forward(ctx, x: Tensor, value: Tensor) {
    ctx.extra = value.shape
    const out = emptyTensor(x.shape, x.dtype)
    copyElements(viewOf(value, x.shape, broadcastStrides([], [], x.shape), 0), out)
    return out
  },
  backward: (ctx, grad): Gradient[] => [
    ctx.needs(0) ? expand(filled([], grad.dtype, 0), grad.shape) : null,
    ctx.needs(1) ? sumTo(grad, ctx.extra) : null,
  ],
  derivative: true,
})

function overwrite(op: string, x: Tensor, value: number | boolean | Tensor): Tensor {
  if (typeof value === 'number' || typeof value === 'boolean') {
    const c = elementOf(op, value, x.dtype)
    const direct = () => {
      if (x.customStrides === null) launch(FILL, x.dtype, [x], [x.count], [c])
      else copyElements(viewOf(filled([], x.dtype, c), x.shape, broadcastStrides([], [], x.shape), 0), x)
    }
    return inPlace(op, x, [], direct, old => fillOp(old, filled([], x.dtype, c)))
  }
  const v = fillValue(op, value, x.dtype)
  const direct = () => copyElements(viewOf(separate(v.detach(), x), x.shape, broadcastStrides([], [], x.shape), 0), x)
  return inPlace(op, x, [v], direct, old => fillOp(old, v))
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** Sets every element to `value`, a number or a 0-d tensor. */
    fill_(value: number | boolean | Tensor): this
    /** Sets every element to 0. */
    zero_(): this
  }
}

Tensor.prototype.fill_ = function (value) {
  return overwrite('fill_', this, value) as typeof this
}
Tensor.prototype.zero_ = function () {
  return overwrite('zero_', this, 0) as typeof this
}
