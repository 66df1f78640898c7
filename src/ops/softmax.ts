// Softmax and what goes with it, and running sums and products.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { checkOptions } from '../core/errors.js'
import { resolveDim } from '../core/shape.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { type Dims, extents, needsFloating, over, type Run, spread } from './axis.js'
import { sumDims } from './broadcast.js'
import { cast } from './cast.js'
import { dense, floating } from './pointwise.js'
import { asked, type DTypeOption, keepdimOf, type ReduceOptions, reduced } from './reduce.js'
import { exp, neg } from './unary.js'

/** x in the dtype that the options ask for, if they ask for no more. */
function taken(op: string, x: Tensor, options: DTypeOption | undefined): Tensor {
  checkOptions(op, options, ['dtype'])
  return asked(op, x, options)
}

/** One dimension as a run. */
function along(op: string, x: Tensor, dim: number): Run {
  const d = resolveDim(op, dim, x.shape.length)
  return x.shape.length === 0 ? { from: 0, to: 0 } : { from: d, to: d + 1 }
}

/** Sum along a run, kept as 1. */
function total(x: Tensor, { from, to }: Run): Tensor {
  return to > from ? sumDims(x, [from], true) : x
}

/** softmax or its logarithm: the backward is made from the result. */
function normalized(name: 'softmax' | 'logSoftmax', derivative: (y: Tensor, grad: Tensor, run: Run) => Tensor) {
  const forward = kernel(name)
  const backward = kernel(`${name}Backward`)
  return defineOp(name, {
    forward(ctx, x: Tensor, run: Run) {
      const out = emptyTensor(x.shape, x.dtype)
      launch(forward, x.dtype, [dense(x), out], extents(x.shape, run))
      ctx.save(out)
      ctx.extra = run
      return out
    },
    backward(ctx, grad) {
      const [out] = ctx.saved
      const dx = emptyTensor(out.shape, out.dtype)
      launch(backward, out.dtype, [out, dense(grad), dx], extents(out.shape, ctx.extra))
      return dx
    },
    derivative: (ctx, grad) => derivative(ctx.saved[0], grad, ctx.extra),
  })
}

const softmaxOp = normalized('softmax', (y, grad, run) => y.mul(grad.sub(total(y.mul(grad), run))))
const logSoftmaxOp = normalized('logSoftmax', (y, grad, run) => grad.sub(exp(y).mul(total(grad, run))))

/** eˣ/Σeˣ along a dimension, from x - max so that nothing overflows. */
export function softmax(x: Tensor, dim: number, options?: DTypeOption): Tensor {
  return softmaxOp(floating('softmax', taken('softmax', x, options)), along('softmax', x, dim))
}
/** log(softmax(x)), computed as x - max - log Σ. */
export function logSoftmax(x: Tensor, dim: number, options?: DTypeOption): Tensor {
  return logSoftmaxOp(floating('logSoftmax', taken('logSoftmax', x, options)), along('logSoftmax', x, dim))
}
/** softmax(-x). */
export function softmin(x: Tensor, dim: number, options?: DTypeOption): Tensor {
  return softmaxOp(neg(floating('softmin', taken('softmin', x, options))), along('softmin', x, dim))
}

const LOGSUMEXP = kernel('logsumexp')
const LOGSUMEXP_BACKWARD = kernel('logsumexpBackward')

const logsumexpOp = defineOp('logsumexp', {
  forward(ctx, x: Tensor, run: Run) {
    const out = reduced(LOGSUMEXP, x, run)
    ctx.save(x, out)
    ctx.extra = run
    return out
  },
  backward(ctx, grad) {
    const [x, out] = ctx.saved
    const dx = emptyTensor(x.shape, x.dtype)
    launch(LOGSUMEXP_BACKWARD, x.dtype, [dense(x), out, dense(grad), dx], extents(x.shape, ctx.extra))
    return dx
  },
  derivative(ctx, grad) {
    const [x, out] = ctx.saved
    return spread(grad, x.shape, ctx.extra).mul(exp(x.sub(spread(out, x.shape, ctx.extra))))
  },
})

/** log Σeˣ over dims, from x - max so that nothing overflows. */
export function logsumexp(x: Tensor, dim: Dims, options?: ReduceOptions): Tensor {
  checkTensor('logsumexp', x)
  return over('logsumexp', floating('logsumexp', x), dim, keepdimOf('logsumexp', options), logsumexpOp)
}

const CUMSUM = kernel('cumsum')
const CUMPROD = kernel('cumprod')
const CUMPROD_BACKWARD = kernel('cumprodBackward')

const cumsumOp = defineOp('cumsum', {
  forward(ctx, x: Tensor, run: Run, reverse: boolean) {
    const out = emptyTensor(x.shape, x.dtype)
    launch(CUMSUM, x.dtype, [dense(x), out], [...extents(x.shape, run), reverse ? 1 : 0])
    ctx.extra = { run, reverse }
    return out
  },
  backward: (ctx, grad): Gradient => cumsumOp(grad, ctx.extra.run, !ctx.extra.reverse),
  derivative: true,
})

const cumprodOp = defineOp('cumprod', {
  forward(ctx, x: Tensor, run: Run) {
    const out = emptyTensor(x.shape, x.dtype)
    launch(CUMPROD, x.dtype, [dense(x), out], extents(x.shape, run))
    ctx.save(x, out)
    ctx.extra = run
    return out
  },
  backward(ctx, grad) {
    const [x, out] = ctx.saved
    const dx = emptyTensor(x.shape, x.dtype)
    launch(CUMPROD_BACKWARD, x.dtype, [dense(x), out, dense(grad), dx], extents(x.shape, ctx.extra))
    return dx
  },
})

/** Running sum along a dimension. Integers and bools give int32. */
export function cumsum(x: Tensor, dim: number, options?: DTypeOption): Tensor {
  const from = taken('cumsum', x, options)
  return cumsumOp(from.dtype === 'bool' ? cast(from, 'int32') : from, along('cumsum', x, dim), false)
}
/** Running product along a dimension. */
export function cumprod(x: Tensor, dim: number, options?: DTypeOption): Tensor {
  const from = taken('cumprod', x, options)
  needsFloating('cumprod', from)
  return cumprodOp(from, along('cumprod', x, dim))
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** eˣ/Σeˣ along a dimension. */
    softmax(dim: number, options?: DTypeOption): Tensor
    /** log(softmax(x)) along a dimension. */
    logSoftmax(dim: number, options?: DTypeOption): Tensor
    /** log Σeˣ over dims. */
    logsumexp(dim: Dims, options?: ReduceOptions): Tensor
    /** Running sum along a dimension. */
    cumsum(dim: number, options?: DTypeOption): Tensor
    /** Running product along a dimension. */
    cumprod(dim: number, options?: DTypeOption): Tensor
  }
}

Tensor.prototype.softmax = function (dim, options) {
  return softmax(this, dim, options)
}
Tensor.prototype.logSoftmax = function (dim, options) {
  return logSoftmax(this, dim, options)
}
Tensor.prototype.logsumexp = function (dim, options) {
  return logsumexp(this, dim, options)
}
Tensor.prototype.cumsum = function (dim, options) {
  return cumsum(this, dim, options)
}
Tensor.prototype.cumprod = function (dim, options) {
  return cumprod(this, dim, options)
}
