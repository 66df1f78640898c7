// The largest and the smallest: values, places, order. nan is larger and smaller than any number; ties go to the first.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { checkInteger, checkOptions, formatShape, ValueError } from '../core/errors.js'
import { resolveDim } from '../core/shape.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { type Dims, extents, needsElements, over, type Run, spread, without } from './axis.js'
import { unpick } from './pick.js'
import { dense } from './pointwise.js'
import { type ReduceOptions, reduced } from './reduce.js'

const BACKWARD = kernel('extremumBackward')
const SORT = kernel('sort')
const TOPK = kernel('topk')
const FILL = kernel('fill')

/** How much of the gradient each element of x gets: equal shares for those that are the extremum y. */
function shares(x: Tensor, y: Tensor, run: Run): Tensor {
  const ones = emptyTensor(y.shape, y.dtype)
  launch(FILL, y.dtype, [ones], [ones.count], [1])
  const out = emptyTensor(x.shape, x.dtype)
  launch(BACKWARD, x.dtype, [dense(x), dense(y), ones, out], extents(x.shape, run))
  return out
}

/** amax, amin: ties share the gradient. */
function extremum(name: 'amax' | 'amin') {
  const forward = kernel(name)
  return defineOp(name, {
    forward(ctx, x: Tensor, run: Run) {
      const out = reduced(forward, x, run)
      ctx.save(x, out)
      ctx.extra = run
      return out
    },
    backward(ctx, grad) {
      const [x, out] = ctx.saved
      const dx = emptyTensor(x.shape, x.dtype)
      launch(BACKWARD, x.dtype, [dense(x), dense(out), dense(grad), dx], extents(x.shape, ctx.extra))
      return dx
    },
    derivative(ctx, grad) {
      const [x, out] = ctx.saved
      return spread(grad, x.shape, ctx.extra).mul(shares(x, out, ctx.extra))
    },
  })
}

/** max, min along a dimension: values and places; the place gets the whole gradient. */
function placed(name: 'max' | 'min') {
  const forward = kernel(name)
  return defineOp(name, {
    forward(ctx, x: Tensor, run: Run): Tensor[] {
      const values = emptyTensor(without(x.shape, run), x.dtype)
      const places = emptyTensor(values.shape, 'int32')
      launch(forward, x.dtype, [dense(x), values, places], extents(x.shape, run))
      ctx.save(places)
      ctx.extra = { shape: x.shape, run }
      return [values, places]
    },
    backward: (ctx, grad): Gradient => unpick(grad, ctx.saved[0], ctx.extra.shape, ctx.extra.run),
    derivative: true,
  })
}

const amaxOp = extremum('amax')
const aminOp = extremum('amin')
const maxOp = placed('max')
const minOp = placed('min')

function chosen(
  op: string,
  x: Tensor,
  dim: Dims | undefined,
  options: ReduceOptions | undefined,
  reduce: (x: Tensor, run: Run) => Tensor,
): Tensor {
  checkTensor(op, x)
  checkOptions(op, options, ['keepdim'])
  return over(op, x, dim, options?.keepdim ?? false, (y, run) => {
    needsElements(op, y.shape, run)
    return reduce(y, run)
  })
}

/** The largest element over all dimensions, or some; ties share the gradient. */
export function amax(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  return chosen('amax', x, dim, options, amaxOp)
}
/** The smallest element over all dimensions, or some; ties share the gradient. */
export function amin(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  return chosen('amin', x, dim, options, aminOp)
}

function extreme(
  op: 'max' | 'min',
  x: Tensor,
  dim: number | undefined,
  options: ReduceOptions | undefined,
): Tensor | [values: Tensor, indices: Tensor] {
  if (dim === undefined) return chosen(op, x, undefined, options, op === 'max' ? amaxOp : aminOp)
  checkTensor(op, x)
  checkOptions(op, options, ['keepdim'])
  const run = runOf(op, x, dim)
  needsElements(op, x.shape, run)
  const pair = (op === 'max' ? maxOp : minOp)(x, run)
  return (options?.keepdim ? pair.map(t => spread(t, x.shape, run)) : pair) as [Tensor, Tensor]
}

/** One dimension as a run; a scalar counts as one element. */
function runOf(op: string, x: Tensor, dim: number): Run {
  const d = resolveDim(op, dim, x.shape.length)
  return x.shape.length === 0 ? { from: 0, to: 0 } : { from: d, to: d + 1 }
}

/** The largest element; with a dim, the largest along it and their places: `const [values, indices] = max(x, 1)`. */
export function max(x: Tensor): Tensor
export function max(x: Tensor, dim: number, options?: ReduceOptions): [values: Tensor, indices: Tensor]
export function max(x: Tensor, dim?: number, options?: ReduceOptions) {
  return extreme('max', x, dim, options)
}
/** The smallest element; with a dim, the smallest along it and their places. */
export function min(x: Tensor): Tensor
export function min(x: Tensor, dim: number, options?: ReduceOptions): [values: Tensor, indices: Tensor]
export function min(x: Tensor, dim?: number, options?: ReduceOptions) {
  return extreme('min', x, dim, options)
}

function places(
  op: 'argmax' | 'argmin',
  x: Tensor,
  dim: number | null | undefined,
  options: ReduceOptions | undefined,
): Tensor {
  const forward = kernel(op)
  return chosen(op, x.detach(), dim, options, (y, run) => reduced(forward, y, run, 'int32'))
}
/** Place of the largest element, in the flattened tensor or along a dim. */
export function argmax(x: Tensor, dim?: number | null, options?: ReduceOptions): Tensor {
  checkTensor('argmax', x)
  return places('argmax', x, dim, options)
}
/** Place of the smallest element, in the flattened tensor or along a dim. */
export function argmin(x: Tensor, dim?: number | null, options?: ReduceOptions): Tensor {
  checkTensor('argmin', x)
  return places('argmin', x, dim, options)
}

