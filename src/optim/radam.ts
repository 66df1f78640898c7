// RAdam.
import { stepKernel } from '../core/dispatch.js'
import { checkBetas, checkRates } from './check.js'
import type { ParamGroup } from './group.js'
import { KernelOptimizer, type Rule } from './kernelOptimizer.js'
import type { Params } from './optimizer.js'

export interface RAdamOptions {
  /** Learning rate. Default: 0.001. */
  lr?: number
  /** Decay of the running means of the gradient and of its square. Default: [0.9, 0.999]. */
  betas?: readonly [number, number]
  /** Added to denominators. Default: 1e-8. */
  eps?: number
  /** Adds this share of the parameter to its gradient. Default: 0. */
  weightDecay?: number
  /** Weight decay shrinks the parameter itself, as in AdamW, instead of joining the gradient. Default: false. */
  decoupledWeightDecay?: boolean
  /** Goes up the gradient instead of down. Default: false. */
  maximize?: boolean
}

const defaults: Required<RAdamOptions> = {
  lr: 0.001,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  decoupledWeightDecay: false,
  maximize: false,
}

const rule: Rule<RAdamOptions> = {
  kernel: stepKernel('radam'),
  hyper: {
    lr: 'number',
    betas: 'pair',
    eps: 'number',
    weightDecay: 'number',
    maximize: 'flag',
    decoupledWeightDecay: 'flag',
  },
  arrays: () => [
    { name: 'exp_avg', initial: 0 },
    { name: 'exp_avg_sq', initial: 0 },
  ],
}

/**
 * Adam whose adaptive rate is rectified while few gradients were seen. Liu et al. 2020, arXiv:1908.03265
 * @see https://pytorch.org/docs/stable/generated/torch.optim.RAdam.html
 */
export class RAdam extends KernelOptimizer<RAdamOptions> {
  protected override get rule(): Rule<RAdamOptions> {
    return rule
  }

  constructor(params: Params<RAdamOptions>, options?: RAdamOptions) {
    super(params, defaults, options)
  }

  protected override checkGroup(group: ParamGroup<RAdamOptions>): void {
    checkRates('RAdam', group, ['lr', 'eps', 'weightDecay'])
    checkBetas('RAdam', group.betas)
  }
}
