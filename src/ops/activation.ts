// Activations. Formulas are PyTorch's: https://pytorch.org/docs/stable/nn.functional.html#non-linear-activation-functions
import { checkTensor } from '../autograd/defineOp.js'
import { kernel, launch } from '../core/dispatch.js'
import { isFloating } from '../core/dtype.js'
import { checkChoice, checkNumber, checkOptions, DTypeError, describe, ValueError } from '../core/errors.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { sub } from './arithmetic.js'
import { dense, floating, type PointwiseOp, pieces, pointwise } from './pointwise.js'
import { exp, sigmoid, tanh } from './unary.js'

const none: readonly number[] = []

export interface InPlace {
  /** Write the result into the memory of the input. Default: false. */
  inplace?: boolean
}

/** Options of an activation that are numbers, in the order of `defaults`. */
function constants(
  op: string,
  options: object | undefined,
  defaults: Record<string, number>,
  inplace = false,
): number[] {
  const keys = Object.keys(defaults)
  checkOptions(op, options, inplace ? [...keys, 'inplace'] : keys)
  return keys.map(key => checkNumber(op, key, (options as Record<string, unknown> | undefined)?.[key] ?? defaults[key]))
}

/** Applies an activation, in place where the options say so. */
function activate(name: string, op: PointwiseOp, x: Tensor, numbers: readonly number[], options?: InPlace): Tensor {
  const inplace = options?.inplace ?? false
  if (inplace === false) return op(floating(name, x), numbers)
  if (inplace !== true) throw new TypeError(`${name}: inplace must be a boolean, got ${describe(inplace)}`)
  checkTensor(name, x)
  if (!isFloating(x.dtype))
    throw new DTypeError(`works in place on floating tensors, this one is ${x.dtype}`, { op: `${name}_` })
  return op.inPlace(x, numbers)
}

/** The same for activations without numbers. */
function plain(name: string, op: PointwiseOp, numbers: readonly number[] = none) {
  return (x: Tensor, options?: InPlace): Tensor => {
    if (options !== undefined) checkOptions(name, options, ['inplace'])
    return activate(name, op, x, numbers, options)
  }
}

const reluOp = pointwise({ name: 'relu', saved: 'y', derivative: pieces('relu') })
const floatingRelu = plain('relu', reluOp)
/** max(x, 0); nan stays nan, integers stay integers. */
export function relu(x: Tensor, options?: InPlace): Tensor {
  if (!(x instanceof Tensor) || x.dtype !== 'int32') return floatingRelu(x, options)
  if (options !== undefined) checkOptions('relu', options, ['inplace'])
  return options?.inplace === true ? x.clampMin_(0) : x.clampMin(0)
}

const leakyReluOp = pointwise({ name: 'leakyRelu', saved: 'x', derivative: pieces('leakyRelu') })
/** x right of 0, negativeSlope·x left of it. Default slope: 0.01. */
export function leakyRelu(x: Tensor, options?: { negativeSlope?: number } & InPlace): Tensor {
  return activate('leakyRelu', leakyReluOp, x, constants('leakyRelu', options, { negativeSlope: 0.01 }, true), options)
}

/** min(x, 0), in recorded operations. */
const negativePart = (x: Tensor): Tensor => relu(x.neg()).neg()
/** 1 where x > 0, else 0; no gradient. */
function positive(x: Tensor): Tensor {
  const ones = emptyTensor(x.shape, x.dtype)
  launch(kernel('fill'), x.dtype, [ones], [ones.count], [1])
  launch(kernel('reluBackward'), x.dtype, [dense(x), ones, ones], [x.count])
  return ones
}

