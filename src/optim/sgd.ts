// Stochastic gradient descent with momentum.
import { stepKernel } from '../core/dispatch.js'
import { checkNumber, ValueError } from '../core/errors.js'
import { checkRates } from './check.js'
import type { ParamGroup } from './group.js'
import { KernelOptimizer, type Rule } from './kernelOptimizer.js'
import type { Params } from './optimizer.js'

export interface SGDOptions {
  /** Learning rate. Default: 0.001. */
  lr?: number
  /** Share of the last change that is kept. Default: 0. */
  momentum?: number
  /** Share of the gradient that momentum does not take in. Default: 0. */
  dampening?: number
  /** Adds this share of the parameter to its gradient. Default: 0. */
  weightDecay?: number
  /** Looks ahead along the momentum; needs momentum and no dampening. Default: false. */
  nesterov?: boolean
  /** Goes up the gradient instead of down. Default: false. */
  maximize?: boolean
}

const defaults: Required<SGDOptions> = {
  lr: 0.001,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
}

const rule: Rule<SGDOptions> = {
  kernel: stepKernel('sgd'),
  hyper: {
    lr: 'number',
    momentum: 'number',
    dampening: 'number',
    weightDecay: 'number',
    nesterov: 'flag',
    maximize: 'flag',
  },
  variant: group => (group.momentum !== 0 ? 1 : 0),
  arrays: group => (group.momentum !== 0 ? [{ name: 'momentum_buffer', initial: 0 }] : []),
  hidesStep: true,
}

/**
 * p -= lr·b, with b = momentum·b + (1 - dampening)·g, at first b = g. g is the gradient plus weightDecay·p.
 *
 * ```ts
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
 * optimizer.zeroGrad()
 * criterion.forward(model.forward(x), y).backward()
 * optimizer.step()
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.SGD.html
 */
export class SGD extends KernelOptimizer<SGDOptions> {
  protected override get rule(): Rule<SGDOptions> {
    return rule
  }

  constructor(params: Params<SGDOptions>, options?: SGDOptions) {
    super(params, defaults, options)
  }

  protected override checkGroup(group: ParamGroup<SGDOptions>): void {
    checkRates('SGD', group, ['lr', 'momentum', 'weightDecay'])
    checkNumber('SGD', 'dampening', group.dampening)
    if (group.nesterov && (group.momentum === 0 || group.dampening !== 0)) {
      const message = `nesterov needs momentum above 0 and dampening 0, got momentum ${group.momentum} and dampening ${group.dampening}`
      throw new ValueError(message, { op: 'SGD' })
    }
  }
}
