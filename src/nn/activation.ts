// Activations as modules. Each calls the function of the same name in ops/activation.ts, which holds formula and source.
import { checkChoice, checkNumber, checkOptions } from '../core/errors.js'
import * as ops from '../ops/activation.js'
import { glu, prelu } from '../ops/gated.js'
import { sigmoid, tanh } from '../ops/unary.js'
import { filled } from '../tensor/create.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'

/** Options that are numbers, with their defaults. */
function numbers<T extends Record<string, number>>(op: string, options: Partial<T> | undefined, defaults: T): T {
  checkOptions(op, options, Object.keys(defaults))
  const all = { ...defaults, ...options }
  for (const key of Object.keys(defaults)) checkNumber(op, key, all[key])
  return all
}

/** 1 as 1.0, the way Python prints a float. */
function python(x: number): string {
  return Number.isInteger(x) ? `${x}.0` : String(x)
}

/** 1/(1 + e⁻ˣ), element by element. */
export class Sigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return sigmoid(x)
  }
}

/** hyperbolic tangent, element by element. */
export class Tanh extends Module {
  override forward(x: Tensor): Tensor {
    return tanh(x)
  }
}

/** max(x, 0), element by element. */
export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    return ops.relu(x)
  }
}

/** x limited to [0, 6], element by element. */
export class ReLU6 extends Module {
  override forward(x: Tensor): Tensor {
    return ops.relu6(x)
  }
}

/** x right of 0, negativeSlope·x left of it, element by element. Defaults: negativeSlope 0.01. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number

  constructor(options?: { negativeSlope?: number }) {
    super()
    const all = numbers('LeakyReLU', options, { negativeSlope: 0.01 })
    this.negativeSlope = all.negativeSlope
  }

  override forward(x: Tensor): Tensor {
    return ops.leakyRelu(x, { negativeSlope: this.negativeSlope })
  }

  override extraRepr(): string {
    return `negative_slope=${python(this.negativeSlope)}`
  }
}

/** x right of 0, alpha·(eˣ - 1) left of it, element by element. Defaults: alpha 1. */
export class ELU extends Module {
  readonly alpha: number

  constructor(options?: { alpha?: number }) {
    super()
    const all = numbers('ELU', options, { alpha: 1 })
    this.alpha = all.alpha
  }

  override forward(x: Tensor): Tensor {
    return ops.elu(x, { alpha: this.alpha })
  }

  override extraRepr(): string {
    return `alpha=${python(this.alpha)}`
  }
}

/** scale·elu(x, alpha) with constants that keep mean and variance, element by element. */
export class SELU extends Module {
  override forward(x: Tensor): Tensor {
    return ops.selu(x)
  }
}

/** x right of 0, alpha·(e^(x/alpha) - 1) left of it, element by element. Defaults: alpha 1. */
export class CELU extends Module {
  readonly alpha: number

  constructor(options?: { alpha?: number }) {
    super()
    const all = numbers('CELU', options, { alpha: 1 })
    this.alpha = all.alpha
  }

  override forward(x: Tensor): Tensor {
    return ops.celu(x, { alpha: this.alpha })
  }

  override extraRepr(): string {
    return `alpha=${python(this.alpha)}`
  }
}

/** x·sigmoid(x), element by element. */
export class SiLU extends Module {
  override forward(x: Tensor): Tensor {
    return ops.silu(x)
  }
}

/** x·tanh(softplus(x)), element by element. */
export class Mish extends Module {
  override forward(x: Tensor): Tensor {
    return ops.mish(x)
  }
}

/** log(1 + e^(beta·x))/beta, element by element. Defaults: beta 1, threshold 20. */
export class Softplus extends Module {
  readonly beta: number
  readonly threshold: number

  constructor(options?: { beta?: number; threshold?: number }) {
    super()
    const all = numbers('Softplus', options, { beta: 1, threshold: 20 })
    this.beta = all.beta
    this.threshold = all.threshold
  }

  override forward(x: Tensor): Tensor {
    return ops.softplus(x, { beta: this.beta, threshold: this.threshold })
  }

  override extraRepr(): string {
    return `beta=${python(this.beta)}, threshold=${python(this.threshold)}`
  }
}

/** x/(1 + |x|), element by element. */
export class Softsign extends Module {
  override forward(x: Tensor): Tensor {
    return ops.softsign(x)
  }
}

