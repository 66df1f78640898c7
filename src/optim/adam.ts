// Adam, and AdamW, whose weight decay does not pass through the running means.
import { stepKernel } from '../core/dispatch.js'
import { checkBetas, checkRates } from './check.js'
import type { ParamGroup } from './group.js'
import { KernelOptimizer, type Rule } from './kernelOptimizer.js'
import type { Params } from './optimizer.js'

export interface AdamWOptions {
  /** Learning rate. Default: 0.001. */
  lr?: number
  /** Decay of the running means of the gradient and of its square. Default: [0.9, 0.999]. */
  betas?: readonly [number, number]
  /** Added to denominators. Default: 1e-8. */
  eps?: number
  /** Adam adds this share of the parameter to its gradient (default 0), AdamW takes lr times it off the parameter (default 0.01). */
  weightDecay?: number
  /** Divides by the largest mean of squares so far. Default: false. */
  amsgrad?: boolean
  /** Goes up the gradient instead of down. Default: false. */
  maximize?: boolean
}

export interface AdamOptions extends AdamWOptions {
  /** Weight decay as AdamW has it. Default: false. */
  decoupledWeightDecay?: boolean
}

const defaults: Required<AdamOptions> = {
  lr: 0.001,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
  decoupledWeightDecay: false,
}

const rule: Rule<AdamOptions> = {
  kernel: stepKernel('adam'),
  hyper: {
    lr: 'number',
    betas: 'pair',
    eps: 'number',
    weightDecay: 'number',
    maximize: 'flag',
    decoupledWeightDecay: 'flag',
  },
  variant: group => (group.amsgrad ? 1 : 0),
  arrays: group => [
    { name: 'exp_avg', initial: 0 },
    { name: 'exp_avg_sq', initial: 0 },
    ...(group.amsgrad ? [{ name: 'max_exp_avg_sq', initial: 0 }] : []),
  ],
}

/** What both are. */
abstract class AdamBase extends KernelOptimizer<AdamOptions> {
  protected override get rule(): Rule<AdamOptions> {
    return rule
  }

  protected override checkGroup(group: ParamGroup<AdamOptions>): void {
    checkRates(this.constructor.name, group, ['lr', 'eps', 'weightDecay'])
    checkBetas(this.constructor.name, group.betas)
  }
}

/**
 * p -= lr·m̂/(√v̂ + eps), m and v the running means of g and g², freed of their start at 0. Kingma and Ba 2015, arXiv:1412.6980
 *
 * ```ts
 * const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 })
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adam.html
 */
export class Adam extends AdamBase {
  constructor(params: Params<AdamOptions>, options?: AdamOptions) {
    super(params, defaults, options)
  }
}

/**
 * Adam with weight decay apart from the gradient: p -= lr·weightDecay·p. Loshchilov and Hutter 2019, arXiv:1711.05101
 * @see https://pytorch.org/docs/stable/generated/torch.optim.AdamW.html
 */
export class AdamW extends AdamBase {
  constructor(params: Params<AdamWOptions>, options?: AdamWOptions) {
    const accepted = Object.keys(defaults).filter(key => key !== 'decoupledWeightDecay')
    super(params, { ...defaults, weightDecay: 0.01, decoupledWeightDecay: true }, options, accepted)
  }
}
