// RMSprop.
import { stepKernel } from '../core/dispatch.js'
import { checkRates } from './check.js'
import type { ParamGroup } from './group.js'
import { KernelOptimizer, type Rule } from './kernelOptimizer.js'
import type { Params } from './optimizer.js'

export interface RMSpropOptions {
  /** Learning rate. Default: 0.01. */
  lr?: number
  /** Decay of the running mean of squares. Default: 0.99. */
  alpha?: number
  /** Added to denominators. Default: 1e-8. */
  eps?: number
  /** Adds this share of the parameter to its gradient. Default: 0. */
  weightDecay?: number
  /** Share of the last change that is kept. Default: 0. */
  momentum?: number
  /** Divides by an estimate of the variance instead of the mean of squares. Default: false. */
  centered?: boolean
  /** Goes up the gradient instead of down. Default: false. */
  maximize?: boolean
}

const defaults: Required<RMSpropOptions> = {
  lr: 0.01,
  alpha: 0.99,
  eps: 1e-8,
  weightDecay: 0,
  momentum: 0,
  centered: false,
  maximize: false,
}

const rule: Rule<RMSpropOptions> = {
  kernel: stepKernel('rmsprop'),
  hyper: { lr: 'number', alpha: 'number', eps: 'number', weightDecay: 'number', momentum: 'number', maximize: 'flag' },
  variant: group => (group.centered ? 1 : 0) + (group.momentum > 0 ? 2 : 0),
  arrays: group => [
    { name: 'square_avg', initial: 0 },
    ...(group.centered ? [{ name: 'grad_avg', initial: 0 }] : []),
    ...(group.momentum > 0 ? [{ name: 'momentum_buffer', initial: 0 }] : []),
  ],
}

/**
 * v = alpha·v + (1 - alpha)·g²; p -= lr·g/(√v + eps). Hinton, lecture 6e of "Neural networks for machine learning"
 * @see https://pytorch.org/docs/stable/generated/torch.optim.RMSprop.html
 */
export class RMSprop extends KernelOptimizer<RMSpropOptions> {
  protected override get rule(): Rule<RMSpropOptions> {
    return rule
  }

  constructor(params: Params<RMSpropOptions>, options?: RMSpropOptions) {
    super(params, defaults, options)
  }

  protected override checkGroup(group: ParamGroup<RMSpropOptions>): void {
    checkRates('RMSprop', group, ['lr', 'alpha', 'eps', 'weightDecay', 'momentum'])
  }
}
