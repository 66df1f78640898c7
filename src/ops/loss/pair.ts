// What losses check before they compute, and how a loss per element becomes the result.
import { checkTensor } from '../../autograd/defineOp.js'
import { isFloating } from '../../core/dtype.js'
import { checkChoice, DTypeError, formatShape, ShapeError } from '../../core/errors.js'
import { type Shape, sameShape } from '../../core/shape.js'
import type { Tensor } from '../../tensor/tensor.js'
import { meet } from '../binary.js'
import { expand } from '../broadcast.js'
import { cast } from '../cast.js'
import { mean, sum } from '../reduce.js'
import { broadcastTensors } from '../view.js'

export type Reduction = 'none' | 'mean' | 'sum'

export interface LossOptions {
  /** The mean of the losses, their sum, or one loss per element. Default: 'mean'. */
  reduction?: Reduction
}

export interface PairOptions extends LossOptions {
  /** Lets input and target differ in shape where they broadcast. Default: false. */
  broadcast?: boolean
}

/** In the order of native/kernels/loss.cpp. */
const reductions = ['none', 'mean', 'sum'] as const

/** The reduction as kernels count it. */
export function reductionOf(op: string, reduction: Reduction = 'mean'): number {
  return reductions.indexOf(checkChoice(op, 'reduction', reduction, reductions))
}

/** A loss per element, reduced. */
export function reduce(op: string, loss: Tensor, reduction: Reduction = 'mean'): Tensor {
  checkChoice(op, 'reduction', reduction, reductions)
  return reduction === 'none' ? loss : reduction === 'sum' ? sum(loss) : mean(loss)
}

function broadcasts(a: Shape, b: Shape): boolean {
  const n = Math.min(a.length, b.length)
  for (let d = 1; d <= n; d++) {
    const [x, y] = [a[a.length - d], b[b.length - d]]
    if (x !== y && x !== 1 && y !== 1) return false
  }
  return true
}

/** Input and target differ in shape: says so, and what to do where that is clear. */
export function misfit(op: string, input: Tensor, target: Tensor, what = 'target'): ShapeError {
  const [a, b] = [formatShape(input.shape), formatShape(target.shape)]
  const hint =
    input.count === target.count
      ? `; reshape the ${what} with ${what}.reshape(${a})`
      : broadcasts(input.shape, target.shape)
        ? '; pass { broadcast: true } if it is meant to repeat'
        : ''
  return new ShapeError(`input ${a} and ${what} ${b} differ in shape${hint}`, {
    op,
    shapes: [input.shape, target.shape],
  })
}

/** Throws unless x is a floating tensor. */
export function checkFloating(op: string, x: unknown, what = 'input'): asserts x is Tensor {
  checkTensor(op, x, what)
  if (isFloating(x.dtype)) return
  throw new DTypeError(`${what} must be floating, got ${x.dtype}; convert it with ${what}.float()`, { op })
}

/** Input and target in one shape and dtype. `exact`: the target must have the input's dtype. */
export function pair(op: string, input: Tensor, target: Tensor, broadcast = false, exact = false): [Tensor, Tensor] {
  checkFloating(op, input)
  checkTensor(op, target, 'target')
  if (exact && target.dtype !== input.dtype) {
    const how = input.dtype === 'float32' ? 'float' : 'double'
    throw new DTypeError(`input is ${input.dtype}, target ${target.dtype}; convert it with target.${how}()`, { op })
  }
  const [x, t] = meet(input, target)
  if (sameShape(x.shape, t.shape)) return [x, t]
  if (!broadcast || !broadcasts(x.shape, t.shape)) throw misfit(op, input, target)
  const [xs, ts] = broadcastTensors([x, t])
  return [xs, ts]
}

/** Weights stretched to the shape of x, as constants in its dtype; null where there are none. */
export function weightsFor(op: string, what: string, weight: Tensor | null | undefined, x: Tensor): Tensor | null {
  if (weight === null || weight === undefined) return null
  checkTensor(op, weight, what)
  if (!broadcasts(weight.shape, x.shape) || weight.shape.length > x.shape.length) {
    const message = `${what} ${formatShape(weight.shape)} does not broadcast to the input ${formatShape(x.shape)}`
    throw new ShapeError(message, { op, shapes: [weight.shape, x.shape] })
  }
  return expand(cast(weight.detach(), x.dtype), x.shape)
}
