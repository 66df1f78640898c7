// Dropout.
import { checkNumber, checkOptions } from '../core/errors.js'
import { dropoutFrom } from '../ops/random.js'
import { defaultGenerator } from '../tensor/generator.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/**
 * In training, sets each element to 0 with probability p and multiplies the others by 1/(1-p); in evaluation, the identity.
 * Draws equal PyTorch's. Default p: 0.5. Hinton et al. 2012, arXiv:1207.0580
 * @throws ValueError if p is outside [0, 1]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 */
export class Dropout extends Module {
  readonly p: number

  constructor(options?: { p?: number }) {
    super()
    checkOptions('Dropout', options, ['p'])
    this.p = checkNumber('Dropout', 'p', options?.p ?? 0.5, 0, 1)
  }

  override forward(x: Tensor): Tensor {
    return this.training ? dropoutFrom(x, this.p, defaultGenerator) : x
  }

  override extraRepr(): string {
    return `p=${this.p}, inplace=False`
  }
}
