// Matrix products. Gradients are products with transposed views: nothing is transposed in memory.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { isFloating } from '../core/dtype.js'
import { checkNumber, checkOptions, DTypeError, formatShape, ShapeError } from '../core/errors.js'
import { broadcastShapes, broadcastStrides, type Shape, sameShape } from '../core/shape.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { mul } from './arithmetic.js'
import { expand, sumTo, withShape } from './broadcast.js'
import { cast } from './cast.js'
import { reshape, transpose } from './view.js'

const MATMUL = kernel('matmul')
const ADDMM = kernel('addmm')

/** A·B over broadcast batches. A: [*, M, K], B: [*, K, N], both of 2 dimensions at least. */
const matmulOp = defineOp('matmul', {
  forward(ctx, a: Tensor, b: Tensor) {
    ctx.save(ctx.needs(1) ? a : null, ctx.needs(0) ? b : null)
    ctx.extra = [a.shape, b.shape]
    const [m, n] = [a.shape.length, b.shape.length]
    const M = a.shape[m - 2]
    const K = a.shape[m - 1]
    const N = b.shape[n - 1]
    const [as, bs] = [a.strides, b.strides]
    const sizes = [M, N, K, as[m - 2], as[m - 1], bs[n - 2], bs[n - 1], 0]
    const batch =
      m === 2 && n === 2 ? [] : broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2)).slice()
    if (batch.length > 0) {
      sizes[7] = batch.length
      sizes.push(
        ...batch,
        ...broadcastStrides(a.shape.slice(0, -2), as, batch),
        ...broadcastStrides(b.shape.slice(0, -2), bs, batch),
      )
    }
    batch.push(M, N)
    const out = emptyTensor(batch, a.dtype)
    launch(MATMUL, a.dtype, [a, b, out], sizes)
    return out
  },
  /** dA = g·Bᵀ, dB = Aᵀ·g. */
  backward(ctx, grad): Gradient[] {
    const [a, b] = ctx.saved
    return [
      ctx.needs(0) ? sumTo(matmulOp(grad, transpose(b, -2, -1)), ctx.extra[0]) : null,
      ctx.needs(1) ? sumTo(matmulOp(transpose(a, -2, -1), grad), ctx.extra[1]) : null,
    ]
  },
  derivative: true,
})

/** beta·input + alpha·A·B. input: [M, N] by strides. */
const addmmOp = defineOp('addmm', {
  forward(ctx, input: Tensor, a: Tensor, b: Tensor, beta: number, alpha: number) {
    ctx.save(ctx.needs(2) ? a : null, ctx.needs(1) ? b : null)
    ctx.extra = [beta, alpha]
    const out = emptyTensor(input.shape, a.dtype)
    const sizes = [a.shape[0], b.shape[1], a.shape[1], ...a.strides, ...b.strides, ...input.strides]
    launch(ADDMM, a.dtype, [input, a, b, out], sizes, [beta, alpha])
    return out
  },
  backward(ctx, grad): Gradient[] {
    const [a, b] = ctx.saved
    const [beta, alpha] = ctx.extra as [number, number]
    const scaled = (x: Tensor, c: number) => (c === 1 ? x : mul(x, c))
    return [
      ctx.needs(0) ? scaled(grad, beta) : null,
      ctx.needs(1) ? scaled(matmulOp(grad, transpose(b, 0, 1)), alpha) : null,
      ctx.needs(2) ? scaled(matmulOp(transpose(a, 0, 1), grad), alpha) : null,
    ]
  },
  derivative: true,
})

function misfit(op: string, x: Tensor, y: Tensor, why: string): ShapeError {
  return new ShapeError(`${formatShape(x.shape)} and ${formatShape(y.shape)} do not fit: ${why}`, {
    op,
    shapes: [x.shape, y.shape],
  })
}

function checkPair(op: string, x: Tensor, y: Tensor): void {
  checkTensor(op, x)
  checkTensor(op, y, 'the second input')
  if (x.dtype !== y.dtype) {
    throw new DTypeError(`the inputs are ${x.dtype} and ${y.dtype}; convert one with .to(dtype)`, { op })
  }
}

