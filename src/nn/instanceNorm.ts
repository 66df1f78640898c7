// Instance norm: each channel of each sample by itself.
import { instanceNorm } from '../ops/normalise/instanceNorm.js'
import { squeeze, unsqueeze } from '../ops/view.js'
import type { Tensor } from '../tensor/tensor.js'
import { ChannelNorm, type NormOptions } from './batchNorm.js'

abstract class InstanceNorm extends ChannelNorm {
  constructor(op: string, numFeatures: number, options?: NormOptions) {
    super(op, numFeatures, options, false, false)
  }

  override forward(x: Tensor): Tensor {
    this._checkRank(x)
    const unbatched = x.shape.length === this._ranks[1][0]
    if (this.affine || this.trackRunningStats) this._checkChannels(x, unbatched ? 0 : 1)
    const { running_mean: runningMean, running_var: runningVar, weight, bias, eps } = this
    const useInputStats = this.training || !this.trackRunningStats
    const momentum = this.momentum ?? 0
    const options = { runningMean, runningVar, weight, bias, useInputStats, momentum, eps }
    return unbatched ? squeeze(instanceNorm(unsqueeze(x, 0), options), 0) : instanceNorm(x, options)
  }
}

/**
 * Normalises each channel of each sample of [N, C, L] or [C, L]. By default without affine map and running values. Ulyanov et al.
 * 2016, arXiv:1607.08022
 * @see https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm1d.html
 */
export class InstanceNorm1d extends InstanceNorm {
  protected get _ranks() {
    return [[3, '[N, C, L]'] as const, [2, '[C, L]'] as const]
  }

  constructor(numFeatures: number, options?: NormOptions) {
    super('InstanceNorm1d', numFeatures, options)
  }
}

/** The same of images, [N, C, H, W] or [C, H, W]. @see https://pytorch.org/docs/stable/generated/torch.nn.InstanceNorm2d.html */
export class InstanceNorm2d extends InstanceNorm {
  protected get _ranks() {
    return [[4, '[N, C, H, W]'] as const, [3, '[C, H, W]'] as const]
  }

  constructor(numFeatures: number, options?: NormOptions) {
    super('InstanceNorm2d', numFeatures, options)
  }
}

/** The same of volumes, [N, C, D, H, W] or [C, D, H, W]. */
export class InstanceNorm3d extends InstanceNorm {
  protected get _ranks() {
    return [[5, '[N, C, D, H, W]'] as const, [4, '[C, D, H, W]'] as const]
  }

  constructor(numFeatures: number, options?: NormOptions) {
    super('InstanceNorm3d', numFeatures, options)
  }
}
