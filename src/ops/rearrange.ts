// The elements elsewhere: mirrored, shifted round, cut to a triangle, on a diagonal, as classes one-hot.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import { copyElements } from '../autograd/inplace.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import {
  checkInteger,
  checkOptions,
  describe,
  formatShape,
  IndexError,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import { resolveDim, resolveDims } from '../core/shape.js'
import { filled } from '../tensor/create.js'
import { emptyTensor, Tensor, viewOf } from '../tensor/tensor.js'
import { asIndex, type Index } from './indexing.js'
import { replace } from './operands.js'
import { diagonal } from './piece.js'
import { dense } from './pointwise.js'
import { reshape } from './view.js'

const FLIP = kernel('flip')
const TRIANGLE = kernel('triangle')
const ONE_HOT = kernel('oneHot')

const flipOp = defineOp('flip', {
  forward(ctx, x: Tensor, dims: readonly number[]) {
    ctx.extra = dims
    const out = emptyTensor(x.shape, x.dtype)
    const mirrored = x.shape.map((_, d) => (dims.includes(d) ? 1 : 0))
    launch(FLIP, x.dtype, [dense(x), out], [x.shape.length, ...x.shape, ...mirrored])
    return out
  },
  backward: (ctx, grad): Gradient => flipOp(grad, ctx.extra),
  derivative: true,
})

/** A copy with the order of the elements along `dims` reversed. */
export function flip(x: Tensor, dims: number | readonly number[]): Tensor {
  checkTensor('flip', x)
  if (dims === undefined) throw new TypeError('flip: dims must be a number or an array of numbers, got undefined')
  const list = Array.isArray(dims) && dims.length === 0 ? [] : resolveDims('flip', dims, x.shape.length)
  return flipOp(x, list)
}

/** Shifted by `shift` in [0, size) along dimension d; what leaves at the end comes in at the start. */
const rollOp = defineOp('roll', {
  forward(ctx, x: Tensor, shift: number, d: number) {
    ctx.extra = [shift, d]
    const out = emptyTensor(x.shape, x.dtype)
    const size = x.shape[d]
    const part = (of: Tensor, start: number, length: number) => {
      const shape = of.shape.slice()
      shape[d] = length
      return viewOf(of, shape, of.strides, start * of.strides[d])
    }
    copyElements(part(x, 0, size - shift), part(out, shift, size - shift))
    if (shift > 0) copyElements(part(x, size - shift, shift), part(out, 0, shift))
    return out
  },
  backward(ctx, grad): Gradient {
    const [shift, d] = ctx.extra as [number, number]
    return rollOp(grad, (grad.shape[d] - shift) % grad.shape[d], d)
  },
  derivative: true,
})

/**
 * Elements moved by `shifts` along `dims`; what leaves at one end comes in at the other. Without dims, the tensor is rolled as one
 * row. See https://pytorch.org/docs/stable/generated/torch.roll.html
 */
export function roll(x: Tensor, shifts: number | readonly number[], dims?: number | readonly number[]): Tensor {
  const op = 'roll'
  checkTensor(op, x)
  const by = typeof shifts === 'number' ? [shifts] : shifts
  if (!Array.isArray(by)) throw new TypeError(`${op}: shifts must be a number or an array, got ${describe(shifts)}`)
  for (const s of by) checkInteger(op, 'a shift', s, -Infinity)
  if (dims === undefined) {
    if (by.length !== 1) throw new ValueError(`${by.length} shifts need as many dims`, { op })
    return reshape(roll(reshape(x, [-1]), by, [0]), x.shape)
  }
  const along = typeof dims === 'number' ? [dims] : dims
  if (by.length !== along.length) {
    throw new ValueError(`${by.length} shifts do not fit ${along.length} dims`, { op })
  }
  if (x.shape.length === 0 && along.length > 0) throw new IndexError('a scalar has no dimension to roll along', { op })
  let out = x
  along.forEach((dim, i) => {
    const d = resolveDim(op, dim, x.shape.length)
    const size = x.shape[d]
    if (x.count > 0) out = rollOp(out, ((by[i] % size) + size) % size, d)
  })
  return out === x ? x.clone() : out
}

const triangleOp = defineOp('triangle', {
  forward(ctx, x: Tensor, upper: boolean, k: number) {
    ctx.extra = [upper, k]
    const [M, N] = x.shape.slice(-2)
    const out = emptyTensor(x.shape, x.dtype)
    launch(TRIANGLE, x.dtype, [dense(x), out], [x.count === 0 ? 0 : x.count / (M * N), M, N, upper ? 1 : 0], [k])
    return out
  },
  backward: (ctx, grad): Gradient => triangleOp(grad, ctx.extra[0], ctx.extra[1]),
  derivative: true,
})

