// Adagrad.
import { stepKernel } from '../core/dispatch.js'
import { checkRates } from './check.js'
import type { ParamGroup } from './group.js'
import { KernelOptimizer, type Rule } from './kernelOptimizer.js'
import type { Params } from './optimizer.js'

export interface AdagradOptions {
  /** Learning rate. Default: 0.01. */
  lr?: number
  /** The rate falls to lr/(1 + lrDecay·steps). Default: 0. */
  lrDecay?: number
  /** Adds this share of the parameter to its gradient. Default: 0. */
  weightDecay?: number
  /** What the sums of squares start with. Default: 0. */
  initialAccumulatorValue?: number
  /** Added to denominators. Default: 1e-10. */
  eps?: number
  /** Goes up the gradient instead of down. Default: false. */
  maximize?: boolean
}

const defaults: Required<AdagradOptions> = {
  lr: 0.01,
  lrDecay: 0,
  weightDecay: 0,
  initialAccumulatorValue: 0,
  eps: 1e-10,
  maximize: false,
}

const rule: Rule<AdagradOptions> = {
  kernel: stepKernel('adagrad'),
  hyper: { lr: 'number', lrDecay: 'number', weightDecay: 'number', eps: 'number', maximize: 'flag' },
  arrays: group => [{ name: 'sum', initial: group.initialAccumulatorValue }],
}

/**
 * s += g²; p -= lr·g/(√s + eps). Duchi, Hazan and Singer 2011, "Adaptive subgradient methods"
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adagrad.html
 */
export class Adagrad extends KernelOptimizer<AdagradOptions> {
  protected override get rule(): Rule<AdagradOptions> {
    return rule
  }

  constructor(params: Params<AdagradOptions>, options?: AdagradOptions) {
    super(params, defaults, options)
  }

  protected override checkGroup(group: ParamGroup<AdagradOptions>): void {
    checkRates('Adagrad', group, ['lr', 'lrDecay', 'weightDecay', 'initialAccumulatorValue', 'eps'])
  }
}
