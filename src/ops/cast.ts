// Conversion between dtypes, and copies.
import { copyOf } from '../autograd/accumulate.js'
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import { copyElements, inPlace, separate } from '../autograd/inplace.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { type DType, dtypeNames, dtypes } from '../core/dtype.js'
import { checkChoice, formatShape, ShapeError } from '../core/errors.js'
import { broadcastStrides } from '../core/shape.js'
import { emptyTensor, Tensor, viewOf } from '../tensor/tensor.js'
import { expand } from './broadcast.js'

const CAST = kernel('cast')

/** x in another dtype: fractions are cut towards zero, bool is x != 0. */
const castTo = defineOp('to', {
  forward(ctx, x: Tensor, dtype: DType) {
    const from = x.isContiguous() ? x : copyOf(x)
    const out = emptyTensor(x.shape, dtype)
    launch(CAST, x.dtype, [from, out], [x.count, dtypes[dtype].code])
    ctx.extra = x.dtype
    return out
  },
  backward: (ctx, grad): Gradient => castTo(grad, ctx.extra),
  derivative: true,
})

const cloneOp = defineOp('clone', {
  forward: (_, x: Tensor) => copyOf(x),
  backward: (_, grad) => grad,
  derivative: true,
})

/** New values in place of old ones, which take no part in them: their gradient ends here. */
export const overwritten = defineOp('fill', {
  forward(_, old: Tensor, fill: (x: Tensor) => void) {
    const fresh = emptyTensor(old.shape, old.dtype)
    fill(fresh)
    return fresh
  },
  backward: () => null,
  derivative: true,
})

/** The tensor itself where it is contiguous, else a contiguous copy. */
export function contiguous(x: Tensor): Tensor {
  return x.isContiguous() ? x : cloneOp(x)
}

/** The tensor itself where it has this dtype, else a converted copy. */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : castTo(x, dtype)
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** A copy with its own memory; gradients pass through. */
    clone(): Tensor
    /** The tensor itself if its elements lie in row-major order, else a copy that does. */
    contiguous(): Tensor
    /** The tensor in another dtype; itself if it has that one. Numbers are cut towards zero, bool is x != 0. */
    to(dtype: DType): Tensor
    float(): Tensor
    double(): Tensor
    int(): Tensor
    bool(): Tensor
    /** Copies the elements of `source` here; it is broadcast and converted. @throws ShapeError if it does not broadcast */
    copy_(source: Tensor): this
  }
}

Tensor.prototype.clone = function () {
  return cloneOp(this)
}
Tensor.prototype.contiguous = function () {
  return contiguous(this)
}
Tensor.prototype.to = function (dtype) {
  return cast(this, checkChoice('to', 'dtype', dtype, dtypeNames))
}
Tensor.prototype.float = function () {
  return cast(this, 'float32')
}
Tensor.prototype.double = function () {
  return cast(this, 'float64')
}
Tensor.prototype.int = function () {
  return cast(this, 'int32')
}
Tensor.prototype.bool = function () {
  return cast(this, 'bool')
}
Tensor.prototype.copy_ = function (source) {
  checkTensor('copy_', source, 'source')
  const { shape } = this
  const fits =
    source.shape.length <= shape.length &&
    source.shape.every((n, i) => n === 1 || n === shape[i + shape.length - source.shape.length])
  if (!fits) {
    const message = `source ${formatShape(source.shape)} does not broadcast to ${formatShape(shape)}`
    throw new ShapeError(message, { op: 'copy_', shapes: [source.shape, shape] })
  }
  const write = () => {
    const from = separate(cast(source.detach(), this.dtype), this)
    copyElements(viewOf(from, shape, broadcastStrides(from.shape, from.strides, shape), 0), this)
  }
  inPlace('copy_', this, [source], write, () => cloneOp(expand(cast(source, this.dtype), shape)))
  return this
}