export interface TriangleOptions {
  /** 0 the main diagonal, above it positive. Default: 0. */
  diagonal?: number
}

function triangle(op: string, x: Tensor, upper: boolean, options: number | TriangleOptions | undefined): Tensor {
  checkTensor(op, x)
  const given = typeof options === 'number' ? { diagonal: options } : options
  checkOptions(op, given, ['diagonal'])
  const k = checkInteger(op, 'diagonal', given?.diagonal ?? 0, -Infinity)
  if (x.shape.length < 2) {
    const message = `expected a matrix or a batch of them, got ${formatShape(x.shape)}`
    throw new ShapeError(message, { op, shapes: [x.shape] })
  }
  return triangleOp(x, upper, k)
}

/** Of each matrix the part on and below a diagonal, zeros elsewhere. `tril(x, -1)` is short for `{ diagonal: -1 }`. */
export function tril(x: Tensor, options?: number | TriangleOptions): Tensor {
  return triangle('tril', x, false, options)
}

/** Of each matrix the part on and above a diagonal, zeros elsewhere. `triu(x, 1)` is short for `{ diagonal: 1 }`. */
export function triu(x: Tensor, options?: number | TriangleOptions): Tensor {
  return triangle('triu', x, true, options)
}

/** A vector's elements on a diagonal of zeros. */
const diagOp = defineOp('diag', {
  forward(ctx, x: Tensor, offset: number) {
    ctx.extra = offset
    const size = x.count + Math.abs(offset)
    const out = filled([size, size], x.dtype, 0)
    copyElements(x, viewOf(out, x.shape, [size + 1], x.count === 0 ? 0 : offset >= 0 ? offset : -offset * size))
    return out
  },
  backward: (ctx, grad): Gradient => diagonal(grad, ctx.extra),
  derivative: true,
})

/** Of a vector the matrix with it on a diagonal; of a matrix a copy of its diagonal. */
export function diag(x: Tensor, options?: number | TriangleOptions): Tensor {
  const op = 'diag'
  checkTensor(op, x)
  const given = typeof options === 'number' ? { diagonal: options } : options
  checkOptions(op, given, ['diagonal'])
  const k = checkInteger(op, 'diagonal', given?.diagonal ?? 0, -Infinity)
  if (x.shape.length === 1) return diagOp(x, k)
  if (x.shape.length === 2) return diagonal(x, k).clone()
  throw new ShapeError(`expected 1 or 2 dimensions, got ${formatShape(x.shape)}`, { op, shapes: [x.shape] })
}

/**
 * Classes as rows of zeros with a one: shape [*] gives int32 [*, numClasses].
 * @param numClasses default: -1, one more than the largest class
 * @throws IndexError if a class is negative or not below numClasses
 */
export function oneHot(x: Index, numClasses = -1): Tensor {
  const op = 'oneHot'
  const index = dense(asIndex(op, x))
  checkInteger(op, 'numClasses', numClasses, -1)
  let classes = numClasses
  if (classes === -1) {
    if (index.count === 0)
      throw new ValueError('the number of classes of no elements is not known; pass numClasses', { op })
    for (const c of index.toTypedArray()) {
      if (c < 0) throw new IndexError(`class ${c} is negative`, { op })
      classes = Math.max(classes, c + 1)
    }
  }
  if (classes === 0) throw new IndexError('numClasses must be above 0', { op })
  const out = emptyTensor([...index.shape, classes], 'int32')
  launch(ONE_HOT, 'int32', [index, out], [index.count, classes])
  return out
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** A copy reversed along `dims`. */
    flip(dims: number | readonly number[]): Tensor
    /** Elements moved round along `dims`; see `roll`. */
    roll(shifts: number | readonly number[], dims?: number | readonly number[]): Tensor
    /** The part on and below a diagonal; see `tril`. */
    tril(options?: number | TriangleOptions): Tensor
    tril_(options?: number | TriangleOptions): this
    /** The part on and above a diagonal; see `triu`. */
    triu(options?: number | TriangleOptions): Tensor
    triu_(options?: number | TriangleOptions): this
    diag(options?: number | TriangleOptions): Tensor
  }
}

Tensor.prototype.flip = function (dims) {
  return flip(this, dims)
}
Tensor.prototype.roll = function (shifts, dims) {
  return roll(this, shifts, dims)
}
Tensor.prototype.tril = function (options) {
  return tril(this, options)
}
Tensor.prototype.tril_ = function (options) {
  return replace('tril_', this, [], x => tril(x, options)) as typeof this
}
Tensor.prototype.triu = function (options) {
  return triu(this, options)
}
Tensor.prototype.triu_ = function (options) {
  return replace('triu_', this, [], x => triu(x, options)) as typeof this
}
Tensor.prototype.diag = function (options) {
  return diag(this, options)
}
