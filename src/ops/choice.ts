// Choosing between tensors, mixing two, adding a product: operations of three operands.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel } from '../core/dispatch.js'
import { type DType, isFloating } from '../core/dtype.js'
import { checkNumber, checkOptions, DTypeError, describe, formatShape, ShapeError } from '../core/errors.js'
import { filled } from '../tensor/create.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { meet, type Operand } from './binary.js'
import { sumTo } from './broadcast.js'
import { cast } from './cast.js'
import { commonShape, launchOperands, replace, tensors } from './operands.js'

const WHERE = kernel('where')
const LERP = kernel('lerp')
const LERP_NUMBER = kernel('lerpNumber')
const ADDCMUL = kernel('addcmul')
const ADDCDIV = kernel('addcdiv')

const whereOp = defineOp('where', {
  forward(ctx, c: Tensor, x: Tensor, y: Tensor) {
    ctx.save(c)
    ctx.extra = [x.shape, y.shape]
    return launchOperands(WHERE, [c, x, y], emptyTensor(commonShape('where', [c, x, y]), x.dtype))
  },
  backward(ctx, grad): Gradient[] {
    const [c] = ctx.saved
    const zero = filled([], grad.dtype, 0)
    return [
      null,
      ctx.needs(1) ? sumTo(whereOp(c, grad, zero), ctx.extra[0]) : null,
      ctx.needs(2) ? sumTo(whereOp(c, zero, grad), ctx.extra[1]) : null,
    ]
  },
  derivative: true,
})

function checkMask(op: string, mask: unknown, what: string): asserts mask is Tensor {
  checkTensor(op, mask, what)
  if (mask.dtype !== 'bool') throw new DTypeError(`${what} must be bool, got ${mask.dtype}`, { op })
}

/**
 * x where the condition holds, else y, broadcast; x and y may be numbers.
 * @throws DTypeError if the condition is not bool
 */
export function where(condition: Tensor, x: Operand, y: Operand): Tensor {
  checkMask('where', condition, 'the condition')
  if (typeof x === 'number' && typeof y === 'number')
    return whereOp(condition, filled([], 'float32', x), filled([], 'float32', y))
  return whereOp(condition, ...tensors('where', x, y))
}

/** A number as an element of `dtype`. @throws DTypeError if it does not fit */
export function elementOf(op: string, value: number | boolean, dtype: DType): number {
  const v = Number(value)
  if (dtype === 'int32' && v !== (v | 0)) throw new DTypeError(`${v} does not fit a tensor of int32`, { op })
  return dtype === 'bool' ? Number(v !== 0) : v
}

/** A number or 0-d tensor that fills a place, as a 0-d tensor of `dtype`. */
export function fillValue(op: string, value: unknown, dtype: DType): Tensor {
  if (typeof value === 'number' || typeof value === 'boolean') return filled([], dtype, elementOf(op, value, dtype))
  if (!(value instanceof Tensor))
    throw new TypeError(`${op}: value must be a number or a 0-d Tensor, got ${describe(value)}`)
  if (value.shape.length > 0) {
    const message = `value must have one element and no dimension, got ${formatShape(value.shape)}; use where`
    throw new ShapeError(message, { op, shapes: [value.shape] })
  }
  return cast(value, dtype)
}

/** x with `value` where the mask holds, broadcast. `value`: a number or a 0-d tensor. */
export function maskedFill(x: Tensor, mask: Tensor, value: number | boolean | Tensor): Tensor {
  checkTensor('maskedFill', x)
  checkMask('maskedFill', mask, 'mask')
  return whereOp(mask, fillValue('maskedFill', value, x.dtype), x)
}

/** d/dx = 1-w, d/dy = w, d/dw = y-x. */
const lerpOp = defineOp('lerp', {
  forward(ctx, x: Tensor, y: Tensor, w: Tensor) {
    ctx.save(x, y, w)
    return launchOperands(LERP, [x, y, w], emptyTensor(commonShape('lerp', [x, y, w]), x.dtype))
  },
  backward(ctx, grad): Gradient[] {
    const [x, y, w] = ctx.saved
    return [
      ctx.needs(0) ? sumTo(grad.mul(w.mul(-1).add(1)), x.shape) : null,
      ctx.needs(1) ? sumTo(grad.mul(w), y.shape) : null,
      ctx.needs(2) ? sumTo(grad.mul(y.sub(x)), w.shape) : null,
    ]
  },
  derivative: true,
})
const lerpNumberOp = defineOp('lerp', {
  forward(ctx, x: Tensor, y: Tensor, w: number) {
    ctx.extra = [x.shape, y.shape, w]
    return launchOperands(LERP_NUMBER, [x, y], emptyTensor(commonShape('lerp', [x, y]), x.dtype), [], [w])
  },
  backward(ctx, grad): Gradient[] {
    const [x, y, w] = ctx.extra
    return [ctx.needs(0) ? sumTo(grad.mul(1 - w), x) : null, ctx.needs(1) ? sumTo(grad.mul(w), y) : null]
  },
  derivative: true,
})

function checkFloating(op: string, x: Tensor): void {
  if (!isFloating(x.dtype)) throw new DTypeError(`${x.dtype} is not supported; convert with .float()`, { op })
}

