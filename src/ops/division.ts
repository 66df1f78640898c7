// Whole quotients and what they leave. fmod keeps the sign of the dividend, as C; remainder that of the divisor, as Python.
import { defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel } from '../core/dispatch.js'
import { Tensor } from '../tensor/tensor.js'
import { binary, type Operand } from './binary.js'
import { sumTo } from './broadcast.js'
import { replace, tensors } from './operands.js'

/** Piecewise constant: its gradients are zeros. */
function quotientOp(name: string) {
  const id = kernel(name)
  return defineOp(name, {
    forward(ctx, x: Tensor, y: Tensor) {
      ctx.extra = [x.shape, y.shape]
      return binary(name, id, x, y)
    },
    backward: (ctx, grad): Gradient[] => [
      ctx.needs(0) ? sumTo(grad.mul(0), ctx.extra[0]) : null,
      ctx.needs(1) ? sumTo(grad.mul(0), ctx.extra[1]) : null,
    ],
    derivative: true,
  })
}
const truncOp = quotientOp('truncDivide')
const floorOp = quotientOp('floorDivide')

/** x - y·q, q the whole quotient; d/dx = 1, d/dy = -q. */
function restOp(name: string, quotient: (x: Tensor, y: Tensor) => Tensor) {
  const id = kernel(name)
  return defineOp(name, {
    forward(ctx, x: Tensor, y: Tensor) {
      ctx.extra = [x.shape, y.shape]
      if (ctx.needs(1)) ctx.save(x, y)
      return binary(name, id, x, y)
    },
    backward(ctx, grad): Gradient[] {
      const [x, y] = ctx.saved
      return [
        ctx.needs(0) ? sumTo(grad, ctx.extra[0]) : null,
        ctx.needs(1) ? sumTo(grad.mul(quotient(x, y)).mul(-1), ctx.extra[1]) : null,
      ]
    },
    derivative: true,
  })
}
const fmodOp = restOp('fmod', truncOp)
const remainderOp = restOp('remainder', floorOp)

/** Bools divide as integers. */
function numbers(op: string, x: Operand, y: Operand): [Tensor, Tensor] {
  const [a, b] = tensors(op, x, y)
  return a.dtype === 'bool' ? [a.int(), b.int()] : [a, b]
}

/**
 * What x / y, rounded towards zero, leaves: it has the sign of x. Broadcast; either may be a number.
 * @throws ValueError if integers are divided by 0
 */
export function fmod(x: Operand, y: Operand): Tensor {
  return fmodOp(...numbers('fmod', x, y))
}

/** What x / y, rounded down, leaves: it has the sign of y, as Python's %. @throws ValueError if integers are divided by 0 */
export function remainder(x: Operand, y: Operand): Tensor {
  return remainderOp(...numbers('remainder', x, y))
}

/** x / y rounded down, as Python's //. @throws ValueError if integers are divided by 0 */
export function floorDivide(x: Operand, y: Operand): Tensor {
  return floorOp(...numbers('floorDivide', x, y))
}

/** x / y rounded towards zero. @throws ValueError if integers are divided by 0 */
export function truncDivide(x: Operand, y: Operand): Tensor {
  return truncOp(...numbers('div', x, y))
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    fmod(y: Operand): Tensor
    remainder(y: Operand): Tensor
    floorDivide(y: Operand): Tensor
    fmod_(y: Operand): this
    remainder_(y: Operand): this
    floorDivide_(y: Operand): this
  }
}

Tensor.prototype.fmod = function (y) {
  return fmod(this, y)
}
Tensor.prototype.remainder = function (y) {
  return remainder(this, y)
}
Tensor.prototype.floorDivide = function (y) {
  return floorDivide(this, y)
}
Tensor.prototype.fmod_ = function (y) {
  return replace('fmod_', this, [y], x => fmod(x, y)) as typeof this
}
Tensor.prototype.remainder_ = function (y) {
  return replace('remainder_', this, [y], x => remainder(x, y)) as typeof this
}
Tensor.prototype.floorDivide_ = function (y) {
  return replace('floorDivide_', this, [y], x => floorDivide(x, y)) as typeof this
}
