// Rprop.
import { stepKernel } from '../core/dispatch.js'
import { ValueError } from '../core/errors.js'
import { checkPair, checkRates } from './check.js'
import type { ParamGroup } from './group.js'
import { KernelOptimizer, type Rule } from './kernelOptimizer.js'
import type { Params } from './optimizer.js'

export interface RpropOptions {
  /** Size of the first steps. Default: 0.01. */
  lr?: number
  /** Factors of the step where the gradient turns and where it keeps its sign. Default: [0.5, 1.2]. */
  etas?: readonly [number, number]
  /** Least and largest step. Default: [1e-6, 50]. */
  stepSizes?: readonly [number, number]
  /** Goes up the gradient instead of down. Default: false. */
  maximize?: boolean
}

const defaults: Required<RpropOptions> = {
  lr: 0.01,
  etas: [0.5, 1.2],
  stepSizes: [1e-6, 50],
  maximize: false,
}

const rule: Rule<RpropOptions> = {
  kernel: stepKernel('rprop'),
  hyper: { etas: 'pair', stepSizes: 'pair', maximize: 'flag' },
  arrays: group => [
    { name: 'prev', initial: 0 },
    { name: 'step_size', initial: group.lr },
  ],
}

/**
 * Steps by the sign of the gradient alone; they grow while it stays and shrink when it turns. For full batches.
 * Riedmiller and Braun 1993
 * @see https://pytorch.org/docs/stable/generated/torch.optim.Rprop.html
 */
export class Rprop extends KernelOptimizer<RpropOptions> {
  protected override get rule(): Rule<RpropOptions> {
    return rule
  }

  constructor(params: Params<RpropOptions>, options?: RpropOptions) {
    super(params, defaults, options)
  }

  protected override checkGroup(group: ParamGroup<RpropOptions>): void {
    checkRates('Rprop', group, ['lr'])
    checkPair('Rprop', 'etas', group.etas)
    checkPair('Rprop', 'stepSizes', group.stepSizes)
    const [minus, plus] = group.etas
    if (!(minus > 0 && minus < 1 && plus > 1))
      throw new ValueError(`etas must be in (0, 1) and above 1, got ${minus} and ${plus}`, { op: 'Rprop' })
  }
}