/** x + weight·(y - x), broadcast; weight may be a number. */
export function lerp(x: Tensor, y: Tensor, weight: Operand): Tensor {
  const op = 'lerp'
  checkTensor(op, x)
  checkTensor(op, y, 'the end')
  const [a, b] = meet(x, y)
  checkFloating(op, a)
  if (typeof weight === 'number') return lerpNumberOp(a, b, weight)
  checkTensor(op, weight, 'weight')
  return lerpOp(a, b, cast(weight, a.dtype))
}

/** x + value·a·b */
const addcmulOp = defineOp('addcmul', {
  forward(ctx, x: Tensor, a: Tensor, b: Tensor, value: number) {
    ctx.save(ctx.needs(2) ? a : null, ctx.needs(1) ? b : null)
    ctx.extra = [x.shape, a.shape, b.shape, value]
    return launchOperands(ADDCMUL, [x, a, b], emptyTensor(commonShape('addcmul', [x, a, b]), x.dtype), [], [value])
  },
  backward(ctx, grad): Gradient[] {
    const [a, b] = ctx.saved
    const [xs, as, bs, value] = ctx.extra
    return [
      ctx.needs(0) ? sumTo(grad, xs) : null,
      ctx.needs(1) ? sumTo(grad.mul(b).mul(value), as) : null,
      ctx.needs(2) ? sumTo(grad.mul(a).mul(value), bs) : null,
    ]
  },
  derivative: true,
})

/** x + value·a/b; d/da = value/b, d/db = -value·a/b². */
const addcdivOp = defineOp('addcdiv', {
  forward(ctx, x: Tensor, a: Tensor, b: Tensor, value: number) {
    ctx.save(ctx.needs(2) ? a : null, b)
    ctx.extra = [x.shape, a.shape, b.shape, value]
    return launchOperands(ADDCDIV, [x, a, b], emptyTensor(commonShape('addcdiv', [x, a, b]), x.dtype), [], [value])
  },
  backward(ctx, grad): Gradient[] {
    const [a, b] = ctx.saved
    const [xs, as, bs, value] = ctx.extra
    const da = grad.mul(value).div(b)
    return [
      ctx.needs(0) ? sumTo(grad, xs) : null,
      ctx.needs(1) ? sumTo(da, as) : null,
      ctx.needs(2) ? sumTo(da.mul(a.div(b)).mul(-1), bs) : null,
    ]
  },
  derivative: true,
})

export interface AddcOptions {
  /** Factor of the product or quotient. Default: 1. */
  value?: number
}

function threeOf(op: string, x: Tensor, a: Tensor, b: Tensor, options?: AddcOptions): [Tensor, Tensor, Tensor, number] {
  checkTensor(op, x)
  checkTensor(op, a, 'the second input')
  checkTensor(op, b, 'the third input')
  checkOptions(op, options, ['value'])
  const [p, q] = meet(a, b)
  const [sum, first] = meet(x, p)
  checkFloating(op, sum)
  return [sum, first, cast(q, first.dtype), checkNumber(op, 'value', options?.value ?? 1)]
}

/** x + value·a·b, broadcast. */
export function addcmul(x: Tensor, a: Tensor, b: Tensor, options?: AddcOptions): Tensor {
  return addcmulOp(...threeOf('addcmul', x, a, b, options))
}

/** x + value·a/b, broadcast. */
export function addcdiv(x: Tensor, a: Tensor, b: Tensor, options?: AddcOptions): Tensor {
  return addcdivOp(...threeOf('addcdiv', x, a, b, options))
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** This where the condition holds, else y. */
    where(condition: Tensor, y: Operand): Tensor
    /** This with `value` where the mask holds; see `maskedFill`. */
    maskedFill(mask: Tensor, value: number | boolean | Tensor): Tensor
    maskedFill_(mask: Tensor, value: number | boolean | Tensor): this
    /** this + weight·(end - this); see `lerp`. */
    lerp(end: Tensor, weight: Operand): Tensor
    lerp_(end: Tensor, weight: Operand): this
    /** this + value·a·b; see `addcmul`. */
    addcmul(a: Tensor, b: Tensor, options?: AddcOptions): Tensor
    addcmul_(a: Tensor, b: Tensor, options?: AddcOptions): this
    /** this + value·a/b; see `addcdiv`. */
    addcdiv(a: Tensor, b: Tensor, options?: AddcOptions): Tensor
    addcdiv_(a: Tensor, b: Tensor, options?: AddcOptions): this
  }
}

Tensor.prototype.where = function (condition, y) {
  return where(condition, this, y)
}
Tensor.prototype.maskedFill = function (mask, value) {
  return maskedFill(this, mask, value)
}
Tensor.prototype.maskedFill_ = function (mask, value) {
  return replace('maskedFill_', this, [value], x => maskedFill(x, mask, value)) as typeof this
}
Tensor.prototype.lerp = function (end, weight) {
  return lerp(this, end, weight)
}
Tensor.prototype.lerp_ = function (end, weight) {
  return replace('lerp_', this, [end, weight], x => lerp(x, end, weight)) as typeof this
}
Tensor.prototype.addcmul = function (a, b, options) {
  return addcmul(this, a, b, options)
}
Tensor.prototype.addcmul_ = function (a, b, options) {
  return replace('addcmul_', this, [a, b], x => addcmul(x, a, b, options)) as typeof this
}
Tensor.prototype.addcdiv = function (a, b, options) {
  return addcdiv(this, a, b, options)
}
Tensor.prototype.addcdiv_ = function (a, b, options) {
  return replace('addcdiv_', this, [a, b], x => addcdiv(x, a, b, options)) as typeof this
}
