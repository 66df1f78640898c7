// Activations of single numbers as modules. Each calls the function of the same name in ops/activation.ts, which holds formula and
// source.
import { checkChoice, checkNumber, checkOptions, describe, ValueError } from '../core/errors.js'
import * as ops from '../ops/activation.js'
import { sigmoid, tanh } from '../ops/unary.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import { float, number } from './repr.js'

type InPlace = ops.InPlace
const inPlace: InPlace = { inplace: true }

/** An activation that may write into its input. */
abstract class Overwriting extends Module {
  inplace: boolean

  constructor(op: string, options: InPlace | undefined, ...others: string[]) {
    super()
    checkOptions(op, options, [...others, 'inplace'])
    const { inplace = false } = options ?? {}
    if (typeof inplace !== 'boolean') throw new TypeError(`${op}: inplace must be a boolean, got ${describe(inplace)}`)
    this.inplace = inplace
  }

  /** @internal The constants of the formula as they are printed. */
  protected _constants(): string[] {
    return []
  }

  override extraRepr(): string {
    return [...this._constants(), ...(this.inplace ? ['inplace=True'] : [])].join(', ')
  }
}

/** An activation without settings. */
abstract class Settled extends Module {
  constructor(options?: Readonly<Record<string, never>>) {
    super()
    checkOptions(new.target.name, options, [])
  }
}

/** 1/(1 + e⁻ˣ), element by element. */
export class Sigmoid extends Settled {
  override forward(x: Tensor): Tensor {
    return sigmoid(x)
  }
}

/** Hyperbolic tangent, element by element. */
export class Tanh extends Settled {
  override forward(x: Tensor): Tensor {
    return tanh(x)
  }
}

/** max(x, 0), element by element. */
export class ReLU extends Overwriting {
  constructor(options?: InPlace) {
    super('ReLU', options)
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? ops.relu(x, inPlace) : ops.relu(x)
  }
}

/** x limited to [0, 6], element by element. */
export class ReLU6 extends Overwriting {
  constructor(options?: InPlace) {
    super('ReLU6', options)
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? ops.relu6(x, inPlace) : ops.relu6(x)
  }
}

/** x right of 0, negativeSlope·x left of it. Default: negativeSlope 0.01. */
export class LeakyReLU extends Overwriting {
  negativeSlope: number

  constructor(options?: { negativeSlope?: number } & InPlace) {
    super('LeakyReLU', options, 'negativeSlope')
    this.negativeSlope = checkNumber('LeakyReLU', 'negativeSlope', options?.negativeSlope ?? 0.01)
  }

  override forward(x: Tensor): Tensor {
    return ops.leakyRelu(x, { negativeSlope: this.negativeSlope, inplace: this.inplace })
  }

  protected override _constants(): string[] {
    return [`negative_slope=${float(this.negativeSlope)}`]
  }
}

/** x right of 0, alpha·(eˣ - 1) left of it. Default: alpha 1. */
export class ELU extends Overwriting {
  alpha: number

  constructor(options?: { alpha?: number } & InPlace) {
    super('ELU', options, 'alpha')
    this.alpha = checkNumber('ELU', 'alpha', options?.alpha ?? 1)
  }

  override forward(x: Tensor): Tensor {
    return ops.elu(x, { alpha: this.alpha, inplace: this.inplace })
  }

  protected override _constants(): string[] {
    return [`alpha=${float(this.alpha)}`]
  }
}

/** scale·elu(x, alpha) with the constants that keep mean and variance. */
export class SELU extends Overwriting {
  constructor(options?: InPlace) {
    super('SELU', options)
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? ops.selu(x, inPlace) : ops.selu(x)
  }
}

/** x right of 0, alpha·(e^(x/alpha) - 1) left of it. Default: alpha 1. @throws ValueError if alpha is 0 */
export class CELU extends Overwriting {
  alpha: number

  constructor(options?: { alpha?: number } & InPlace) {
    super('CELU', options, 'alpha')
    this.alpha = checkNumber('CELU', 'alpha', options?.alpha ?? 1)
    if (this.alpha === 0) throw new ValueError('alpha must not be 0', { op: 'CELU' })
  }

  override forward(x: Tensor): Tensor {
    return ops.celu(x, { alpha: this.alpha, inplace: this.inplace })
  }

  protected override _constants(): string[] {
    return [`alpha=${float(this.alpha)}`]
  }
}

/** x·Φ(x), Φ the normal distribution function, or with `approximate: 'tanh'` its approximation. */
export class GELU extends Module {
  approximate: 'none' | 'tanh'

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

/** x·sigmoid(x), also called swish. */
export class SiLU extends Overwriting {
  constructor(options?: InPlace) {
    super('SiLU', options)
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? ops.silu(x, inPlace) : ops.silu(x)
  }
}

/** x·tanh(softplus(x)). */
export class Mish extends Overwriting {
  constructor(options?: InPlace) {
    super('Mish', options)
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? ops.mish(x, inPlace) : ops.mish(x)
  }
}

/** log(1 + e^(beta·x))/beta, x itself where beta·x > threshold. Defaults: beta 1, threshold 20. */
export class Softplus extends Module {
  beta: number
  threshold: number