/** The product of matrices of one dtype whose inner sizes agree; integers go through float64, exact below 2^53. */
function product(op: string, x: Tensor, y: Tensor): Tensor {
  if (!isFloating(x.dtype)) {
    if (x.dtype === 'bool') throw new DTypeError('bool is not supported; convert with .to(dtype)', { op })
    return cast(product(op, cast(x, 'float64'), cast(y, 'float64')), x.dtype)
  }
  // A stack of matrices times one matrix is one taller product.
  if (x.shape.length > 2 && y.shape.length === 2 && x.isContiguous()) {
    const K = y.shape[0]
    const rows = x.shape.slice(0, -1)
    const flat = reshape(x, [rows.reduce((n, s) => n * s, 1), K])
    return reshape(matmulOp(flat, y), [...rows, y.shape[1]])
  }
  return matmulOp(x, y)
}

/**
 * The matrix product. Shapes: [*, M, K]·[*, K, N] gives [*, M, N] with leading dimensions broadcast; a vector [K] counts as a row on
 * the left and as a column on the right, and that dimension is dropped from the result.
 * @throws ShapeError if the inner sizes differ or the batches do not broadcast; DTypeError if the dtypes differ
 * @see https://pytorch.org/docs/stable/generated/torch.matmul.html
 */
export function matmul(x: Tensor, y: Tensor): Tensor {
  const op = 'matmul'
  checkPair(op, x, y)
  const [m, n] = [x.shape.length, y.shape.length]
  if (m === 0 || n === 0) throw misfit(op, x, y, 'a scalar is no matrix, multiply with mul')
  const [K, rows] = [x.shape[m - 1], n === 1 ? y.shape[0] : y.shape[n - 2]]
  if (K !== rows) throw misfit(op, x, y, `${K} columns against ${rows} rows`)
  if (m > 1 && n > 1) return product(op, x, y)
  const left = m === 1 ? withShape(x, [1, K]) : x
  const right = n === 1 ? withShape(y, [K, 1]) : y
  const out = product(op, left, right)
  const shape = out.shape.filter(
    (_, d) => !(m === 1 && d === out.shape.length - 2) && !(n === 1 && d === out.shape.length - 1),
  )
  return withShape(out, shape)
}

function checkDims(op: string, x: Tensor, what: string, dims: number): void {
  checkTensor(op, x, what)
  if (x.shape.length === dims) return
  throw new ShapeError(`${what} must have ${dims} dimension${dims === 1 ? '' : 's'}, got ${formatShape(x.shape)}`, {
    op,
    shapes: [x.shape],
  })
}

/** Like matmul for exactly these numbers of dimensions. */
function fixed(op: string, x: Tensor, y: Tensor, m: number, n: number): Tensor {
  checkDims(op, x, 'the first input', m)
  checkDims(op, y, 'the second input', n)
  checkPair(op, x, y)
  const [K, rows] = [x.shape[m - 1], y.shape[Math.max(n - 2, 0)]]
  if (K !== rows) throw misfit(op, x, y, `${K} columns against ${rows} rows`)
  if (m === 3 && x.shape[0] !== y.shape[0]) throw misfit(op, x, y, `batches of ${x.shape[0]} and ${y.shape[0]}`)
  return m === 3 || (m === 2 && n === 2) ? product(op, x, y) : matmul(x, y)
}

/** [M, K]·[K, N]. */
export function mm(x: Tensor, y: Tensor): Tensor {
  return fixed('mm', x, y, 2, 2)
}

/** [B, M, K]·[B, K, N], matrix by matrix. */
export function bmm(x: Tensor, y: Tensor): Tensor {
  return fixed('bmm', x, y, 3, 3)
}

/** [M, K]·[K]. */
export function mv(x: Tensor, y: Tensor): Tensor {
  return fixed('mv', x, y, 2, 1)
}

/** The sum of the products of two vectors of one length. */
export function dot(x: Tensor, y: Tensor): Tensor {
  return fixed('dot', x, y, 1, 1)
}

/** x[i]·y[j] of two vectors. */
export function outer(x: Tensor, y: Tensor): Tensor {
  checkDims('outer', x, 'the first input', 1)
  checkDims('outer', y, 'the second input', 1)
  return mul(withShape(x, [x.shape[0], 1]), withShape(y, [1, y.shape[0]]))
}

export interface AddmmOptions {
  /** Factor of the input; 0 leaves it unread. Default: 1. */
  beta?: number
  /** Factor of the product. Default: 1. */
  alpha?: number
}

