// The larger, the smaller, and numbers held between bounds.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import { copyElements, inPlace } from '../autograd/inplace.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { isFloating, promoteScalar } from '../core/dtype.js'
import { describe, ValueError } from '../core/errors.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { binary, meet, type Operand } from './binary.js'
import { sumTo } from './broadcast.js'
import { cast } from './cast.js'
import { where } from './choice.js'
import { ge, gt, le, logicalAnd, logicalOr, lt } from './compare.js'
import { backwardOf, replace, slopeOf, tensors } from './operands.js'
import { dense } from './pointwise.js'

const MAXIMUM = kernel('maximum')
const MINIMUM = kernel('minimum')
const CLAMP = kernel('clamp')
const CLAMP_BACKWARD = kernel('clampBackward')

/** The gradient goes to the winner, at ties half to each. */
function extremeOp(name: string) {
  const id = kernel(name)
  const backward = kernel(`${name}Backward`)
  return defineOp(name, {
    forward(ctx, x: Tensor, y: Tensor) {
      ctx.save(x, y)
      return binary(name, id, x, y)
    },
    backward(ctx, grad): Gradient[] {
      const [x, y] = ctx.saved
      return [
        ctx.needs(0) ? backwardOf(backward, [x, y, grad], x.shape) : null,
        ctx.needs(1) ? backwardOf(backward, [y, x, grad], y.shape) : null,
      ]
    },
    derivative(ctx, grad): Gradient[] {
      const [x, y] = ctx.saved
      return [
        ctx.needs(0) ? sumTo(grad.mul(slopeOf(backward, [x, y], grad.shape)), x.shape) : null,
        ctx.needs(1) ? sumTo(grad.mul(slopeOf(backward, [y, x], grad.shape)), y.shape) : null,
      ]
    },
  })
}
const maximumOp = extremeOp('maximum')
const minimumOp = extremeOp('minimum')

/** The larger of x and y element by element, broadcast; nan where either is. */
export function maximum(x: Operand, y: Operand): Tensor {
  return maximumOp(...tensors('maximum', x, y))
}

/** The smaller of x and y element by element, broadcast; nan where either is. */
export function minimum(x: Operand, y: Operand): Tensor {
  return minimumOp(...tensors('minimum', x, y))
}

/** min(max(x, low), high); the gradient passes between the bounds and on them. */
const clampOp = defineOp('clamp', {
  forward(ctx, x: Tensor, low: number, high: number) {
    ctx.save(x)
    ctx.extra = [low, high]
    const out = emptyTensor(x.shape, x.dtype)
    launch(CLAMP, x.dtype, [dense(x), out], [x.count], ctx.extra)
    return out
  },
  backward(ctx, grad) {
    const dx = emptyTensor(grad.shape, grad.dtype)
    launch(CLAMP_BACKWARD, grad.dtype, [dense(ctx.saved[0]), dense(grad), dx], [grad.count], ctx.extra)
    return dx
  },
  derivative(ctx, grad): Gradient {
    const [x] = ctx.saved
    const [low, high] = ctx.extra
    return where(logicalAnd(ge(x, low), le(x, high)), grad, 0)
  },
})

/** The same with tensors for bounds; a bound gets the gradient of what it holds back. */
const clampTensorsOp = defineOp('clamp', {
  forward(ctx, x: Tensor, low: Tensor, high: Tensor) {
    ctx.save(x, low, high)
    return binary('clamp', MINIMUM, binary('clamp', MAXIMUM, x, low), high)
  },
  backward(ctx, grad): Gradient[] {
    const [x, low, high] = ctx.saved
    const part = (chosen: Tensor, shape: readonly number[]) => sumTo(where(chosen, grad, 0), shape)
    return [
      ctx.needs(0) ? part(logicalAnd(ge(x, low), le(x, high)), x.shape) : null,
      ctx.needs(1) ? part(logicalAnd(lt(x, low), lt(low, high)), low.shape) : null,
      ctx.needs(2) ? part(logicalOr(gt(x, high), lt(high, low)), high.shape) : null,
    ]
  },
  derivative: true,
})

type Bound = number | Tensor | null | undefined