const eluOp = pointwise({
  name: 'elu',
  saved: 'x',
  derivative(x, grad, [alpha, scale, inputScale]) {
    const right = positive(x)
    const left = sub(1, right)
      .mul(exp(negativePart(x).mul(inputScale)))
      .mul(alpha * scale * inputScale)
    return grad.mul(right.mul(scale).add(left))
  },
})
/** x right of 0, alpha·(eˣ - 1) left of it. Default alpha: 1. Clevert et al. 2015, arXiv:1511.07289 */
export function elu(x: Tensor, options?: { alpha?: number } & InPlace): Tensor {
  const [alpha] = constants('elu', options, { alpha: 1 }, true)
  return activate('elu', eluOp, x, [alpha, 1, 1], options)
}
/** x right of 0, alpha·(e^(x/alpha) - 1) left of it. Default alpha: 1. Barron 2017, arXiv:1704.07483 */
export function celu(x: Tensor, options?: { alpha?: number } & InPlace): Tensor {
  const [alpha] = constants('celu', options, { alpha: 1 }, true)
  if (alpha === 0) throw new ValueError('alpha must not be 0', { op: 'celu' })
  return activate('celu', eluOp, x, [alpha, 1, 1 / alpha], options)
}
/** scale·elu(x, alpha) with the constants that keep mean and variance. Klambauer et al. 2017, arXiv:1706.02515 */
export const selu = plain('selu', eluOp, [1.6732632423543772, 1.0507009873554805, 1])

const geluOp = pointwise({
  name: 'gelu',
  saved: 'x',
  derivative(x, grad) {
    const cdf = x.mul(Math.SQRT1_2).erf().add(1).mul(0.5)
    const density = exp(x.mul(x).mul(-0.5)).mul(1 / Math.sqrt(2 * Math.PI))
    return grad.mul(cdf.add(x.mul(density)))
  },
})
const geluTanhOp = pointwise({
  name: 'gelu',
  kernel: 'geluTanh',
  saved: 'x',
  derivative(x, grad) {
    const k = Math.sqrt(2 / Math.PI)
    const square = x.mul(x)
    const t = tanh(x.mul(square.mul(0.044715).add(1)).mul(k))
    const inner = square
      .mul(3 * 0.044715)
      .add(1)
      .mul(k)
    return grad.mul(
      t
        .add(1)
        .mul(0.5)
        .add(
          x
            .mul(0.5)
            .mul(sub(1, t.mul(t)))
            .mul(inner),
        ),
    )
  },
})
/** x·Φ(x), Φ the normal distribution function; `approximate: 'tanh'` its approximation. Hendrycks & Gimpel 2016, arXiv:1606.08415 */
export function gelu(x: Tensor, options?: { approximate?: 'none' | 'tanh' }): Tensor {
  checkOptions('gelu', options, ['approximate'])
  const kind = checkChoice('gelu', 'approximate', options?.approximate ?? 'none', ['none', 'tanh'] as const)
  return (kind === 'none' ? geluOp : geluTanhOp)(floating('gelu', x), none)
}

const siluOp = pointwise({
  name: 'silu',
  saved: 'x',
  derivative(x, grad) {
    const s = sigmoid(x)
    return grad.mul(s.mul(x.mul(sub(1, s)).add(1)))
  },
})
/** x·sigmoid(x), also called swish. */
export const silu = plain('silu', siluOp)

const mishOp = pointwise({
  name: 'mish',
  saved: 'x',
  derivative(x, grad) {
    const t = tanh(softplus(x))
    return grad.mul(t.add(x.mul(sigmoid(x)).mul(sub(1, t.mul(t)))))
  },
})
/** x·tanh(softplus(x)). Misra 2019, arXiv:1908.08681 */
export const mish = plain('mish', mishOp)

const softplusOp = pointwise({
  name: 'softplus',
  saved: 'x',
  derivative(x, grad, [beta, threshold]) {
    const straight = positive(x.detach().mul(beta).sub(threshold))
    return grad.mul(straight.add(sub(1, straight).mul(sigmoid(x.mul(beta)))))
  },
})
/** log(1 + e^(beta·x))/beta, x itself where beta·x > threshold. Defaults: beta 1, threshold 20. */
export function softplus(x: Tensor, options?: { beta?: number; threshold?: number }): Tensor {
  return softplusOp(floating('softplus', x), constants('softplus', options, { beta: 1, threshold: 20 }))
}

