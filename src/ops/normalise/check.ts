// What all normalisations check of their tensors.
import { checkTensor } from '../../autograd/defineOp.js'
import { DTypeError, formatShape, ShapeError } from '../../core/errors.js'
import { type Shape, sameShape } from '../../core/shape.js'
import type { Tensor } from '../../tensor/tensor.js'
import { needsFloating } from '../axis.js'

/** Throws unless every tensor that is there has x's dtype and the shape that x asks for. */
export function checkPer(op: string, x: Tensor, shape: Shape, others: Readonly<Record<string, unknown>>): void {
  checkTensor(op, x)
  needsFloating(op, x)
  for (const [what, t] of Object.entries(others)) {
    if (t === null || t === undefined) continue
    checkTensor(op, t, what)
    if (t.dtype !== x.dtype)
      throw new DTypeError(`input is ${x.dtype}, ${what} ${t.dtype}; convert one with .to(dtype)`, { op })
    if (!sameShape(t.shape, shape)) {
      const message = `${what} is ${formatShape(t.shape)}, input ${formatShape(x.shape)} asks for ${formatShape(shape)}`
      throw new ShapeError(message, { op, shapes: [x.shape, t.shape] })
    }
  }
}

/** Channels of [N, C, *]. @throws ShapeError where there is no such dimension */
export function channelsOf(op: string, x: Tensor): number {
  checkTensor(op, x)
  if (x.shape.length >= 2) return x.shape[1]
  const message = `input ${formatShape(x.shape)} must have a dimension of channels: [N, C, *]`
  throw new ShapeError(message, { op, shapes: [x.shape] })
}

/** Elements of a channel of [N, C, *]: the product of the dimensions after the second. */
export function perChannel(shape: Shape): number {
  let n = 1
  for (let d = 2; d < shape.length; d++) n *= shape[d]
  return n
}
