// Averaged stochastic gradient descent.
import { stepKernel } from '../core/dispatch.js'
import { checkNumber } from '../core/errors.js'
import { checkRates } from './check.js'
import type { ParamGroup } from './group.js'
import { KernelOptimizer, type Rule } from './kernelOptimizer.js'
import type { Params } from './optimizer.js'

export interface ASGDOptions {
  /** Learning rate. Default: 0.01. */
  lr?: number
  /** Decay of the parameter. Default: 0.0001. */
  lambd?: number
  /** Power of the decay of the rate. Default: 0.75. */
  alpha?: number
  /** Step at which averaging starts. Default: 1e6. */
  t0?: number
  /** Adds this share of the parameter to its gradient. Default: 0. */
  weightDecay?: number
  /** Goes up the gradient instead of down. Default: false. */
  maximize?: boolean
}

const defaults: Required<ASGDOptions> = {
  lr: 0.01,
  lambd: 0.0001,
  alpha: 0.75,
  t0: 1e6,
  weightDecay: 0,
  maximize: false,
}

const rule: Rule<ASGDOptions> = {
  kernel: stepKernel('asgd'),
  hyper: { lr: 'number', lambd: 'number', alpha: 'number', t0: 'number', weightDecay: 'number', maximize: 'flag' },
  scalars: group => [
    { name: 'eta', initial: group.lr },
    { name: 'mu', initial: 1 },
  ],
  arrays: () => [{ name: 'ax', initial: 0 }],
}

/**
 * Gradient descent with a falling rate; the mean of the parameters is kept as state `ax`. Polyak and Juditsky 1992
 * @see https://pytorch.org/docs/stable/generated/torch.optim.ASGD.html
 */
export class ASGD extends KernelOptimizer<ASGDOptions> {
  protected override get rule(): Rule<ASGDOptions> {
    return rule
  }

  constructor(params: Params<ASGDOptions>, options?: ASGDOptions) {
    super(params, defaults, options)
  }

  protected override checkGroup(group: ParamGroup<ASGDOptions>): void {
    checkRates('ASGD', group, ['lr', 'weightDecay'])
    for (const name of ['lambd', 'alpha', 't0'] as const) checkNumber('ASGD', name, group[name])
  }
}
