// Adamax.
import { stepKernel } from '../core/dispatch.js'
import { checkBetas, checkRates } from './check.js'
import type { ParamGroup } from './group.js'
import { KernelOptimizer, type Rule } from './kernelOptimizer.js'
import type { Params } from './optimizer.js'

export interface AdamaxOptions {
  /** Learning rate. Default: 0.002. */
  lr?: number
  /** Decay of the running means of the gradient and of its largest magnitude. Default: [0.9, 0.999]. */
  betas?: readonly [number, number]
  /** Added to denominators. Default: 1e-8. */
  eps?: number
  /** Adds this share of the parameter to its gradient. Default: 0. */
  weightDecay?: number
  /** Goes up the gradient instead of down. Default: false. */
  maximize?: boolean
}

const defaults: Required<AdamaxOptions> = {
  lr: 0.002,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  maximize: false,
}

const rule: Rule<AdamaxOptions> = {
  kernel: stepKernel('adamax'),
  hyper: { lr: 'number', betas: 'pair', eps: 'number', weightDecay: 'number', maximize: 'flag' },
  arrays: () => [
    { name: 'exp_avg', initial: 0 },
    { name: 'exp_inf', initial: 0 },
  ],
}

/**
 * Adam with the decaying maximum of |g| in place of the root of the mean of squares. Kingma and Ba 2015, arXiv:1412.6980
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adamax.html
 */
export class Adamax extends KernelOptimizer<AdamaxOptions> {
  protected override get rule(): Rule<AdamaxOptions> {
    return rule
  }

  constructor(params: Params<AdamaxOptions>, options?: AdamaxOptions) {
    super(params, defaults, options)
  }

  protected override checkGroup(group: ParamGroup<AdamaxOptions>): void {
    checkRates('Adamax', group, ['lr', 'eps', 'weightDecay'])
    checkBetas('Adamax', group.betas)
  }
}
