// NAdam.
import { stepKernel } from '../core/dispatch.js'
import { checkBetas, checkRates } from './check.js'
import type { ParamGroup } from './group.js'
import { KernelOptimizer, type Rule } from './kernelOptimizer.js'
import type { Params } from './optimizer.js'

export interface NAdamOptions {
  /** Learning rate. Default: 0.002. */
  lr?: number
  /** Decay of the running means of the gradient and of its square. Default: [0.9, 0.999]. */
  betas?: readonly [number, number]
  /** Added to denominators. Default: 1e-8. */
  eps?: number
  /** Adds this share of the parameter to its gradient. Default: 0. */
  weightDecay?: number
  /** How fast the momentum grows towards betas[0]. Default: 0.004. */
  momentumDecay?: number
  /** Weight decay shrinks the parameter itself, as in AdamW, instead of joining the gradient. Default: false. */
  decoupledWeightDecay?: boolean
  /** Goes up the gradient instead of down. Default: false. */
  maximize?: boolean
}

const defaults: Required<NAdamOptions> = {
  lr: 0.002,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  momentumDecay: 0.004,
  decoupledWeightDecay: false,
  maximize: false,
}

const rule: Rule<NAdamOptions> = {
  kernel: stepKernel('nadam'),
  hyper: {
    lr: 'number',
    betas: 'pair',
    eps: 'number',
    weightDecay: 'number',
    momentumDecay: 'number',
    maximize: 'flag',
    decoupledWeightDecay: 'flag',
  },
  scalars: () => [{ name: 'mu_product', initial: 1 }],
  arrays: () => [
    { name: 'exp_avg', initial: 0 },
    { name: 'exp_avg_sq', initial: 0 },
  ],
}

/**
 * Adam with Nesterov's momentum. Dozat 2016, "Incorporating Nesterov momentum into Adam"
 * @see https://pytorch.org/docs/stable/generated/torch.optim.NAdam.html
 */
export class NAdam extends KernelOptimizer<NAdamOptions> {
  protected override get rule(): Rule<NAdamOptions> {
    return rule
  }

  constructor(params: Params<NAdamOptions>, options?: NAdamOptions) {
    super(params, defaults, options)
  }

  protected override checkGroup(group: ParamGroup<NAdamOptions>): void {
    checkRates('NAdam', group, ['lr', 'eps', 'weightDecay', 'momentumDecay'])
    checkBetas('NAdam', group.betas)
  }
}
