// Sum, difference, product and quotient of two tensors, or of a tensor and a number.
import { recorded } from '../autograd/accumulate.js'
import { defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { elementwiseKernel } from '../core/dispatch.js'
import { type DType, isFloating, promoteScalar } from '../core/dtype.js'
import { checkChoice, checkNumber, checkOptions } from '../core/errors.js'
import { Tensor } from '../tensor/tensor.js'
import { binary, checkOperand, inPlaceBinary, meet, type Operand, withNumber } from './binary.js'
import { sumTo } from './broadcast.js'
import { cast } from './cast.js'
import { floorDivide, truncDivide } from './division.js'
import { replace } from './operands.js'

const ADD = elementwiseKernel('add')
const SUB = elementwiseKernel('sub')
const MUL = elementwiseKernel('mul')
const DIV = elementwiseKernel('div')

const addOp = defineOp('add', {
  forward(ctx, x: Tensor, y: Tensor) {
    ctx.extra = [x.shape, y.shape]
    return binary('add', ADD, x, y)
  },
  backward: (ctx, grad): Gradient[] => [
    ctx.needs(0) ? sumTo(grad, ctx.extra[0]) : null,
    ctx.needs(1) ? sumTo(grad, ctx.extra[1]) : null,
  ],
  derivative: true,
})

const subOp = defineOp('sub', {
  forward(ctx, x: Tensor, y: Tensor) {
    ctx.extra = [x.shape, y.shape]
    return binary('sub', SUB, x, y)
  },
  backward: (ctx, grad): Gradient[] => [
    ctx.needs(0) ? sumTo(grad, ctx.extra[0]) : null,
    ctx.needs(1) ? sumTo(mul(grad, -1), ctx.extra[1]) : null,
  ],
  derivative: true,
})

const mulOp = defineOp('mul', {
  forward(ctx, x: Tensor, y: Tensor) {
    ctx.save(ctx.needs(1) ? x : null, ctx.needs(0) ? y : null)
    ctx.extra = [x.shape, y.shape]
    return binary('mul', MUL, x, y)
  },
  backward(ctx, grad): Gradient[] {
    const [x, y] = ctx.saved
    return [
      ctx.needs(0) ? sumTo(mulOp(grad, y), ctx.extra[0]) : null,
      ctx.needs(1) ? sumTo(mulOp(grad, x), ctx.extra[1]) : null,
    ]
  },
  derivative: true,
})

/** x / y; d/dx = 1/y, d/dy = -x/y². */
const divOp = defineOp('div', {
  forward(ctx, x: Tensor, y: Tensor) {
    ctx.save(ctx.needs(1) ? x : null, y)
    ctx.extra = [x.shape, y.shape]
    return binary('div', DIV, x, y)
  },
  backward(ctx, grad): Gradient[] {
    const [x, y] = ctx.saved
    // -x/y² as PyTorch divides: the other order gives inf·0 where y is denormal and x is 0.
    return [
      ctx.needs(0) ? sumTo(divOp(grad, y), ctx.extra[0]) : null,
      ctx.needs(1) ? sumTo(mul(mulOp(grad, divOp(divOp(x, y), y)), -1), ctx.extra[1]) : null,
    ]
  },
  derivative: true,
})

const addNumber = defineOp('add', {
  forward: (_, x: Tensor, c: number) => withNumber(ADD, x, c, 0),
  backward: (_, grad) => grad,
  derivative: true,
})
const mulNumber = defineOp('mul', {
  forward(ctx, x: Tensor, c: number) {
    ctx.extra = c
    return withNumber(MUL, x, c, 0)
  },
  backward: (ctx, grad): Gradient => mulNumber(grad, ctx.extra),
  derivative: true,
})
const divNumber = defineOp('div', {
  forward(ctx, x: Tensor, c: number) {
    ctx.extra = c
    return withNumber(DIV, x, c, 0)
  },
  backward: (ctx, grad): Gradient => divNumber(grad, ctx.extra),
  derivative: true,
})
/** c - x */
const numberSub = defineOp('rsub', {
  forward: (_, x: Tensor, c: number) => withNumber(SUB, x, c, 1),
  backward: (_, grad) => mul(grad, -1),
  derivative: true,
})
/** c / x; d/dx = -c/x² */
const numberDiv = defineOp('rdiv', {
  forward(ctx, x: Tensor, c: number) {
    ctx.save(x)
    ctx.extra = c
    return withNumber(DIV, x, c, 1)
  },
  backward(ctx, grad) {
    const [x] = ctx.saved
    return mul(divOp(divOp(mul(grad, ctx.extra), x), x), -1)
  },
  derivative: true,
})

/** The dtype that a quotient is computed in. */
function quotient(dtype: DType): DType {
  return isFloating(dtype) ? dtype : 'float32'
}

/** x with the dtype it meets number c in. */
function lifted(x: Tensor, c: number): Tensor {
  return cast(x, promoteScalar(x.dtype, c))
}

function scaled(op: string, y: Operand, options: { alpha?: number } | undefined): Operand {
  if (options === undefined) return y
  checkOptions(op, options, ['alpha'])
  if (options.alpha === undefined) return y
  const alpha = checkNumber(op, 'alpha', options.alpha)
  return typeof y === 'number' ? y * alpha : mul(y, alpha)
}

/**
 * x + alpha·y, broadcast; y may be a number.
 * @param options `alpha`: default 1
 * @throws ShapeError if the shapes do not broadcast
 */
export function add(x: Operand, y: Operand, options?: { alpha?: number }): Tensor {
  checkOperand('add', x, y)
  const by = scaled('add', y, options)
  if (typeof by === 'number') return addNumber(lifted(x as Tensor, by), by)
  if (typeof x === 'number') return addNumber(lifted(by, x), x)
  return addOp(...meet(x, by))
}

/** x - alpha·y, broadcast; either may be a number. See `add`. */
export function sub(x: Operand, y: Operand, options?: { alpha?: number }): Tensor {
  checkOperand('sub', x, y)
  const by = scaled('sub', y, options)
  if (typeof by === 'number') return addNumber(lifted(x as Tensor, by), -by)
  if (typeof x === 'number') return numberSub(lifted(by, x), x)
  return subOp(...meet(x, by))
}

/** x · y element by element, broadcast; either may be a number. */
export function mul(x: Operand, y: Operand): Tensor {
  checkOperand('mul', x, y)
  if (typeof y === 'number') return mulNumber(lifted(x as Tensor, y), y)
  if (typeof x === 'number') return mulNumber(lifted(y, x), x)
  return mulOp(...meet(x, y))
}

export interface DivOptions {
  /** Round the quotient: 'trunc' towards zero, 'floor' down; null not at all. Default: null. */
  roundingMode?: 'trunc' | 'floor' | null
}

/**
 * x / y element by element, broadcast; either may be a number. Integers divide to float32, unless the quotient is rounded.
 * @throws ValueError if integers are divided by 0 and rounded
 */
export function div(x: Operand, y: Operand, options?: DivOptions): Tensor {
  checkOperand('div', x, y)
  if (options !== undefined) {
    checkOptions('div', options, ['roundingMode'])
    const mode = options.roundingMode ?? 'none'
    checkChoice('div', 'roundingMode', mode, ['trunc', 'floor', 'none'])
    if (mode !== 'none') return mode === 'trunc' ? truncDivide(x, y) : floorDivide(x, y)
  }
  if (typeof y === 'number') return divNumber(cast(x as Tensor, quotient((x as Tensor).dtype)), y)
  if (typeof x === 'number') return numberDiv(cast(y, quotient(y.dtype)), x)
  const [a, b] = meet(x, y)
  const dtype = quotient(a.dtype)
  return divOp(cast(a, dtype), cast(b, dtype))
}

/** y - alpha·x, broadcast; either may be a number. */
export function rsub(x: Operand, y: Operand, options?: { alpha?: number }): Tensor {
  return sub(y, x, options)
}

recorded.add = addOp

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** this + alpha·y; see `add`. */
    add(y: Operand, options?: { alpha?: number }): Tensor
    /** this - alpha·y; see `sub`. */
    sub(y: Operand, options?: { alpha?: number }): Tensor
    /** this · y; see `mul`. */
    mul(y: Operand): Tensor
    /** this / y; see `div`. */
    div(y: Operand, options?: DivOptions): Tensor
    /** y - this. */
    rsub(y: Operand, options?: { alpha?: number }): Tensor
    add_(y: Operand, options?: { alpha?: number }): this
    sub_(y: Operand, options?: { alpha?: number }): this
    mul_(y: Operand): this
    div_(y: Operand, options?: DivOptions): this
  }
}

Tensor.prototype.add = function (y, options) {
  return add(this, y, options)
}
Tensor.prototype.sub = function (y, options) {
  return sub(this, y, options)
}
Tensor.prototype.mul = function (y) {
  return mul(this, y)
}
Tensor.prototype.div = function (y, options) {
  return div(this, y, options)
}
Tensor.prototype.rsub = function (y, options) {
  return rsub(this, y, options)
}
Tensor.prototype.add_ = function (y, options) {
  return inPlaceBinary('add_', ADD, this, scaled('add_', y, options), add) as typeof this
}
Tensor.prototype.sub_ = function (y, options) {
  return inPlaceBinary('sub_', SUB, this, scaled('sub_', y, options), sub) as typeof this
}
Tensor.prototype.mul_ = function (y) {
  return inPlaceBinary('mul_', MUL, this, y, mul) as typeof this
}
Tensor.prototype.div_ = function (y, options) {
  if (options !== undefined) return replace('div_', this, [y], x => div(x, y, options)) as typeof this
  return inPlaceBinary('div_', DIV, this, y, div) as typeof this
}
