// Activations of more than one number: gates, and the slope that is learned.
import { checkInteger, checkNumber, checkOptions } from '../core/errors.js'
import { glu, prelu } from '../ops/gated.js'
import { filled } from '../tensor/create.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'

/** a·sigmoid(b) for the halves a, b of a dimension. Default dim: -1. Dauphin et al. 2016, arXiv:1612.08083 */
export class GLU extends Module {
  dim: number

  constructor(options?: { dim?: number }) {
    super()
    checkOptions('GLU', options, ['dim'])
    this.dim = checkInteger('GLU', 'dim', options?.dim ?? -1, Number.MIN_SAFE_INTEGER)
  }

  override forward(x: Tensor): Tensor {
    return glu(x, this.dim)
  }

  override extraRepr(): string {
    return `dim=${this.dim}`
  }
}

/**
 * x right of 0, weight·x left of it, with one learned slope or one per channel (dimension 1). Defaults: numParameters 1, init 0.25.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.PReLU.html
 */
export class PReLU extends Module {
  readonly numParameters: number
  readonly init: number
  weight: Parameter

  constructor(options?: { numParameters?: number; init?: number }) {
    super()
    checkOptions('PReLU', options, ['numParameters', 'init'])
    this.numParameters = checkInteger('PReLU', 'numParameters', options?.numParameters ?? 1, 1)
    this.init = checkNumber('PReLU', 'init', options?.init ?? 0.25)
    this.weight = new Parameter(filled([this.numParameters], 'float32', this.init))
  }

  override forward(x: Tensor): Tensor {
    return prelu(x, this.weight)
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`
  }

  override _label(): string {
    return `PReLU ${this.numParameters}`
  }
}
