// The bilinear layer.
import { checkInteger, checkOptions, formatShape, ShapeError } from '../core/errors.js'
import { matmul } from '../ops/matmul.js'
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
    this.bias = (options?.bias ?? true) ? new Parameter(emptyTensor([outFeatures], 'float32')) : null
    this.resetParameters()
  }

  /** Draws weight and bias anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features)
    init.uniform_(this.weight, -bound, bound)
    if (this.bias !== null) init.uniform_(this.bias, -bound, bound)
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    const { in1Features: K1, in2Features: K2, outFeatures: N } = this
    const lead = x1.shape.slice(0, -1)
    const fits =
      x1.shape.at(-1) === K1 && x2.shape.at(-1) === K2 && formatShape(lead) === formatShape(x2.shape.slice(0, -1))
    if (!fits) {
      const message = `inputs ${formatShape(x1.shape)} and ${formatShape(x2.shape)} must be [*, ${K1}] and [*, ${K2}]`
      throw new ShapeError(message, { op: 'Bilinear', shapes: [x1.shape, x2.shape] })
    }
    const M = lead.reduce((a, b) => a * b, 1)
    // [M, K1]·[K1, N·K2] -> [M, N, K2], then each row with its own x2.
    const left = matmul(x1.reshape([M, K1]), this.weight.permute([1, 0, 2]).reshape([K1, N * K2])).reshape([M, N, K2])
    const out = matmul(left, x2.reshape([M, K2, 1])).reshape([...lead, N])
    return this.bias === null ? out : out.add(this.bias)
  }

  override extraRepr(): string {
    const bias = this.bias === null ? 'False' : 'True'
    return `in1_features=${this.in1Features}, in2_features=${this.in2Features}, out_features=${this.outFeatures}, bias=${bias}`
  }

  override _label(): string {
    return `Bilinear ${this.in1Features} x ${this.in2Features} -> ${this.outFeatures}`
  }
}
