// The bilinear layer.
import { checkFlag, checkInteger, checkOptions } from '../core/errors.js'
import { bilinear } from '../ops/bilinear.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import * as init from './init.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'

/**
 * y_o = x1ᵀ·W_o·x2 + b_o.
 *
 * Shapes: x1 [*, in1Features], x2 [*, in2Features], weight [outFeatures, in1Features, in2Features], result [*, outFeatures].
 * Both start uniform in ±1/√in1Features.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
 */
export class Bilinear extends Module {
  readonly in1Features: number
  readonly in2Features: number
  readonly outFeatures: number
  weight: Parameter
  bias: Parameter | null

  /** @param options `bias`: default true */
  constructor(in1Features: number, in2Features: number, outFeatures: number, options?: { bias?: boolean }) {
    super()
    checkOptions('Bilinear', options, ['bias'])
    this.in1Features = checkInteger('Bilinear', 'in1Features', in1Features, 1)
    this.in2Features = checkInteger('Bilinear', 'in2Features', in2Features)
    this.outFeatures = checkInteger('Bilinear', 'outFeatures', outFeatures)
    this.weight = new Parameter(emptyTensor([outFeatures, in1Features, in2Features], 'float32'))
    this.bias = checkFlag('Bilinear', 'bias', options?.bias ?? true)
      ? new Parameter(emptyTensor([outFeatures], 'float32'))
      : null
    this.resetParameters()
  }

  /** Draws weight and bias anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features)
    init.uniform_(this.weight, -bound, bound)
    if (this.bias !== null) init.uniform_(this.bias, -bound, bound)
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return bilinear(x1, x2, this.weight, this.bias)
  }

  override extraRepr(): string {
    const bias = this.bias === null ? 'False' : 'True'
    return `in1_features=${this.in1Features}, in2_features=${this.in2Features}, out_features=${this.outFeatures}, bias=${bias}`
  }

  override _label(): string {
    return `Bilinear ${this.in1Features} x ${this.in2Features} -> ${this.outFeatures}`
  }
}