function checkBounds(op: string, min: Bound, max: Bound): void {
  for (const [what, b] of [
    ['min', min],
    ['max', max],
  ] as const) {
    if (b === null || b === undefined || typeof b === 'number' || b instanceof Tensor) continue
    throw new TypeError(`${op}: ${what} must be a number, a Tensor or null, got ${describe(b)}`)
  }
  if ((min ?? null) === null && (max ?? null) === null) throw new ValueError('min or max must be given', { op })
}

/**
 * x held between `min` and `max`: numbers, tensors (broadcast), or null for no bound. Where min > max the result is max.
 * @throws ValueError if both are absent
 */
export function clamp(x: Tensor, min?: Bound, max?: Bound): Tensor {
  const op = 'clamp'
  checkTensor(op, x)
  checkBounds(op, min, max)
  if (!(min instanceof Tensor) && !(max instanceof Tensor)) {
    const fraction = [min, max].find(b => typeof b === 'number' && Number.isFinite(b) && !Number.isInteger(b))
    const dtype = promoteScalar(x.dtype, fraction ?? 0)
    return clampOp(cast(x, dtype), min ?? -Infinity, max ?? Infinity)
  }
  if (min === null || min === undefined) return lessOf(x, max as Tensor)
  if (max === null || max === undefined) return moreOf(x, min as Tensor)
  const [low, high] = tensors(op, min, max)
  const [value, below] = meet(x, low)
  return clampTensorsOp(value, below, cast(high, below.dtype))
}

function moreOf(x: Tensor, low: Tensor): Tensor {
  const [a, b] = meet(x, low)
  return clampTensorsOp(a, b, unbounded(a, 1))
}
function lessOf(x: Tensor, high: Tensor): Tensor {
  const [a, b] = meet(x, high)
  return clampTensorsOp(a, unbounded(a, -1), b)
}
/** A 0-d bound beyond all numbers of the dtype. */
function unbounded(x: Tensor, sign: 1 | -1): Tensor {
  const most = isFloating(x.dtype) ? sign * Infinity : sign > 0 ? 2147483647 : -2147483648
  const out = emptyTensor([], x.dtype)
  launch(FILL, x.dtype, [out], [1], [x.dtype === 'bool' ? Number(sign > 0) : most])
  return out
}
const FILL = kernel('fill')

/** x, but at least `min`. */
export function clampMin(x: Tensor, min: number | Tensor): Tensor {
  return clamp(x, min, null)
}
/** x, but at most `max`. */
export function clampMax(x: Tensor, max: number | Tensor): Tensor {
  return clamp(x, null, max)
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    maximum(y: Operand): Tensor
    minimum(y: Operand): Tensor
    /** This held between two bounds, null for none; see `clamp`. */
    clamp(min?: number | Tensor | null, max?: number | Tensor | null): Tensor
    clamp_(min?: number | Tensor | null, max?: number | Tensor | null): this
    clampMin(min: number | Tensor): Tensor
    clampMin_(min: number | Tensor): this
    clampMax(max: number | Tensor): Tensor
    clampMax_(max: number | Tensor): this
  }
}

function clampInPlace(op: string, x: Tensor, min: Bound, max: Bound): Tensor {
  checkBounds(op, min, max)
  if (min instanceof Tensor || max instanceof Tensor || !isFloating(x.dtype))
    return replace(op, x, [min, max], v => clamp(v, min, max))
  const direct = () => {
    const out = x.customStrides === null ? x : emptyTensor(x.shape, x.dtype)
    launch(CLAMP, x.dtype, [dense(x), out], [x.count], [(min as number) ?? -Infinity, (max as number) ?? Infinity])
    if (out !== x) copyElements(out, x)
  }
  return inPlace(op, x, [], direct, v => clamp(v, min, max))
}

Tensor.prototype.maximum = function (y) {
  return maximum(this, y)
}
Tensor.prototype.minimum = function (y) {
  return minimum(this, y)
}
Tensor.prototype.clamp = function (min, max) {
  return clamp(this, min, max)
}
Tensor.prototype.clamp_ = function (min, max) {
  return clampInPlace('clamp_', this, min, max) as typeof this
}
Tensor.prototype.clampMin = function (min) {
  return clampMin(this, min)
}
Tensor.prototype.clampMin_ = function (min) {
  return clampInPlace('clampMin_', this, min, null) as typeof this
}
Tensor.prototype.clampMax = function (max) {
  return clampMax(this, max)
}
Tensor.prototype.clampMax_ = function (max) {
  return clampInPlace('clampMax_', this, null, max) as typeof this
}