/** log(sigmoid(x)), element by element. */
export class LogSigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return ops.logSigmoid(x)
  }
}

/** x - tanh(x), element by element. */
export class Tanhshrink extends Module {
  override forward(x: Tensor): Tensor {
    return ops.tanhshrink(x)
  }
}

/** x limited to [minVal, maxVal], element by element. Defaults: minVal -1, maxVal 1. */
export class Hardtanh extends Module {
  readonly minVal: number
  readonly maxVal: number

  constructor(options?: { minVal?: number; maxVal?: number }) {
    super()
    const all = numbers('Hardtanh', options, { minVal: -1, maxVal: 1 })
    this.minVal = all.minVal
    this.maxVal = all.maxVal
  }

  override forward(x: Tensor): Tensor {
    return ops.hardtanh(x, { minVal: this.minVal, maxVal: this.maxVal })
  }

  override extraRepr(): string {
    return `min_val=${python(this.minVal)}, max_val=${python(this.maxVal)}`
  }
}

/** relu6(x + 3)/6, element by element. */
export class Hardsigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return ops.hardsigmoid(x)
  }
}

/** x·relu6(x + 3)/6, element by element. */
export class Hardswish extends Module {
  override forward(x: Tensor): Tensor {
    return ops.hardswish(x)
  }
}

/** x outside [-lambd, lambd], else 0, element by element. Defaults: lambd 0.5. */
export class Hardshrink extends Module {
  readonly lambd: number

  constructor(options?: { lambd?: number }) {
    super()
    const all = numbers('Hardshrink', options, { lambd: 0.5 })
    this.lambd = all.lambd
  }

  override forward(x: Tensor): Tensor {
    return ops.hardshrink(x, { lambd: this.lambd })
  }

  override extraRepr(): string {
    return `${this.lambd}`
  }
}

/** x moved towards 0 by lambd, element by element. Defaults: lambd 0.5. */
export class Softshrink extends Module {
  readonly lambd: number

  constructor(options?: { lambd?: number }) {
    super()
    const all = numbers('Softshrink', options, { lambd: 0.5 })
    this.lambd = all.lambd
  }

  override forward(x: Tensor): Tensor {
    return ops.softshrink(x, { lambd: this.lambd })
  }

  override extraRepr(): string {
    return `${this.lambd}`
  }
}

/** x·Φ(x), or with `approximate: 'tanh'` its approximation. */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh'

  constructor(options?: { approximate?: 'none' | 'tanh' }) {
    super()
    checkOptions('GELU', options, ['approximate'])
    this.approximate = checkChoice('GELU', 'approximate', options?.approximate ?? 'none', ['none', 'tanh'] as const)
  }

  override forward(x: Tensor): Tensor {
    return ops.gelu(x, { approximate: this.approximate })
  }

  override extraRepr(): string {
    return `approximate='${this.approximate}'`
  }
}

/** x above the threshold, else value. */
export class Threshold extends Module {
  readonly threshold: number
  readonly value: number

  constructor(threshold: number, value: number) {
    super()
    this.threshold = checkNumber('Threshold', 'threshold', threshold)
    this.value = checkNumber('Threshold', 'value', value)
  }

  override forward(x: Tensor): Tensor {
    return ops.threshold(x, this.threshold, this.value)
  }

  override extraRepr(): string {
    return `threshold=${this.threshold}, value=${this.value}`
  }
}

/** a·sigmoid(b) for the halves a, b of a dimension. Default dim: -1. */
export class GLU extends Module {
  readonly dim: number

  constructor(options?: { dim?: number }) {
    super()
    this.dim = numbers('GLU', options, { dim: -1 }).dim
  }

  override forward(x: Tensor): Tensor {
    return glu(x, this.dim)
  }

  override extraRepr(): string {
    return `dim=${this.dim}`
  }
}

/** x right of 0, weight·x left of it, with one learned slope or one per channel (dimension 1). Defaults: numParameters 1, init 0.25. */
export class PReLU extends Module {
  readonly numParameters: number
  weight: Parameter

  constructor(options?: { numParameters?: number; init?: number }) {
    super()
    const { numParameters, init } = numbers('PReLU', options, { numParameters: 1, init: 0.25 })
    this.numParameters = numParameters
    this.weight = new Parameter(filled([numParameters], 'float32', init))
  }

  override forward(x: Tensor): Tensor {
    return prelu(x, this.weight)
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`
  }
}
