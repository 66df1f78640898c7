// Batch norm, and the state that it shares with instance norm.
import { checkTensor } from '../autograd/defineOp.js'
import { checkFlag, checkInteger, checkNumber, checkOptions, formatShape, ShapeError } from '../core/errors.js'
import { normalizeBatch } from '../ops/normalise/batchNorm.js'
import { filled } from '../tensor/create.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'
import { flag, number } from './repr.js'

export interface NormOptions {
  /** Added to the variance. Default: 1e-5. */
  eps?: number
  /** How far the running values move at each batch; null: they are plain averages. Default: 0.1. */
  momentum?: number | null
  /** Learn a factor and a constant per channel. */
  affine?: boolean
  /** Learn the constant too. Default: as `affine`. */
  bias?: boolean
  /** Keep running values for evaluation. */
  trackRunningStats?: boolean
}

/** Channels with a learned affine map and running values. */
export abstract class ChannelNorm extends Module {
  readonly numFeatures: number
  readonly eps: number
  readonly momentum: number | null
  readonly affine: boolean
  readonly trackRunningStats: boolean
  weight: Parameter | null
  bias: Parameter | null
  declare running_mean: Tensor | null
  declare running_var: Tensor | null
  declare num_batches_tracked: Tensor | null

  /** Ranks of an input, and how they are written. */
  protected abstract get _ranks(): readonly (readonly [number, string])[]

  constructor(op: string, numFeatures: number, options: NormOptions | undefined, affine: boolean, tracks: boolean) {
    super()
    checkOptions(op, options, ['eps', 'momentum', 'affine', 'bias', 'trackRunningStats'])
    this.numFeatures = checkInteger(op, 'numFeatures', numFeatures)
    this.eps = checkNumber(op, 'eps', options?.eps ?? 1e-5)
    const momentum = options?.momentum === undefined ? 0.1 : options.momentum
    this.momentum = momentum === null ? null : checkNumber(op, 'momentum', momentum)
    this.affine = checkFlag(op, 'affine', options?.affine ?? affine)
    this.trackRunningStats = checkFlag(op, 'trackRunningStats', options?.trackRunningStats ?? tracks)
    const biased = checkFlag(op, 'bias', options?.bias ?? true) && this.affine
    this.weight = this.affine ? new Parameter(filled([numFeatures], 'float32', 1)) : null
    this.bias = biased ? new Parameter(filled([numFeatures], 'float32', 0)) : null
    const kept = (value: Tensor) => (this.trackRunningStats ? value : null)
    this.registerBuffer('running_mean', kept(filled([numFeatures], 'float32', 0)))
    this.registerBuffer('running_var', kept(filled([numFeatures], 'float32', 1)))
    this.registerBuffer('num_batches_tracked', kept(filled([], 'int32', 0)))
  }

  /** Sets the running values to those of no batch seen: mean 0, variance 1. */
  resetRunningStats(): void {
    this.running_mean?.zero_()
    this.running_var?.fill_(1)
    this.num_batches_tracked?.zero_()
  }

  /** The same, and weight 1 and bias 0. */
  resetParameters(): void {
    this.resetRunningStats()
    this.weight?.detach().fill_(1)
    this.bias?.detach().zero_()
  }

  /** @internal Throws unless x has one of the ranks. */
  protected _checkRank(x: Tensor): void {
    checkTensor(this.constructor.name, x)
    const n = x.shape.length
    if (this._ranks.some(([rank]) => rank === n)) return
    const ranks = this._ranks.map(([rank, text]) => `${rank} dimensions ${text}`).join(' or ')
    const message = `input ${formatShape(x.shape)} has ${n} dimensions, it must have ${ranks}`
    throw new ShapeError(message, { op: this.constructor.name, shapes: [x.shape] })
  }

  /** @internal Throws unless there are as many channels as the layer has. */
  protected _checkChannels(x: Tensor, dim: number): void {
    if (x.shape[dim] === this.numFeatures) return
    const message = `input ${formatShape(x.shape)} has ${x.shape[dim]} channels, the layer expects ${this.numFeatures}`
    throw new ShapeError(message, { op: this.constructor.name, shapes: [x.shape] })
  }

  override extraRepr(): string {
    const { numFeatures, eps, momentum, affine, trackRunningStats } = this
    const of = momentum === null ? 'None' : number(momentum)
    const flags = `affine=${flag(affine)}, bias=${flag(this.bias !== null)}`
    return `${numFeatures}, eps=${number(eps)}, momentum=${of}, ${flags}, track_running_stats=${flag(trackRunningStats)}`
  }

  override _label(): string {
    return `${this.constructor.name} ${this.numFeatures}`
  }
}

abstract class BatchNorm extends ChannelNorm {
  constructor(op: string, numFeatures: number, options?: NormOptions) {
    super(op, numFeatures, options, true, true)
  }

  override forward(x: Tensor): Tensor {
    this._checkRank(x)
    this._checkChannels(x, 1)
    const { running_mean: mean, running_var: variance, weight, bias, momentum, eps, training } = this
    const moves = training && this.trackRunningStats
    // Without running values the batch's own serve in evaluation too.
    const running = {
      mean: training && !moves ? null : mean,
      variance: training && !moves ? null : variance,
      counter: moves ? this.num_batches_tracked : null,
      momentum,
      training: training || (mean === null && variance === null),
    }
    return normalizeBatch(this.constructor.name, x, weight, bias, running, eps)
  }
}

/**
 * Normalises each of C features over the batch; shapes [N, C] or [N, C, L]. Ioffe, Szegedy 2015, arXiv:1502.03167
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm1d.html
 */
export class BatchNorm1d extends BatchNorm {
  protected get _ranks() {
    return [[2, '[N, C]'] as const, [3, '[N, C, L]'] as const]
  }

  constructor(numFeatures: number, options?: NormOptions) {
    super('BatchNorm1d', numFeatures, options)
  }
}

/** The same of images, [N, C, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html */
export class BatchNorm2d extends BatchNorm {
  protected get _ranks() {
    return [[4, '[N, C, H, W]'] as const]
  }

  constructor(numFeatures: number, options?: NormOptions) {
    super('BatchNorm2d', numFeatures, options)
  }
}

/** The same of volumes, [N, C, D, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm3d.html */
export class BatchNorm3d extends BatchNorm {
  protected get _ranks() {
    return [[5, '[N, C, D, H, W]'] as const]
  }

  constructor(numFeatures: number, options?: NormOptions) {
    super('BatchNorm3d', numFeatures, options)
  }
}