  constructor(options?: { beta?: number; threshold?: number }) {
    super()
    checkOptions('Softplus', options, ['beta', 'threshold'])
    this.beta = checkNumber('Softplus', 'beta', options?.beta ?? 1)
    this.threshold = checkNumber('Softplus', 'threshold', options?.threshold ?? 20)
  }

  override forward(x: Tensor): Tensor {
    return ops.softplus(x, { beta: this.beta, threshold: this.threshold })
  }

  override extraRepr(): string {
    return `beta=${float(this.beta)}, threshold=${float(this.threshold)}`
  }
}

/** x/(1 + |x|), element by element. */
export class Softsign extends Settled {
  override forward(x: Tensor): Tensor {
    return ops.softsign(x)
  }
}

/** log(sigmoid(x)), without overflow. */
export class LogSigmoid extends Settled {
  override forward(x: Tensor): Tensor {
    return ops.logSigmoid(x)
  }
}

/** x - tanh(x), element by element. */
export class Tanhshrink extends Settled {
  override forward(x: Tensor): Tensor {
    return ops.tanhshrink(x)
  }
}

/** x limited to [minVal, maxVal]. Defaults: -1, 1. @throws ValueError if minVal is not below maxVal */
export class Hardtanh extends Overwriting {
  minVal: number
  maxVal: number

  constructor(options?: { minVal?: number; maxVal?: number } & InPlace) {
    super('Hardtanh', options, 'minVal', 'maxVal')
    this.minVal = checkNumber('Hardtanh', 'minVal', options?.minVal ?? -1)
    this.maxVal = checkNumber('Hardtanh', 'maxVal', options?.maxVal ?? 1)
    if (this.minVal >= this.maxVal) {
      throw new ValueError(`minVal must be below maxVal, got ${this.minVal} and ${this.maxVal}`, { op: 'Hardtanh' })
    }
  }

  override forward(x: Tensor): Tensor {
    return ops.hardtanh(x, { minVal: this.minVal, maxVal: this.maxVal, inplace: this.inplace })
  }

  protected override _constants(): string[] {
    return [`min_val=${float(this.minVal)}`, `max_val=${float(this.maxVal)}`]
  }
}

/** relu6(x + 3)/6, element by element. */
export class Hardsigmoid extends Overwriting {
  constructor(options?: InPlace) {
    super('Hardsigmoid', options)
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? ops.hardsigmoid(x, inPlace) : ops.hardsigmoid(x)
  }

  /** Empty, in place too: as in PyTorch. */
  override extraRepr(): string {
    return ''
  }
}

/** x·relu6(x + 3)/6, element by element. */
export class Hardswish extends Overwriting {
  constructor(options?: InPlace) {
    super('Hardswish', options)
  }

  override forward(x: Tensor): Tensor {
    return this.inplace ? ops.hardswish(x, inPlace) : ops.hardswish(x)
  }

  /** Empty, in place too: as in PyTorch. */
  override extraRepr(): string {
    return ''
  }
}

/** x outside [-lambd, lambd], else 0. Default: lambd 0.5. */
export class Hardshrink extends Module {
  lambd: number

  constructor(options?: { lambd?: number }) {
    super()
    checkOptions('Hardshrink', options, ['lambd'])
    this.lambd = checkNumber('Hardshrink', 'lambd', options?.lambd ?? 0.5)
  }

  override forward(x: Tensor): Tensor {
    return ops.hardshrink(x, { lambd: this.lambd })
  }

  override extraRepr(): string {
    return number(this.lambd)
  }
}

/** x moved towards 0 by lambd, 0 within it. Default: lambd 0.5. @throws ValueError if lambd < 0 */
export class Softshrink extends Module {
  lambd: number

  constructor(options?: { lambd?: number }) {
    super()
    checkOptions('Softshrink', options, ['lambd'])
    this.lambd = checkNumber('Softshrink', 'lambd', options?.lambd ?? 0.5, 0)
  }

  override forward(x: Tensor): Tensor {
    return ops.softshrink(x, { lambd: this.lambd })
  }

  override extraRepr(): string {
    return number(this.lambd)
  }
}

/** x above the threshold, else value. */
export class Threshold extends Overwriting {
  threshold: number
  value: number

  constructor(threshold: number, value: number, options?: InPlace) {
    super('Threshold', options)
    this.threshold = checkNumber('Threshold', 'threshold', threshold)
    this.value = checkNumber('Threshold', 'value', value)
  }

  override forward(x: Tensor): Tensor {
    return ops.threshold(x, this.threshold, this.value, { inplace: this.inplace })
  }

  protected override _constants(): string[] {
    return [`threshold=${number(this.threshold)}`, `value=${number(this.value)}`]
  }
}
