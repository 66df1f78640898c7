// Sums, means, products and norms over dimensions. https://pytorch.org/docs/stable/torch.html#reduction-ops
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { type DType, dtypeNames, isFloating } from '../core/dtype.js'
import { AutogradError, checkChoice, checkNumber, checkOptions, describe, ValueError } from '../core/errors.js'
import { resolveDims } from '../core/shape.js'
import { eye } from '../tensor/create.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { type Dims, extents, needsFloating, over, type Run, spread, without } from './axis.js'
import { withNumber } from './binary.js'
import { expand, sumDims } from './broadcast.js'
import { cast } from './cast.js'
import { dense } from './pointwise.js'
import './unary.js'
import './view.js'

/** One launch of [x, out] over a run, which is dropped. */
export function reduced(
  kernelId: number,
  x: Tensor,
  run: Run,
  dtype: Tensor['dtype'] = x.dtype,
  floats: readonly number[] = [],
): Tensor {
  const out = emptyTensor(without(x.shape, run), dtype)
  launch(kernelId, x.dtype, [dense(x), out], extents(x.shape, run), floats)
  return out
}

/** One launch of a backward that reads x, perhaps the result y, and dy, and makes dx. */
function reducedBackward(
  kernelId: number,
  saved: readonly Tensor[],
  grad: Tensor,
  run: Run,
  floats: readonly number[] = [],
): Tensor {
  const [x] = saved
  const dx = emptyTensor(x.shape, x.dtype)
  launch(kernelId, x.dtype, [...saved.map(dense), dense(grad), dx], extents(x.shape, run), floats)
  return dx
}

const MEAN = kernel('mean')
const PROD = kernel('prod')
const PROD_BACKWARD = kernel('prodBackward')
const VAR = kernel('var')
const VAR_BACKWARD = kernel('varBackward')
const STD = kernel('std')
const STD_BACKWARD = kernel('stdBackward')
const NORM = kernel('norm')
const NORM_BACKWARD = kernel('normBackward')
const ANY = kernel('any')
const ALL = kernel('all')
const EQUAL = kernel('eq')

const meanOp = defineOp('mean', {
  forward(ctx, x: Tensor, run: Run) {
    ctx.extra = { shape: x.shape, run }
    return reduced(MEAN, x, run)
  },
  backward(ctx, grad) {
    const { shape, run } = ctx.extra
    return expand(spread(grad.div(extents(shape, run)[1]), shape, run), shape)
  },
  derivative: true,
})

const prodOp = defineOp('prod', {
  forward(ctx, x: Tensor, run: Run) {
    ctx.save(x)
    ctx.extra = run
    return reduced(PROD, x, run, isFloating(x.dtype) ? x.dtype : 'int32')
  },
  backward: (ctx, grad) => reducedBackward(PROD_BACKWARD, ctx.saved, grad, ctx.extra),
  /** The product of the others, right with zeros among them: row k of a square of copies of x has 1 in place of its element k. */
  derivative(ctx, grad): Gradient {
    const [x] = ctx.saved
    const [outer, R, inner] = extents(x.shape, ctx.extra)
    const line = x.reshape([outer, R, inner]).permute([0, 2, 1]).reshape([outer, inner, 1, R])
    const one = eye(R, { dtype: x.dtype })
    const others = line.mul(one.mul(-1).add(1)).add(one)
    const slopes = prodOp(others, { from: 3, to: 4 }).permute([0, 2, 1]).reshape(x.shape)
    return spread(grad, x.shape, ctx.extra).mul(slopes)
  },
})

/** 1 where x is 0, else 0: added to a divisor whose dividend is 0 there as well. */
function zeros(x: Tensor): Tensor {
  return cast(withNumber(EQUAL, x, 0, 0, 'bool'), x.dtype)
}

/** x - mean, in recorded operations. */
function centred(x: Tensor, run: Run): Tensor {
  return x.sub(spread(meanOp(x, run), x.shape, run))
}

