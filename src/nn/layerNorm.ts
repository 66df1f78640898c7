// Normalisations that do not look at other samples.
import { checkTensor } from '../autograd/defineOp.js'
import {
  checkFlag,
  checkInteger,
  checkNumber,
  checkOptions,
  formatShape,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import { checkShape } from '../core/shape.js'
import { type LocalResponseOptions, localResponseNorm } from '../ops/normalise/localResponse.js'
import { groupNorm, layerNorm, rmsNorm } from '../ops/normalise/rowNorm.js'
import { filled } from '../tensor/create.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'
import { flag, float, number, tuple } from './repr.js'

function shapeOf(op: string, normalizedShape: number | readonly number[]): number[] {
  const shape = checkShape(op, typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape)
  if (shape.length === 0) throw new ValueError('normalizedShape must name at least one dimension, got []', { op })
  return shape
}

function checkEnd(op: string, x: Tensor, shape: readonly number[]): void {
  checkTensor(op, x)
  const at = x.shape.length - shape.length
  if (at >= 0 && shape.every((n, d) => n === x.shape[at + d])) return
  const message = `input ${formatShape(x.shape)} must end in the layer's ${formatShape(shape)}`
  throw new ShapeError(message, { op, shapes: [x.shape, shape] })
}

const learned = (shape: readonly number[], start: number) => new Parameter(filled(shape, 'float32', start))

export interface LayerNormOptions {
  /** Added to the variance. Default: 1e-5. */
  eps?: number
  /** Learn a factor and a constant for each element. Default: true. */
  elementwiseAffine?: boolean
  /** Learn the constant too. Default: true. */
  bias?: boolean
}

/**
 * Normalises the last dimensions of each sample: `new nn.LayerNorm(128)`, `new nn.LayerNorm([3, 5])`. Ba et al. 2016,
 * arXiv:1607.06450
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
 */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[]
  readonly eps: number
  readonly elementwiseAffine: boolean
  weight: Parameter | null
  bias: Parameter | null

  constructor(normalizedShape: number | readonly number[], options?: LayerNormOptions) {
    super()
    const op = 'LayerNorm'
    checkOptions(op, options, ['eps', 'elementwiseAffine', 'bias'])
    const shape = shapeOf(op, normalizedShape)
    this.normalizedShape = shape
    this.eps = checkNumber(op, 'eps', options?.eps ?? 1e-5)
    this.elementwiseAffine = checkFlag(op, 'elementwiseAffine', options?.elementwiseAffine ?? true)
    const biased = checkFlag(op, 'bias', options?.bias ?? true)
    this.weight = this.elementwiseAffine ? learned(shape, 1) : null
    this.bias = this.elementwiseAffine && biased ? learned(shape, 0) : null
  }

  resetParameters(): void {
    this.weight?.detach().fill_(1)
    this.bias?.detach().zero_()
  }

  override forward(x: Tensor): Tensor {
    checkEnd('LayerNorm', x, this.normalizedShape)
    return layerNorm(x, this.normalizedShape, { weight: this.weight, bias: this.bias, eps: this.eps })
  }

  override extraRepr(): string {
    const flags = `elementwise_affine=${flag(this.elementwiseAffine)}, bias=${flag(this.bias !== null)}`
    return `${tuple(this.normalizedShape)}, eps=${number(this.eps)}, ${flags}`
  }

  override _label(): string {
    return `LayerNorm ${formatShape(this.normalizedShape)}`
  }
}

/**
 * Brings the last dimensions of each sample to a root mean square of 1. Zhang, Sennrich 2019, arXiv:1910.07467
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RMSNorm.html
 */
export class RMSNorm extends Module {
  readonly normalizedShape: readonly number[]
  readonly eps: number | null
  readonly elementwiseAffine: boolean
  weight: Parameter | null

  /** @param options `eps`: default the distance from 1 to the next number; `elementwiseAffine`: default true */
  constructor(
    normalizedShape: number | readonly number[],
    options?: { eps?: number | null; elementwiseAffine?: boolean },
  ) {
    super()
    const op = 'RMSNorm'
    checkOptions(op, options, ['eps', 'elementwiseAffine'])
    this.normalizedShape = shapeOf(op, normalizedShape)
    const eps = options?.eps ?? null
    this.eps = eps === null ? null : checkNumber(op, 'eps', eps)
    this.elementwiseAffine = checkFlag(op, 'elementwiseAffine', options?.elementwiseAffine ?? true)
    this.weight = this.elementwiseAffine ? learned(this.normalizedShape, 1) : null
  }

