// Affine layers.
import { checkFlag, checkInteger, checkOptions } from '../core/errors.js'
import { linear } from '../ops/linear.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import * as init from './init.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'

export interface LinearOptions {
  /** Add a learned constant. Default: true. */
  bias?: boolean
}

/**
 * y = x·Wᵀ + b.
 *
 * Shapes: input [*, inFeatures], weight [outFeatures, inFeatures], bias [outFeatures], result [*, outFeatures].
 * Both start uniform in ±1/√inFeatures.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Linear.html
 */
export class Linear extends Module {
  readonly inFeatures: number
  readonly outFeatures: number
  weight: Parameter
  bias: Parameter | null

  constructor(inFeatures: number, outFeatures: number, options?: LinearOptions) {
    super()
    checkOptions('Linear', options, ['bias'])
    this.inFeatures = checkInteger('Linear', 'inFeatures', inFeatures)
    this.outFeatures = checkInteger('Linear', 'outFeatures', outFeatures)
    this.weight = new Parameter(emptyTensor([outFeatures, inFeatures], 'float32'))
    this.bias = checkFlag('Linear', 'bias', options?.bias ?? true)
      ? new Parameter(emptyTensor([outFeatures], 'float32'))
      : null
    this.resetParameters()
  }

  /** Draws weight and bias anew. */
  resetParameters(): void {
    init.kaimingUniform_(this.weight, { a: Math.sqrt(5) })
    if (this.bias === null) return
    const bound = this.inFeatures > 0 ? 1 / Math.sqrt(this.inFeatures) : 0
    init.uniform_(this.bias, -bound, bound)
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias)
  }

  override multiplyAdds(_inputs: readonly unknown[], output: Tensor): number {
    return output.count * (this.inFeatures + (this.bias === null ? 0 : 1))
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${this.bias === null ? 'False' : 'True'}`
  }

  override _label(): string {
    return `Linear ${this.inFeatures} -> ${this.outFeatures}`
  }
}