const varOp = defineOp('var', {
  forward(ctx, x: Tensor, run: Run, correction: number) {
    ctx.save(x)
    ctx.extra = { run, correction }
    return reduced(VAR, x, run, x.dtype, [correction])
  },
  backward: (ctx, grad) => reducedBackward(VAR_BACKWARD, ctx.saved, grad, ctx.extra.run, [ctx.extra.correction]),
  derivative(ctx, grad) {
    const [x] = ctx.saved
    const { run, correction } = ctx.extra
    const n = extents(x.shape, run)[1] - correction
    return spread(grad, x.shape, run)
      .mul(centred(x, run))
      .mul(2 / n)
  },
})

const stdOp = defineOp('std', {
  forward(ctx, x: Tensor, run: Run, correction: number) {
    const out = reduced(STD, x, run, x.dtype, [correction])
    ctx.save(x, out)
    ctx.extra = { run, correction }
    return out
  },
  backward: (ctx, grad) => reducedBackward(STD_BACKWARD, ctx.saved, grad, ctx.extra.run, [ctx.extra.correction]),
  derivative(ctx, grad) {
    const [x, out] = ctx.saved
    const { run, correction } = ctx.extra
    const n = extents(x.shape, run)[1] - correction
    return spread(grad.div(out.add(zeros(out))), x.shape, run)
      .mul(centred(x, run))
      .div(n)
  },
})

const normOp = defineOp('norm', {
  forward(ctx, x: Tensor, run: Run, p: number) {
    const out = reduced(NORM, x, run, x.dtype, [p])
    ctx.save(x, out)
    ctx.extra = { run, p }
    return out
  },
  backward: (ctx, grad) => reducedBackward(NORM_BACKWARD, ctx.saved, grad, ctx.extra.run, [ctx.extra.p]),
  derivative(ctx, grad): Gradient {
    const [x, out] = ctx.saved
    const { run, p } = ctx.extra
    const over = (t: Tensor) => spread(t, x.shape, run)
    if (p === 0) return x.mul(0)
    if (p === 1) return over(grad).mul(x.sign())
    const divisor = out.add(zeros(out))
    if (p === 2) return over(grad.div(divisor)).mul(x)
    if (!Number.isFinite(p)) throw new AutogradError(`the norm with p = ${p} has no second derivative`, { op: 'norm' })
    const ratio = x.abs().add(zeros(x)).log().sub(over(divisor.log()))
    return over(grad)
      .mul(x.sign())
      .mul(ratio.mul(p - 1).exp())
  },
})

export interface DTypeOption {
  /** Computed, and given, in this dtype. Default: that of the tensor. */
  dtype?: DType
}

/** x in the dtype that the options ask for. */
export function asked(op: string, x: Tensor, options: DTypeOption | undefined): Tensor {
  checkTensor(op, x)
  return options?.dtype === undefined ? x : cast(x, checkChoice(op, 'dtype', options.dtype, dtypeNames))
}

export interface ReduceOptions {
  /** Keep the reduced dimensions, with size 1. Default: false. */
  keepdim?: boolean
}

export function keepdimOf(op: string, options: ReduceOptions | undefined, ...others: string[]): boolean {
  checkOptions(op, options, ['keepdim', ...others])
  return options?.keepdim ?? false
}

/** Sum over all dimensions, or some. Integers and bools give int32. @throws ValueError if that does not hold the sum */
export function sum(x: Tensor, dim?: Dims, options?: ReduceOptions & DTypeOption): Tensor {
  const keepdim = keepdimOf('sum', options, 'dtype')
  const given = asked('sum', x, options)
  const from = given.dtype === 'bool' ? cast(given, 'int32') : given
  const dims = resolveDims('sum', dim, x.shape.length)
  return dims.length === 0 ? from.clone() : sumDims(from, dims, keepdim)
}

/** Mean over all dimensions, or some; nan where there is no element. */
export function mean(x: Tensor, dim?: Dims, options?: ReduceOptions & DTypeOption): Tensor {
  const keepdim = keepdimOf('mean', options, 'dtype')
  const from = asked('mean', x, options)
  needsFloating('mean', from)
  return over('mean', from, dim, keepdim, meanOp)
}

/** Product over all dimensions, or some. Integers and bools give int32. @throws ValueError if that does not hold the product */
export function prod(x: Tensor, dim?: Dims, options?: ReduceOptions & DTypeOption): Tensor {
  const keepdim = keepdimOf('prod', options, 'dtype')
  return over('prod', asked('prod', x, options), dim, keepdim, prodOp)
}

