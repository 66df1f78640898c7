// Comparisons and logic, element by element: results are bool and have no gradient.
import { checkTensor } from '../autograd/defineOp.js'
import { kernel, launch } from '../core/dispatch.js'
import { type DType, isFloating, promoteScalar } from '../core/dtype.js'
import { checkNumber, checkOptions } from '../core/errors.js'
import { sameShape } from '../core/shape.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { binary, checkOperand, meet, type Operand, withNumber } from './binary.js'
import { cast } from './cast.js'
import { dense } from './pointwise.js'

/** The dtype to compare a tensor with a number in: float64 where int32 cannot hold the number. */
function comparable(dtype: DType, c: number): DType {
  const meeting = promoteScalar(dtype, c)
  return meeting === 'int32' && c !== (c | 0) ? 'float64' : meeting
}

function comparison(name: string): (x: Operand, y: Operand) => Tensor {
  const id = kernel(name)
  return (x, y) => {
    checkOperand(name, x, y)
    if (typeof y === 'number')
      return withNumber(id, cast(x as Tensor, comparable((x as Tensor).dtype, y)), y, 0, 'bool')
    if (typeof x === 'number') return withNumber(id, cast(y, comparable(y.dtype, x)), x, 1, 'bool')
    return binary(name, id, ...meet(x, y), 'bool')
  }
}

/** x = y element by element, broadcast; either may be a number. nan equals nothing. */
export const eq = comparison('eq')
/** x ≠ y element by element, broadcast; either may be a number. */
export const ne = comparison('ne')
/** x < y element by element, broadcast; either may be a number. */
export const lt = comparison('lt')
/** x ≤ y element by element, broadcast; either may be a number. */
export const le = comparison('le')
/** x > y element by element, broadcast; either may be a number. */
export const gt = comparison('gt')
/** x ≥ y element by element, broadcast; either may be a number. */
export const ge = comparison('ge')

function logical(name: string): (x: Tensor, y: Tensor) => Tensor {
  const id = kernel(name)
  return (x, y) => {
    checkTensor(name, x)
    checkTensor(name, y, 'the second input')
    return binary(name, id, ...meet(x, y), 'bool')
  }
}

/** Where x and y are both other than 0, broadcast. */
export const logicalAnd = logical('logicalAnd')
/** Where x or y is other than 0, broadcast. */
export const logicalOr = logical('logicalOr')
/** Where one of x and y is other than 0, broadcast. */
export const logicalXor = logical('logicalXor')

const EQ = kernel('eq')
/** Where x is 0. */
export function logicalNot(x: Tensor): Tensor {
  checkTensor('logicalNot', x)
  const out = emptyTensor(x.shape, 'bool')
  launch(EQ, x.dtype, [dense(x), out], [x.count, 0], [0])
  return out
}

/** Whether two tensors have one shape and the same elements. */
export function equal(x: Tensor, y: Tensor): boolean {
  checkTensor('equal', x)
  checkTensor('equal', y, 'the second input')
  return (
    sameShape(x.shape, y.shape) &&
    eq(x, y)
      .toTypedArray()
      .every(v => v === 1)
  )
}

export interface CloseOptions {
  /** Relative tolerance. Default: 1e-5. */
  rtol?: number
  /** Absolute tolerance. Default: 1e-8. */
  atol?: number
  /** Take nan as equal to nan. Default: false. */
  equalNan?: boolean
}

/** Where |x - y| <= atol + rtol·|y|, broadcast; infinities are close to themselves. */
export function isclose(x: Tensor, y: Tensor, options?: CloseOptions): Tensor {
  const op = 'isclose'
  checkTensor(op, x)
  checkTensor(op, y, 'the second input')
  checkOptions(op, options, ['rtol', 'atol', 'equalNan'])
  const rtol = checkNumber(op, 'rtol', options?.rtol ?? 1e-5, 0)
  const atol = checkNumber(op, 'atol', options?.atol ?? 1e-8, 0)
  const [a, b] = meet(x.detach(), y.detach())
  const same = eq(a, b)
  const either = options?.equalNan ? logicalOr(same, logicalAnd(ne(a, a), ne(b, b))) : same
  const [p, q] = isFloating(a.dtype) ? [a, b] : [cast(a, 'float64'), cast(b, 'float64')]
  const distance = p.sub(q).abs()
  const near = logicalAnd(le(distance, q.abs().mul(rtol).add(atol)), lt(distance, Infinity))
  return logicalOr(either, near)
}

/** Whether all elements are close; see `isclose`. */
export function allclose(x: Tensor, y: Tensor, options?: CloseOptions): boolean {
  return isclose(x, y, options)
    .toTypedArray()
    .every(v => v === 1)
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    eq(y: Operand): Tensor
    ne(y: Operand): Tensor
    lt(y: Operand): Tensor
    le(y: Operand): Tensor
    gt(y: Operand): Tensor
    ge(y: Operand): Tensor
    logicalAnd(y: Tensor): Tensor
    logicalOr(y: Tensor): Tensor
    logicalXor(y: Tensor): Tensor
    logicalNot(): Tensor
    /** Whether both have one shape and the same elements. */
    equal(y: Tensor): boolean
    isclose(y: Tensor, options?: CloseOptions): Tensor
    allclose(y: Tensor, options?: CloseOptions): boolean
  }
}

Tensor.prototype.eq = function (y) {
  return eq(this, y)
}
Tensor.prototype.ne = function (y) {
  return ne(this, y)
}
Tensor.prototype.lt = function (y) {
  return lt(this, y)
}
Tensor.prototype.le = function (y) {
  return le(this, y)
}
Tensor.prototype.gt = function (y) {
  return gt(this, y)
}
Tensor.prototype.ge = function (y) {
  return ge(this, y)
}
Tensor.prototype.logicalAnd = function (y) {
  return logicalAnd(this, y)
}
Tensor.prototype.logicalOr = function (y) {
  return logicalOr(this, y)
}
Tensor.prototype.logicalXor = function (y) {
  return logicalXor(this, y)
}
Tensor.prototype.logicalNot = function () {
  return logicalNot(this)
}
Tensor.prototype.equal = function (y) {
  return equal(this, y)
}
Tensor.prototype.isclose = function (y, options) {
  return isclose(this, y, options)
}
Tensor.prototype.allclose = function (y, options) {
  return allclose(this, y, options)
}
