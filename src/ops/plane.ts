// Functions of two numbers: the angle and length of a point, the logarithm of a sum.
import { defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel } from '../core/dispatch.js'
import { Tensor } from '../tensor/tensor.js'
import { binary, type Operand } from './binary.js'
import { sumTo } from './broadcast.js'
import { backwardOf, floatingTensors } from './operands.js'
import { sigmoid } from './unary.js'

const ATAN2 = kernel('atan2')
const ATAN2_BACKWARD = kernel('atan2Backward')
const HYPOT = kernel('hypot')
const HYPOT_BACKWARD = kernel('hypotBackward')
const LOGADDEXP = kernel('logaddexp')
const LOGADDEXP_BACKWARD = kernel('logaddexpBackward')

/** d/dy = x/(x²+y²), d/dx = -y/(x²+y²), both 0 at the origin. */
const atan2Op = defineOp('atan2', {
  forward(ctx, y: Tensor, x: Tensor) {
    ctx.save(y, x)
    return binary('atan2', ATAN2, y, x)
  },
  backward(ctx, grad): Gradient[] {
    const [y, x] = ctx.saved
    return [
      ctx.needs(0) ? backwardOf(ATAN2_BACKWARD, [y, x, grad], y.shape) : null,
      ctx.needs(1) ? backwardOf(ATAN2_BACKWARD, [x, y, grad], x.shape).mul(-1) : null,
    ]
  },
  derivative(ctx, grad): Gradient[] {
    const [y, x] = ctx.saved
    const by = grad.div(x.mul(x).add(y.mul(y)))
    return [ctx.needs(0) ? sumTo(by.mul(x), y.shape) : null, ctx.needs(1) ? sumTo(by.mul(y).mul(-1), x.shape) : null]
  },
})

/** d/dx = x/r, d/dy = y/r. */
const hypotOp = defineOp('hypot', {
  forward(ctx, x: Tensor, y: Tensor) {
    const out = binary('hypot', HYPOT, x, y)
    ctx.save(x, y, out)
    return out
  },
  backward(ctx, grad): Gradient[] {
    const [x, y, r] = ctx.saved
    return [
      ctx.needs(0) ? backwardOf(HYPOT_BACKWARD, [x, r, grad], x.shape) : null,
      ctx.needs(1) ? backwardOf(HYPOT_BACKWARD, [y, r, grad], y.shape) : null,
    ]
  },
  derivative(ctx, grad): Gradient[] {
    const [x, y, r] = ctx.saved
    const by = grad.div(r)
    return [ctx.needs(0) ? sumTo(by.mul(x), x.shape) : null, ctx.needs(1) ? sumTo(by.mul(y), y.shape) : null]
  },
})

/** d/dx = 1/(1 + e^(y-x)), d/dy = 1/(1 + e^(x-y)). */
const logaddexpOp = defineOp('logaddexp', {
  forward(ctx, x: Tensor, y: Tensor) {
    ctx.save(x, y)
    return binary('logaddexp', LOGADDEXP, x, y)
  },
  backward(ctx, grad): Gradient[] {
    const [x, y] = ctx.saved
    return [
      ctx.needs(0) ? backwardOf(LOGADDEXP_BACKWARD, [x, y, grad], x.shape) : null,
      ctx.needs(1) ? backwardOf(LOGADDEXP_BACKWARD, [y, x, grad], y.shape) : null,
    ]
  },
  derivative(ctx, grad): Gradient[] {
    const [x, y] = ctx.saved
    const share = sigmoid(x.sub(y))
    const rest = () => grad.mul(share.mul(-1).add(1))
    return [ctx.needs(0) ? sumTo(grad.mul(share), x.shape) : null, ctx.needs(1) ? sumTo(rest(), y.shape) : null]
  },
})

/** The angle of the point (x, y) from the x axis, in (-π, π], broadcast; either may be a number. */
export function atan2(y: Operand, x: Operand): Tensor {
  return atan2Op(...floatingTensors('atan2', y, x))
}

/** √(x² + y²) without overflow on the way, broadcast; either may be a number. */
export function hypot(x: Operand, y: Operand): Tensor {
  return hypotOp(...floatingTensors('hypot', x, y))
}

/** ln(eˣ + eʸ) without overflow, broadcast; either may be a number. */
export function logaddexp(x: Operand, y: Operand): Tensor {
  return logaddexpOp(...floatingTensors('logaddexp', x, y))
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    atan2(x: Operand): Tensor
    hypot(y: Operand): Tensor
    logaddexp(y: Operand): Tensor
  }
}

Tensor.prototype.atan2 = function (x) {
  return atan2(this, x)
}
Tensor.prototype.hypot = function (y) {
  return hypot(this, y)
}
Tensor.prototype.logaddexp = function (y) {
  return logaddexp(this, y)
}