  resetParameters(): void {
    this.weight?.detach().fill_(1)
  }

  override forward(x: Tensor): Tensor {
    checkEnd('RMSNorm', x, this.normalizedShape)
    return rmsNorm(x, this.normalizedShape, { weight: this.weight, eps: this.eps })
  }

  override extraRepr(): string {
    const eps = this.eps === null ? 'None' : number(this.eps)
    return `${tuple(this.normalizedShape)}, eps=${eps}, elementwise_affine=${flag(this.elementwiseAffine)}`
  }

  override _label(): string {
    return `RMSNorm ${formatShape(this.normalizedShape)}`
  }
}

export interface GroupNormOptions {
  /** Added to the variance. Default: 1e-5. */
  eps?: number
  /** Learn a factor and a constant per channel. Default: true. */
  affine?: boolean
  /** Learn the constant too. Default: true. */
  bias?: boolean
}

/**
 * Normalises groups of the channels of [N, C, *] for each sample. Wu, He 2018, arXiv:1803.08494
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GroupNorm.html
 */
export class GroupNorm extends Module {
  readonly numGroups: number
  readonly numChannels: number
  readonly eps: number
  readonly affine: boolean
  weight: Parameter | null
  bias: Parameter | null

  /** @throws ValueError unless the groups divide the channels */
  constructor(numGroups: number, numChannels: number, options?: GroupNormOptions) {
    super()
    const op = 'GroupNorm'
    checkOptions(op, options, ['eps', 'affine', 'bias'])
    this.numGroups = checkInteger(op, 'numGroups', numGroups, 1)
    this.numChannels = checkInteger(op, 'numChannels', numChannels)
    if (numChannels % numGroups !== 0)
      throw new ValueError(`numChannels ${numChannels} must be divisible by numGroups ${numGroups}`, { op })
    this.eps = checkNumber(op, 'eps', options?.eps ?? 1e-5)
    this.affine = checkFlag(op, 'affine', options?.affine ?? true)
    const biased = checkFlag(op, 'bias', options?.bias ?? true)
    this.weight = this.affine ? learned([numChannels], 1) : null
    this.bias = this.affine && biased ? learned([numChannels], 0) : null
  }

  resetParameters(): void {
    this.weight?.detach().fill_(1)
    this.bias?.detach().zero_()
  }

  override forward(x: Tensor): Tensor {
    checkTensor('GroupNorm', x)
    if (x.shape.length >= 2 && x.shape[1] !== this.numChannels) {
      const message = `input ${formatShape(x.shape)} has ${x.shape[1]} channels, the layer expects ${this.numChannels}`
      throw new ShapeError(message, { op: 'GroupNorm', shapes: [x.shape] })
    }
    return groupNorm(x, this.numGroups, { weight: this.weight, bias: this.bias, eps: this.eps })
  }

  override extraRepr(): string {
    const flags = `affine=${flag(this.affine)}, bias=${flag(this.bias !== null)}`
    return `${this.numGroups}, ${this.numChannels}, eps=${number(this.eps)}, ${flags}`
  }

  override _label(): string {
    return `GroupNorm ${this.numGroups}, ${this.numChannels}`
  }
}

/**
 * Divides each element by what its neighbours among the channels amount to; see `functional.localResponseNorm`.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LocalResponseNorm.html
 */
export class LocalResponseNorm extends Module {
  readonly size: number
  readonly alpha: number
  readonly beta: number
  readonly k: number

  constructor(size: number, options?: LocalResponseOptions) {
    super()
    const op = 'LocalResponseNorm'
    checkOptions(op, options, ['alpha', 'beta', 'k'])
    this.size = checkInteger(op, 'size', size, 1)
    this.alpha = checkNumber(op, 'alpha', options?.alpha ?? 1e-4)
    this.beta = checkNumber(op, 'beta', options?.beta ?? 0.75)
    this.k = checkNumber(op, 'k', options?.k ?? 1)
  }

  override forward(x: Tensor): Tensor {
    return localResponseNorm(x, this.size, { alpha: this.alpha, beta: this.beta, k: this.k })
  }

  override extraRepr(): string {
    return `${this.size}, alpha=${number(this.alpha)}, beta=${number(this.beta)}, k=${float(this.k)}`
  }
}