export interface VarianceOptions extends ReduceOptions {
  /** The sum of squares is divided by n - correction. Default: 1. */
  correction?: number
}

function variance(op: 'var' | 'std', x: Tensor, dim: Dims | undefined, options: VarianceOptions | undefined): Tensor {
  checkTensor(op, x)
  checkOptions(op, options, ['keepdim', 'correction'])
  needsFloating(op, x)
  const correction = checkNumber(op, 'correction', options?.correction ?? 1)
  const reduce = op === 'var' ? varOp : stdOp
  return over(op, x, dim, options?.keepdim ?? false, (y, run) => reduce(y, run, correction))
}

/** Variance Σ(x - mean)²/(n - correction) over all dimensions, or some; exported as `var`. */
export function varOf(x: Tensor, dim?: Dims, options?: VarianceOptions): Tensor {
  return variance('var', x, dim, options)
}

/** Standard deviation: the root of the variance. */
export function std(x: Tensor, dim?: Dims, options?: VarianceOptions): Tensor {
  return variance('std', x, dim, options)
}

/** (Σ|x|^p)^(1/p) over all dimensions, or some: p = 1, 2, any other, Infinity (largest |x|), -Infinity, 0 (how many are not 0). Default: 2. */
export function norm(x: Tensor, p: number = 2, dim?: Dims, options?: ReduceOptions): Tensor {
  checkTensor('norm', x)
  needsFloating('norm', x)
  if (typeof p !== 'number') throw new TypeError(`norm: p must be a number, got ${describe(p)}`)
  if (Number.isNaN(p)) throw new ValueError('p must be a number, not nan', { op: 'norm' })
  return over('norm', x, dim, keepdimOf('norm', options), (y, run) => normOp(y, run, p))
}

/** Whether any element is not 0, over all dimensions or some. */
export function any(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkTensor('any', x)
  return over('any', x.detach(), dim, keepdimOf('any', options), (y, run) => reduced(ANY, y, run, 'bool'))
}

/** Whether no element is 0, over all dimensions or some. */
export function all(x: Tensor, dim?: Dims, options?: ReduceOptions): Tensor {
  checkTensor('all', x)
  return over('all', x.detach(), dim, keepdimOf('all', options), (y, run) => reduced(ALL, y, run, 'bool'))
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** Sum over dims; see `sum`. */
    sum(dim?: Dims, options?: ReduceOptions & DTypeOption): Tensor
    /** Mean over dims; see `mean`. */
    mean(dim?: Dims, options?: ReduceOptions & DTypeOption): Tensor
    /** Product over dims; see `prod`. */
    prod(dim?: Dims, options?: ReduceOptions & DTypeOption): Tensor
    /** Variance over dims; correction 1 by default. */
    var(dim?: Dims, options?: VarianceOptions): Tensor
    /** Standard deviation over dims; correction 1 by default. */
    std(dim?: Dims, options?: VarianceOptions): Tensor
    /** p-norm over dims; see `norm`. */
    norm(p?: number, dim?: Dims, options?: ReduceOptions): Tensor
    /** Whether any element is not 0. */
    any(dim?: Dims, options?: ReduceOptions): Tensor
    /** Whether no element is 0. */
    all(dim?: Dims, options?: ReduceOptions): Tensor
  }
}

Object.assign(Tensor.prototype, {
  sum(this: Tensor, dim?: Dims, options?: ReduceOptions) {
    return sum(this, dim, options)
  },
  mean(this: Tensor, dim?: Dims, options?: ReduceOptions) {
    return mean(this, dim, options)
  },
  prod(this: Tensor, dim?: Dims, options?: ReduceOptions) {
    return prod(this, dim, options)
  },
  var(this: Tensor, dim?: Dims, options?: VarianceOptions) {
    return variance('var', this, dim, options)
  },
  std(this: Tensor, dim?: Dims, options?: VarianceOptions) {
    return std(this, dim, options)
  },
  norm(this: Tensor, p?: number, dim?: Dims, options?: ReduceOptions) {
    return norm(this, p, dim, options)
  },
  any(this: Tensor, dim?: Dims, options?: ReduceOptions) {
    return any(this, dim, options)
  },
  all(this: Tensor, dim?: Dims, options?: ReduceOptions) {
    return all(this, dim, options)
  },
})
