// x^y, of tensors and numbers.
// See https://pytorch.org/docs/stable/generated/torch.pow.html
import { defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { isFloating, promoteScalar } from '../core/dtype.js'
import { ValueError } from '../core/errors.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { binary, checkOperand, type Operand } from './binary.js'
import { sumTo } from './broadcast.js'
import { cast } from './cast.js'
import { where } from './choice.js'
import { backwardOf, replace, tensors } from './operands.js'
import { dense } from './pointwise.js'
import { log } from './unary.js'

const POW = kernel('pow')
const POW_NUMBER = kernel('powNumber')
const POW_NUMBER_BACKWARD = kernel('powNumberBackward')
const POW_BACKWARD = kernel('powBackward')

/** d/dx = y·x^(y-1), 0 where y = 0; d/dy = x^y·ln x, 0 where x = 0 and y >= 0. */
const powOp = defineOp('pow', {
  forward(ctx, x: Tensor, y: Tensor) {
    ctx.save(x, y)
    return binary('pow', POW, x, y)
  },
  backward(ctx, grad): Gradient[] {
    const [x, y] = ctx.saved
    return [
      ctx.needs(0) ? backwardOf(POW_BACKWARD, [x, y, grad], x.shape, [0]) : null,
      ctx.needs(1) ? backwardOf(POW_BACKWARD, [x, y, grad], y.shape, [1]) : null,
    ]
  },
  derivative(ctx, grad): Gradient[] {
    const [x, y] = ctx.saved
    const dx = () => where(y.eq(0), 0, grad.mul(y).mul(powOp(x, y.sub(1))))
    const dy = () => where(x.eq(0).logicalAnd(y.ge(0)), 0, grad.mul(powOp(x, y)).mul(log(x)))
    return [ctx.needs(0) ? sumTo(dx(), x.shape) : null, ctx.needs(1) ? sumTo(dy(), y.shape) : null]
  },
})

/** x^e for a constant e; d/dx = e·x^(e-1), 0 for e = 0. */
const powNumberOp = defineOp('pow', {
  forward(ctx, x: Tensor, e: number) {
    ctx.save(x)
    ctx.extra = e
    const out = emptyTensor(x.shape, x.dtype)
    launch(POW_NUMBER, x.dtype, [dense(x), out], [x.count], [e])
    return out
  },
  backward(ctx, grad) {
    const dx = emptyTensor(grad.shape, grad.dtype)
    launch(POW_NUMBER_BACKWARD, grad.dtype, [dense(ctx.saved[0]), dense(grad), dx], [grad.count], [ctx.extra])
    return dx
  },
  derivative(ctx, grad): Gradient {
    const e = ctx.extra as number
    return e === 0 ? grad.mul(0) : grad.mul(powNumberOp(ctx.saved[0], e - 1).mul(e))
  },
})

/**
 * x^y element by element, broadcast; either may be a number. Integers stay integers unless a number is a fraction.
 * @throws ValueError for integers to a negative number
 */
export function pow(x: Operand, y: Operand): Tensor {
  checkOperand('pow', x, y)
  if (typeof y === 'number') {
    const base = cast(x as Tensor, promoteScalar((x as Tensor).dtype, y))
    if (isFloating(base.dtype)) return powNumberOp(base, y)
    if (y < 0) throw new ValueError(`integers to the power ${y} are fractions; convert with .float()`, { op: 'pow' })
  }
  const [a, b] = tensors('pow', x, y)
  return a.dtype === 'bool' ? powOp(cast(a, 'int32'), cast(b, 'int32')) : powOp(a, b)
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** this^y; see `pow`. */
    pow(y: Operand): Tensor
    pow_(y: Operand): this
  }
}

Tensor.prototype.pow = function (y) {
  return pow(this, y)
}
Tensor.prototype.pow_ = function (y) {
  checkOperand('pow_', this, y)
  return replace('pow_', this, [y], x => pow(x, y)) as typeof this
}
