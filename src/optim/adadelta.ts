// Adadelta.
import { stepKernel } from '../core/dispatch.js'
import { checkNumber } from '../core/errors.js'
import { checkRates } from './check.js'
import type { ParamGroup } from './group.js'
import { KernelOptimizer, type Rule } from './kernelOptimizer.js'
import type { Params } from './optimizer.js'

export interface AdadeltaOptions {
  /** Learning rate. Default: 1. */
  lr?: number
  /** Decay of the running means of squares. Default: 0.9. */
  rho?: number
  /** Added to denominators. Default: 1e-6. */
  eps?: number
  /** Adds this share of the parameter to its gradient. Default: 0. */
  weightDecay?: number
  /** Goes up the gradient instead of down. Default: false. */
  maximize?: boolean
}

const defaults: Required<AdadeltaOptions> = {
  lr: 1,
  rho: 0.9,
  eps: 1e-6,
  weightDecay: 0,
  maximize: false,
}

const rule: Rule<AdadeltaOptions> = {
  kernel: stepKernel('adadelta'),
  hyper: { lr: 'number', rho: 'number', eps: 'number', weightDecay: 'number', maximize: 'flag' },
  arrays: () => [
    { name: 'square_avg', initial: 0 },
    { name: 'acc_delta', initial: 0 },
  ],
}

/**
 * v = rho·v + (1 - rho)·g²; d = √(u + eps)/√(v + eps)·g; u = rho·u + (1 - rho)·d²; p -= lr·d. Zeiler 2012, arXiv:1212.5701
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Adadelta.html
 */
export class Adadelta extends KernelOptimizer<AdadeltaOptions> {
  protected override get rule(): Rule<AdadeltaOptions> {
    return rule
  }

  constructor(params: Params<AdadeltaOptions>, options?: AdadeltaOptions) {
    super(params, defaults, options)
  }

  protected override checkGroup(group: ParamGroup<AdadeltaOptions>): void {
    checkRates('Adadelta', group, ['lr', 'eps', 'weightDecay'])
    checkNumber('Adadelta', 'rho', group.rho, 0, 1)
  }
}
