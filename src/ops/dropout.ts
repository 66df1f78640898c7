// Dropout and its kin: elements, or whole channels, set to 0 or to a constant at random. Draws are those of ATen/native/Dropout.cpp.
import { checkTensor } from '../autograd/defineOp.js'
import { copyElements, inPlace } from '../autograd/inplace.js'
import { noGrad } from '../autograd/mode.js'
import { isFloating } from '../core/dtype.js'
import { checkNumber, checkOptions, DTypeError, describe, formatShape, ShapeError } from '../core/errors.js'
import { filled } from '../tensor/create.js'
import { defaultGenerator } from '../tensor/generator.js'
import type { Tensor } from '../tensor/tensor.js'
import { add, mul } from './arithmetic.js'
import { dropoutFrom } from './random.js'

export interface DropoutOptions {
  /** Probability of 0. Default: 0.5. */
  p?: number
  /** False: the identity. Default: true; for the functions of alpha dropout, false. */
  training?: boolean
  /** Write the result into the memory of the input. Default: false. */
  inplace?: boolean
}

/** [N, C, 1, …]: one element per channel. */
function channelsOf(op: string, x: Tensor): number[] {
  if (x.shape.length < 2) {
    throw new ShapeError(`input ${formatShape(x.shape)} must have a dimension of channels: [N, C, *]`, {
      op,
      shapes: [x.shape],
    })
  }
  return x.shape.map((n, d) => (d < 2 ? n : 1))
}

/** Checks a call, and runs it in training. */
function dropping(
  op: string,
  x: Tensor,
  options: DropoutOptions | undefined,
  run: (x: Tensor, p: number) => Tensor,
  trains = true,
): Tensor {
  checkTensor(op, x)
  checkOptions(op, options, ['p', 'training', 'inplace'])
  const { training = trains, inplace = false } = options ?? {}
  for (const [what, flag] of Object.entries({ training, inplace })) {
    if (typeof flag !== 'boolean') throw new TypeError(`${op}: ${what} must be a boolean, got ${describe(flag)}`)
  }
  const p = checkNumber(op, 'p', options?.p ?? 0.5, 0, 1)
  if (!training || p === 0 || x.count === 0) return x
  if (!inplace) return run(x, p)
  if (!isFloating(x.dtype)) throw new DTypeError(`works in place on floating tensors, this one is ${x.dtype}`, { op })
  return inPlace(
    `${op}_`,
    x,
    [],
    () =>
      copyElements(
        noGrad(() => run(x, p)),
        x,
      ),
    old => run(old, p),
  )
}

/** x times noise that is 0 or 1/(1-p) per channel. */
function dropChannels(op: string, x: Tensor, p: number): Tensor {
  const dtype = isFloating(x.dtype) ? x.dtype : 'float32'
  return mul(x, dropoutFrom(filled(channelsOf(op, x), dtype, 1), p, defaultGenerator))
}

/** Klambauer et al. 2017, arXiv:1706.02515: dropped elements become -α', and a, b bring mean and variance back. */
function dropAlpha(x: Tensor, p: number, shape: readonly number[]): Tensor {
  if (p === 1) return mul(x, 0)
  const alpha = 1.7580993408473766
  const a = 1 / Math.sqrt((alpha * alpha * p + 1) * (1 - p))
  const noise = filled(shape, isFloating(x.dtype) ? x.dtype : 'float32', 0).bernoulli_(1 - p)
  const b = noise
    .sub(1)
    .mul_(alpha * a)
    .add_(alpha * a * p)
  return add(mul(x, noise.mul_(a)), b)
}

/**
 * Sets each element to 0 with probability p and multiplies the others by 1/(1-p). Hinton et al. 2012, arXiv:1207.0580
 * @throws ValueError if p is outside [0, 1]
 */
export function dropout(x: Tensor, options?: DropoutOptions): Tensor {
  return dropping('dropout', x, options, (v, p) => dropoutFrom(v, p, defaultGenerator))
}

/** Channel dropout of a function's own rank: [C, *] is a batch of one. */
function channelDropout(op: string, unbatched: number) {
  return (x: Tensor, options?: DropoutOptions): Tensor =>
    dropping(op, x, options, (v, p) => {
      const n = v.shape.length
      if (n !== unbatched && n !== unbatched + 1) {
        const message = `input ${formatShape(v.shape)} must have ${unbatched + 1} dimensions, or ${unbatched} without a batch`
        throw new ShapeError(message, { op, shapes: [v.shape] })
      }
      return n === unbatched ? dropChannels(op, v.unsqueeze(0), p).squeeze(0) : dropChannels(op, v, p)
    })
}

/** Sets whole channels to 0, the others times 1/(1-p). Shapes: [N, C, L] or [C, L]. */
export const dropout1d = channelDropout('dropout1d', 2)
/** Sets whole channels to 0, the others times 1/(1-p). Shapes: [N, C, H, W]; as in PyTorch, 3 dimensions are [N, C, L]. */
export function dropout2d(x: Tensor, options?: DropoutOptions): Tensor {
  return dropping('dropout2d', x, options, (v, p) => dropChannels('dropout2d', v, p))
}
/** Sets whole channels to 0, the others times 1/(1-p). Shapes: [N, C, D, H, W] or [C, D, H, W]. */
export const dropout3d = channelDropout('dropout3d', 4)

/** Dropout that keeps mean and variance behind SELU. Default of `training`: false. */
export function alphaDropout(x: Tensor, options?: DropoutOptions): Tensor {
  return dropping('alphaDropout', x, options, (v, p) => dropAlpha(v, p, v.shape), false)
}
/** The same of whole channels. Shapes: [N, C, *]. Default of `training`: false. */
export function featureAlphaDropout(x: Tensor, options?: DropoutOptions): Tensor {
  const op = 'featureAlphaDropout'
  return dropping(op, x, options, (v, p) => dropAlpha(v, p, channelsOf(op, v)), false)
}