function factors(op: string, options: AddmmOptions | undefined): [beta: number, alpha: number] {
  checkOptions(op, options, ['beta', 'alpha'])
  return [checkNumber(op, 'beta', options?.beta ?? 1), checkNumber(op, 'alpha', options?.alpha ?? 1)]
}

function stretched(op: string, input: Tensor, shape: Shape): Tensor {
  checkTensor(op, input)
  const fits = input.shape.length <= shape.length && sameShape(broadcastShapes(op, input.shape, shape), shape)
  if (fits) return expand(input, shape)
  throw new ShapeError(`input ${formatShape(input.shape)} does not broadcast to the product's ${formatShape(shape)}`, {
    op,
    shapes: [input.shape, shape],
  })
}

/**
 * beta·input + alpha·x·y. Shapes: x [M, K], y [K, N], input broadcasts to [M, N].
 * @see https://pytorch.org/docs/stable/generated/torch.addmm.html
 */
export function addmm(input: Tensor, x: Tensor, y: Tensor, options?: AddmmOptions): Tensor {
  const op = 'addmm'
  const [beta, alpha] = factors(op, options)
  checkDims(op, x, 'the first matrix', 2)
  checkDims(op, y, 'the second matrix', 2)
  checkPair(op, x, y)
  if (x.shape[1] !== y.shape[0]) throw misfit(op, x, y, `${x.shape[1]} columns against ${y.shape[0]} rows`)
  const full = stretched(op, input, [x.shape[0], y.shape[1]])
  checkPair(op, full, x)
  if (!isFloating(x.dtype)) throw new DTypeError(`${x.dtype} is not supported; convert with .to(dtype)`, { op })
  return addmmOp(full, x, y, beta, alpha)
}

/** beta·input + alpha·(batch of x·y), by its parts. */
function addProduct(op: string, input: Tensor, xy: Tensor, options: AddmmOptions | undefined): Tensor {
  const [beta, alpha] = factors(op, options)
  const full = stretched(op, input, xy.shape)
  const scaled = alpha === 1 ? xy : mul(xy, alpha)
  return beta === 0 ? scaled : (beta === 1 ? full : mul(full, beta)).add(scaled)
}

/** beta·input + alpha·x·y. Shapes: x [B, M, K], y [B, K, N], input broadcasts to [B, M, N]. */
export function baddbmm(input: Tensor, x: Tensor, y: Tensor, options?: AddmmOptions): Tensor {
  return addProduct('baddbmm', input, fixed('baddbmm', x, y, 3, 3), options)
}

/** beta·input + alpha·x·y. Shapes: x [M, K], y [K], input broadcasts to [M]. */
export function addmv(input: Tensor, x: Tensor, y: Tensor, options?: AddmmOptions): Tensor {
  return addProduct('addmv', input, fixed('addmv', x, y, 2, 1), options)
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** The matrix product; see `matmul`. */
    matmul(y: Tensor): Tensor
    mm(y: Tensor): Tensor
    bmm(y: Tensor): Tensor
    mv(y: Tensor): Tensor
    dot(y: Tensor): Tensor
    outer(y: Tensor): Tensor
    /** beta·this + alpha·x·y; see `addmm`. */
    addmm(x: Tensor, y: Tensor, options?: AddmmOptions): Tensor
    addmv(x: Tensor, y: Tensor, options?: AddmmOptions): Tensor
    baddbmm(x: Tensor, y: Tensor, options?: AddmmOptions): Tensor
  }
}

Tensor.prototype.matmul = function (y) {
  return matmul(this, y)
}
Tensor.prototype.mm = function (y) {
  return mm(this, y)
}
Tensor.prototype.bmm = function (y) {
  return bmm(this, y)
}
Tensor.prototype.mv = function (y) {
  return mv(this, y)
}
Tensor.prototype.dot = function (y) {
  return dot(this, y)
}
Tensor.prototype.outer = function (y) {
  return outer(this, y)
}
Tensor.prototype.addmm = function (x, y, options) {
  return addmm(this, x, y, options)
}
Tensor.prototype.addmv = function (x, y, options) {
  return addmv(this, x, y, options)
}
Tensor.prototype.baddbmm = function (x, y, options) {
  return baddbmm(this, x, y, options)
}
