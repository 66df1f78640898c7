// Instance norm: group norm with a group a channel; its running values are the means over the batch.
import { noGrad } from '../../autograd/mode.js'
import { checkFlag, checkNumber, checkOptions, formatShape, ValueError } from '../../core/errors.js'
import type { Tensor } from '../../tensor/tensor.js'
import { mean, varOf } from '../reduce.js'
import { reshape } from '../view.js'
import { normalizeBatch } from './batchNorm.js'
import { channelsOf, checkPer, perChannel } from './check.js'
import { groupNorm } from './rowNorm.js'

export interface InstanceNormOptions {
  /** Changed in place. Default: none. */
  runningMean?: Tensor | null
  /** Changed in place. Default: none. */
  runningVar?: Tensor | null
  /** Per channel. Default: none. */
  weight?: Tensor | null
  /** Per channel. Default: none. */
  bias?: Tensor | null
  /** False: normalise by the running values. Default: true. */
  useInputStats?: boolean
  /** How far the running values move. Default: 0.1. */
  momentum?: number
  /** Added to the variance. Default: 1e-5. */
  eps?: number
}

/** Moves the running values towards the means over the batch of each sample's mean and variance. */
function move(x: Tensor, running: Tensor, runningVar: Tensor, momentum: number): void {
  const rows = reshape(x.detach(), [x.shape[0], x.shape[1], -1])
  noGrad(() => {
    running.mul_(1 - momentum).add_(mean(mean(rows, 2), 0).mul(momentum))
    runningVar.mul_(1 - momentum).add_(mean(varOf(rows, 2), 0).mul(momentum))
  })
}

/**
 * Normalises each channel of each sample of [N, C, *] by its own mean and variance.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.instance_norm.html
 */
export function instanceNorm(x: Tensor, options?: InstanceNormOptions): Tensor {
  const op = 'instanceNorm'
  checkOptions(op, options, ['runningMean', 'runningVar', 'weight', 'bias', 'useInputStats', 'momentum', 'eps'])
  const { runningMean = null, runningVar = null, weight = null, bias = null } = options ?? {}
  const { useInputStats = true, momentum = 0.1, eps = 1e-5 } = options ?? {}
  checkFlag(op, 'useInputStats', useInputStats)
  checkNumber(op, 'momentum', momentum)
  const C = channelsOf(op, x)
  if (!useInputStats) {
    const running = { mean: runningMean, variance: runningVar, counter: null, momentum, training: false }
    return normalizeBatch(op, x, weight, bias, running, eps)
  }
  checkPer(op, x, [C], { 'the running mean': runningMean, 'the running variance': runningVar, weight, bias })
  if (perChannel(x.shape) === 1) {
    const message = `needs more than 1 element in each channel, input ${formatShape(x.shape)} has 1`
    throw new ValueError(message, { op, shapes: [x.shape] })
  }
  if (runningMean !== null && runningVar !== null && x.count > 0) move(x, runningMean, runningVar, momentum)
  return groupNorm(x, C, { weight, bias, eps })
}
