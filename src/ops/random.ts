// Random numbers in place, and dropout. A tensor that is not contiguous is filled in the order of its memory, as in PyTorch.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import { copyElements, inPlace } from '../autograd/inplace.js'
import { kernel, launch } from '../core/dispatch.js'
import { isFloating } from '../core/dtype.js'
import { checkInteger, checkNumber, DTypeError, ValueError } from '../core/errors.js'
import { type Generator, onlyGenerator } from '../tensor/generator.js'
import { fillAnyInteger, fillIntegers, fillNormal, fillUniform } from '../tensor/random.js'
import { emptyTensor, Tensor, viewOf } from '../tensor/tensor.js'
import { overwritten } from './cast.js'
import { dense, floating } from './pointwise.js'

const BERNOULLI = kernel('bernoulli')
const EXPONENTIAL = kernel('exponential')
const DROPOUT = kernel('dropout')

interface Drawing {
  generator?: Generator | null
}

/** x with its dimensions in the order of its memory: the view whose row-major order that is. */
function inMemoryOrder(x: Tensor): Tensor {
  const dims = x.shape.map((_, d) => d).sort((a, b) => x.strides[b] - x.strides[a])
  return viewOf(
    x,
    dims.map(d => x.shape[d]),
    dims.map(d => x.strides[d]),
    0,
  )
}

/** Draws into x's memory; nothing is recorded, the old values have no part in the new. */
function drawInto(op: string, x: Tensor, fill: (out: Tensor) => void): Tensor {
  const write = () => {
    if (x.customStrides === null) return fill(x)
    const ordered = inMemoryOrder(x)
    const out = ordered.customStrides === null ? ordered : emptyTensor(ordered.shape, x.dtype)
    fill(out)
    if (out !== ordered) copyElements(out, ordered)
  }
  return inPlace(op, x, [], write, old => overwritten(old, fill))
}

function needsFloating(op: string, x: Tensor): void {
  if (!isFloating(x.dtype)) throw new DTypeError(`draws floating numbers, this tensor is ${x.dtype}`, { op })
}

/** x times 1/(1-p), or 0 with probability p; the mask is drawn anew in every call. */
const dropoutOp = defineOp('dropout', {
  forward(ctx, x: Tensor, p: number, generator: Generator) {
    const out = emptyTensor(x.shape, x.dtype)
    const noise = emptyTensor(x.shape, x.dtype)
    launch(DROPOUT, x.dtype, [generator.state, dense(x), out, noise], [x.count], [p])
    ctx.save(noise)
    ctx.owns(noise)
    return out
  },
  backward: (ctx, grad) => grad.mul(ctx.saved[0]),
  derivative: true,
})

/** @internal Dropout of a given stream; p in [0, 1]. PyTorch draws nothing for 0 and for 1. */
export function dropoutFrom(x: Tensor, p: number, generator: Generator): Tensor {
  checkTensor('dropout', x)
  checkNumber('dropout', 'p', p, 0, 1)
  if (p === 0 || x.count === 0) return x
  if (p === 1) return x.mul(0)
  return dropoutOp(floating('dropout', x), p, generator)
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** Fills with uniform numbers in [low, high). Defaults: 0, 1. */
    uniform_(low?: number, high?: number, options?: { generator?: Generator | null }): this
    /** Fills with normal numbers. Defaults: mean 0, std 1. */
    normal_(mean?: number, std?: number, options?: { generator?: Generator | null }): this
    /** Fills with 1 at probability p, else 0. Default: 0.5. */
    bernoulli_(p?: number, options?: { generator?: Generator | null }): this
    /** Fills with numbers of density lambd·e^(-lambd·x). Default: 1. */
    exponential_(lambd?: number, options?: { generator?: Generator | null }): this
    /**
     * Fills with whole numbers: in [low, high), in [0, high), or, with no bounds, from 0 to the last one that the dtype holds
     * exactly with all before it.
     */
    random_(low: number, high: number, options?: { generator?: Generator | null }): this
    random_(high: number, options?: { generator?: Generator | null }): this
    random_(options?: { generator?: Generator | null }): this
  }
}

Tensor.prototype.uniform_ = function (low = 0, high = 1, options?: Drawing) {
  const op = 'uniform_'
  needsFloating(op, this)
  if (checkNumber(op, 'low', low) > checkNumber(op, 'high', high))
    throw new ValueError(`low must not be above high, got ${low} and ${high}`, { op })
  const generator = onlyGenerator(op, options)
  return drawInto(op, this, out => fillUniform(out, low, high, generator)) as typeof this
}
Tensor.prototype.normal_ = function (mean = 0, std = 1, options?: Drawing) {
  const op = 'normal_'
  needsFloating(op, this)
  checkNumber(op, 'mean', mean)
  checkNumber(op, 'std', std, 0)
  const generator = onlyGenerator(op, options)
  const gaps = this.customStrides !== null
  return drawInto(op, this, out => fillNormal(out, mean, std, generator, gaps)) as typeof this
}
Tensor.prototype.bernoulli_ = function (p = 0.5, options?: Drawing) {
  const op = 'bernoulli_'
  checkNumber(op, 'p', p, 0, 1)
  const generator = onlyGenerator(op, options)
  return drawInto(op, this, out =>
    launch(BERNOULLI, out.dtype, [generator.state, out], [out.count], [p, 1]),
  ) as typeof this
}
Tensor.prototype.exponential_ = function (lambd = 1, options?: Drawing) {
  const op = 'exponential_'
  needsFloating(op, this)
  if (checkNumber(op, 'lambd', lambd) <= 0) throw new ValueError(`lambd must be above 0, got ${lambd}`, { op })
  const generator = onlyGenerator(op, options)
  return drawInto(op, this, out =>
    launch(EXPONENTIAL, out.dtype, [generator.state, out], [out.count], [lambd]),
  ) as typeof this
}
Tensor.prototype.random_ = function (this: Tensor, ...args: unknown[]) {
  const op = 'random_'
  const bounds = args.filter(a => typeof a === 'number')
  const generator = onlyGenerator(op, args[bounds.length] as Drawing | undefined)
  if (bounds.length === 0) return drawInto(op, this, out => fillAnyInteger(out, generator)) as typeof this
  const [low, high] = bounds.length === 1 ? [0, bounds[0]] : bounds
  checkInteger(op, 'low', low, -Number.MAX_SAFE_INTEGER)
  checkInteger(op, 'high', high, -Number.MAX_SAFE_INTEGER)
  return drawInto(op, this, out => fillIntegers(op, out, low, high, generator)) as typeof this
}