const softsignOp = pointwise({
  name: 'softsign',
  saved: 'x',
  derivative(x, grad) {
    const d = x.abs().add(1)
    return grad.div(d.mul(d))
  },
})
/** x/(1 + |x|) */
export const softsign = (x: Tensor): Tensor => softsignOp(floating('softsign', x), none)

const logSigmoidOp = pointwise({
  name: 'logSigmoid',
  saved: 'x',
  derivative: (x, grad) => grad.mul(sigmoid(x.neg())),
})
/** log(sigmoid(x)), without overflow */
export const logSigmoid = (x: Tensor): Tensor => logSigmoidOp(floating('logSigmoid', x), none)

const tanhshrinkOp = pointwise({
  name: 'tanhshrink',
  saved: 'x',
  derivative(x, grad) {
    const t = tanh(x)
    return grad.mul(t.mul(t))
  },
})
/** x - tanh(x) */
export const tanhshrink = (x: Tensor): Tensor => tanhshrinkOp(floating('tanhshrink', x), none)

const hardtanhOp = pointwise({ name: 'hardtanh', saved: 'x', derivative: pieces('hardtanh') })
/** x limited to [minVal, maxVal]. Defaults: -1, 1. */
export function hardtanh(x: Tensor, options?: { minVal?: number; maxVal?: number } & InPlace): Tensor {
  const limits = constants('hardtanh', options, { minVal: -1, maxVal: 1 }, true)
  if (limits[0] > limits[1]) {
    throw new ValueError(`minVal must not be above maxVal, got ${limits.join(' and ')}`, { op: 'hardtanh' })
  }
  return activate('hardtanh', hardtanhOp, x, limits, options)
}
/** x limited to [0, 6]. */
export const relu6 = plain('relu6', hardtanhOp, [0, 6])

const hardsigmoidOp = pointwise({ name: 'hardsigmoid', saved: 'x', derivative: pieces('hardsigmoid') })
/** relu6(x + 3)/6 */
export const hardsigmoid = plain('hardsigmoid', hardsigmoidOp)

const hardswishOp = pointwise({
  name: 'hardswish',
  saved: 'x',
  derivative(x, grad) {
    // x/3 + 1/2 within (-3, 3), 0 left and 1 right of it
    const right = positive(x.detach().sub(3))
    const within = positive(x.detach().add(3)).sub(right)
    return grad.mul(within.mul(x.div(3).add(0.5)).add(right))
  },
})
/** x·relu6(x + 3)/6. Howard et al. 2019, arXiv:1905.02244 */
export const hardswish = plain('hardswish', hardswishOp)

const hardshrinkOp = pointwise({ name: 'hardshrink', saved: 'x', derivative: pieces('hardshrink') })
/** x outside [-lambd, lambd], else 0. Default: 0.5. */
export function hardshrink(x: Tensor, options?: { lambd?: number }): Tensor {
  return hardshrinkOp(floating('hardshrink', x), constants('hardshrink', options, { lambd: 0.5 }))
}

const softshrinkOp = pointwise({ name: 'softshrink', saved: 'x', derivative: pieces('softshrink') })
/** x moved towards 0 by lambd, 0 within it. Default: 0.5. @throws ValueError if lambd < 0 */
export function softshrink(x: Tensor, options?: { lambd?: number }): Tensor {
  const [lambd] = constants('softshrink', options, { lambd: 0.5 })
  return softshrinkOp(floating('softshrink', x), [checkNumber('softshrink', 'lambd', lambd, 0)])
}

const thresholdOp = pointwise({ name: 'threshold', saved: 'x', derivative: pieces('threshold') })
/** x above the threshold, else value. */
export function threshold(x: Tensor, limit: number, value: number, options?: InPlace): Tensor {
  const at = [checkNumber('threshold', 'threshold', limit), checkNumber('threshold', 'value', value)]
  if (options !== undefined) checkOptions('threshold', options, ['inplace'])
  return activate('threshold', thresholdOp, x, at, options)
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** max(x, 0); see `relu`. */
    relu(): Tensor
    relu_(): this
  }
}

Tensor.prototype.relu = function () {
  return relu(this)
}
Tensor.prototype.relu_ = function () {
  return relu(this, { inplace: true }) as typeof this
}