const sortOp = defineOp('sort', {
  forward(ctx, x: Tensor, run: Run, descending: boolean): Tensor[] {
    const values = emptyTensor(x.shape, x.dtype)
    const order = emptyTensor(x.shape, 'int32')
    launch(SORT, x.dtype, [dense(x), values, order], [...extents(x.shape, run), descending ? 1 : 0])
    ctx.save(order)
    ctx.extra = { shape: x.shape, run }
    return [values, order]
  },
  backward: (ctx, grad): Gradient => unpick(grad, ctx.saved[0], ctx.extra.shape, ctx.extra.run),
  derivative: true,
})

/**
 * The elements in order along a dimension, and where they came from. Equal ones keep their order; nan is last, or first descending.
 * @param dim default: the last
 */
export function sort(
  x: Tensor,
  dim = -1,
  options?: { descending?: boolean; stable?: boolean },
): [values: Tensor, indices: Tensor] {
  checkTensor('sort', x)
  checkOptions('sort', options, ['descending', 'stable'])
  return sortOp(x, runOf('sort', x, dim), options?.descending ?? false) as [Tensor, Tensor]
}

/** The places that sort the elements along a dimension, the last by default; see `sort`. */
export function argsort(x: Tensor, dim = -1, options?: { descending?: boolean; stable?: boolean }): Tensor {
  checkTensor('argsort', x)
  return sort(x.detach(), dim, options)[1]
}

const topkOp = defineOp('topk', {
  forward(ctx, x: Tensor, run: Run, k: number, largest: boolean): Tensor[] {
    const shape = x.shape.slice()
    if (shape.length > 0) shape[run.from] = k
    const values = emptyTensor(shape, x.dtype)
    const from = emptyTensor(shape, 'int32')
    launch(TOPK, x.dtype, [dense(x), values, from], [...extents(x.shape, run), k, largest ? 1 : 0])
    ctx.save(from)
    ctx.extra = { shape: x.shape, run }
    return [values, from]
  },
  backward: (ctx, grad): Gradient => unpick(grad, ctx.saved[0], ctx.extra.shape, ctx.extra.run),
  derivative: true,
})

/**
 * The k largest elements along a dimension, best first, and where they came from; the smallest with `largest: false`.
 * @param dim default: the last
 * @throws ValueError if k is more than there are
 */
export function topk(
  x: Tensor,
  k: number,
  dim = -1,
  options?: { largest?: boolean; sorted?: boolean },
): [values: Tensor, indices: Tensor] {
  const op = 'topk'
  checkTensor(op, x)
  checkOptions(op, options, ['largest', 'sorted'])
  checkInteger(op, 'k', k)
  const run = runOf(op, x, dim)
  const size = extents(x.shape, run)[1]
  if (k > size)
    throw new ValueError(`k = ${k} is more than the ${size} elements along dim ${dim} of ${formatShape(x.shape)}`, {
      op,
      shapes: [x.shape],
    })
  return topkOp(x, run, k, options?.largest ?? true) as [Tensor, Tensor]
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** The largest element over dims; ties share the gradient. */
    amax(dim?: Dims, options?: ReduceOptions): Tensor
    /** The smallest element over dims; ties share the gradient. */
    amin(dim?: Dims, options?: ReduceOptions): Tensor
    /** The largest element; with a dim [values, indices]. */
    max(): Tensor
    max(dim: number, options?: ReduceOptions): [values: Tensor, indices: Tensor]
    /** The smallest element; with a dim [values, indices]. */
    min(): Tensor
    min(dim: number, options?: ReduceOptions): [values: Tensor, indices: Tensor]
    /** Place of the largest element. */
    argmax(dim?: number | null, options?: ReduceOptions): Tensor
    /** Place of the smallest element. */
    argmin(dim?: number | null, options?: ReduceOptions): Tensor
    /** [values, indices] in order along a dim; see `sort`. */
    sort(dim?: number, options?: { descending?: boolean; stable?: boolean }): [values: Tensor, indices: Tensor]
    /** The places that sort along a dim; see `argsort`. */
    argsort(dim?: number, options?: { descending?: boolean; stable?: boolean }): Tensor
    /** [values, indices] of the k largest along a dim; see `topk`. */
    topk(k: number, dim?: number, options?: { largest?: boolean; sorted?: boolean }): [values: Tensor, indices: Tensor]
  }
}

Tensor.prototype.amax = function (dim, options) {
  return amax(this, dim, options)
}
Tensor.prototype.amin = function (dim, options) {
  return amin(this, dim, options)
}
Tensor.prototype.max = function (dim?: number, options?: ReduceOptions) {
  return extreme('max', this, dim, options) as never
}
Tensor.prototype.min = function (dim?: number, options?: ReduceOptions) {
  return extreme('min', this, dim, options) as never
}
Tensor.prototype.argmax = function (dim, options) {
  return argmax(this, dim, options)
}
Tensor.prototype.argmin = function (dim, options) {
  return argmin(this, dim, options)
}
Tensor.prototype.sort = function (dim, options) {
  return sort(this, dim, options)
}
Tensor.prototype.argsort = function (dim, options) {
  return argsort(this, dim, options)
}
Tensor.prototype.topk = function (k, dim, options) {
  return topk(this, k, dim, options)
}
