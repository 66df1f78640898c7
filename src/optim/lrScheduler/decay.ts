// Rates that fall (or rise) by factors: at certain epochs, at every epoch, over a number of epochs, or as a function says.
import { checkInteger, checkNumber, checkOptions, describe, ValueError } from '../../core/errors.js'
import type { Optimizer } from '../optimizer.js'
import { checkState, LRScheduler, type SchedulerStateDict } from './scheduler.js'

interface Resuming {
  /** The epoch to go on from. Default: -1, a new start. */
  lastEpoch?: number
}

/** Number of sorted values that are <= x. */
function countUpTo(sorted: readonly number[], x: number): number {
  return sorted.filter(v => v <= x).length
}

/**
 * Times gamma every stepSize epochs.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
 */
export class StepLR extends LRScheduler {
  stepSize: number
  gamma: number

  /** @param options `stepSize`; `gamma`: default 0.1 */
  constructor(optimizer: Optimizer, options: { stepSize: number; gamma?: number } & Resuming) {
    checkOptions('StepLR', options, ['stepSize', 'gamma', 'lastEpoch'])
    super(optimizer, options?.lastEpoch)
    this.stepSize = checkInteger('StepLR', 'stepSize', options?.stepSize, 1)
    this.gamma = checkNumber('StepLR', 'gamma', options.gamma ?? 0.1)
    this.start()
  }

  override getLr(): number[] {
    const now = this.current()
    return this.lastEpoch === 0 || this.lastEpoch % this.stepSize !== 0 ? now : now.map(lr => lr * this.gamma)
  }
  protected override closedForm(): number[] {
    return this.baseLrs.map(lr => lr * this.gamma ** Math.floor(this.lastEpoch / this.stepSize))
  }
}

/**
 * Times gamma at each milestone; one named twice counts twice.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiStepLR.html
 */
export class MultiStepLR extends LRScheduler {
  milestones: number[]
  gamma: number

  /** @param options `milestones`: epochs; `gamma`: default 0.1 */
  constructor(optimizer: Optimizer, options: { milestones: readonly number[]; gamma?: number } & Resuming) {
    const op = 'MultiStepLR'
    checkOptions(op, options, ['milestones', 'gamma', 'lastEpoch'])
    super(optimizer, options?.lastEpoch)
    if (!Array.isArray(options?.milestones))
      throw new TypeError(`${op}: milestones must be an array of epochs, got ${describe(options?.milestones)}`)
    this.milestones = options.milestones.map(m => checkInteger(op, 'a milestone', m)).sort((a, b) => a - b)
    this.gamma = checkNumber(op, 'gamma', options.gamma ?? 0.1)
    this.start()
  }

  override getLr(): number[] {
    const times = this.milestones.filter(m => m === this.lastEpoch).length
    return this.current().map(lr => (times === 0 ? lr : lr * this.gamma ** times))
  }
  protected override closedForm(): number[] {
    return this.baseLrs.map(lr => lr * this.gamma ** countUpTo(this.milestones, this.lastEpoch))
  }
}

/**
 * Times gamma at every epoch.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ExponentialLR.html
 */
export class ExponentialLR extends LRScheduler {
  gamma: number

  constructor(optimizer: Optimizer, options: { gamma: number } & Resuming) {
    checkOptions('ExponentialLR', options, ['gamma', 'lastEpoch'])
    super(optimizer, options?.lastEpoch)
    this.gamma = checkNumber('ExponentialLR', 'gamma', options?.gamma)
    this.start()
  }

  override getLr(): number[] {
    return this.initial ? this.current() : this.current().map(lr => lr * this.gamma)
  }
  protected override closedForm(): number[] {
    return this.baseLrs.map(lr => lr * this.gamma ** this.lastEpoch)
  }
}

/**
 * Times factor for the first totalIters epochs.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ConstantLR.html
 */
export class ConstantLR extends LRScheduler {
  factor: number
  totalIters: number

  /** @param options `factor`: in (0, 1], default 1/3; `totalIters`: default 5 */
  constructor(optimizer: Optimizer, options?: { factor?: number; totalIters?: number } & Resuming) {
    checkOptions('ConstantLR', options, ['factor', 'totalIters', 'lastEpoch'])
    super(optimizer, options?.lastEpoch)
    this.factor = checkNumber('ConstantLR', 'factor', options?.factor ?? 1 / 3, 0, 1)
    this.totalIters = checkInteger('ConstantLR', 'totalIters', options?.totalIters ?? 5)
    this.start()
  }

  override getLr(): number[] {
    if (this.lastEpoch === 0) return this.current().map(lr => lr * this.factor)
    return this.current().map(lr => (this.lastEpoch === this.totalIters ? lr * (1 / this.factor) : lr))
  }
  protected override closedForm(): number[] {
    return this.baseLrs.map(lr => lr * (this.lastEpoch >= this.totalIters ? 1 : this.factor))
  }
}

/**
 * Times a factor that goes from startFactor to endFactor over totalIters epochs.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html
 */
export class LinearLR extends LRScheduler {
  startFactor: number
  endFactor: number
  totalIters: number

  /** @param options `startFactor`: in (0, 1], default 1/3; `endFactor`: default 1; `totalIters`: default 5 */
  constructor(
    optimizer: Optimizer,
    options?: { startFactor?: number; endFactor?: number; totalIters?: number } & Resuming,
  ) {
    const op = 'LinearLR'
    checkOptions(op, options, ['startFactor', 'endFactor', 'totalIters', 'lastEpoch'])
    super(optimizer, options?.lastEpoch)
    this.startFactor = checkNumber(op, 'startFactor', options?.startFactor ?? 1 / 3, 0, 1)
    if (this.startFactor === 0) throw new ValueError('startFactor must be above 0, got 0', { op })
    this.endFactor = checkNumber(op, 'endFactor', options?.endFactor ?? 1, 0, 1)
    this.totalIters = checkInteger(op, 'totalIters', options?.totalIters ?? 5, 1)
    this.start()
  }

  override getLr(): number[] {
    const now = this.current()
    if (this.lastEpoch === 0) return now.map(lr => lr * this.startFactor)
    if (this.initial || this.lastEpoch > this.totalIters) return now
    const change = this.endFactor - this.startFactor
    const before = this.totalIters * this.startFactor + (this.lastEpoch - 1) * change
    return now.map(lr => lr * (1 + change / before))
  }
  protected override closedForm(): number[] {
    const share = Math.min(this.totalIters, this.lastEpoch) / this.totalIters
    return this.baseLrs.map(lr => lr * (this.startFactor + (this.endFactor - this.startFactor) * share))
  }
}

/**
 * Falls to 0 over totalIters epochs as (1 - epoch/totalIters)^power.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.PolynomialLR.html
 */
export class PolynomialLR extends LRScheduler {
  totalIters: number
  power: number

  /** @param options `totalIters`: default 5; `power`: default 1 */
  constructor(optimizer: Optimizer, options?: { totalIters?: number; power?: number } & Resuming) {
    checkOptions('PolynomialLR', options, ['totalIters', 'power', 'lastEpoch'])
    super(optimizer, options?.lastEpoch)
    this.totalIters = checkInteger('PolynomialLR', 'totalIters', options?.totalIters ?? 5, 1)
    this.power = checkNumber('PolynomialLR', 'power', options?.power ?? 1)
    this.start()
  }

  override getLr(): number[] {
    const now = this.current()
    if (this.initial || this.lastEpoch > this.totalIters) return now
    const left = (epoch: number) => 1 - epoch / this.totalIters
    const factor = (left(this.lastEpoch) / left(this.lastEpoch - 1)) ** this.power
    return now.map(lr => lr * factor)
  }
  protected override closedForm(): number[] {
    const left = 1 - Math.min(this.totalIters, this.lastEpoch) / this.totalIters
    return this.baseLrs.map(lr => lr * left ** this.power)
  }
}

/** A function of the epoch, or one for each group. */
export type LrLambda = ((epoch: number) => number) | readonly ((epoch: number) => number)[]

function lambdas(op: string, optimizer: Optimizer, lambda: LrLambda): ((epoch: number) => number)[] {
  const groups = optimizer.paramGroups.length
  const list = Array.isArray(lambda) ? [...lambda] : Array.from({ length: groups }, () => lambda)
  if (list.length !== groups)
    throw new ValueError(`lrLambda has ${list.length} functions, the optimizer ${groups} parameter groups`, { op })
  for (const f of list) {
    if (typeof f !== 'function') throw new TypeError(`${op}: lrLambda must be a function, got ${describe(f)}`)
  }
  return list
}

abstract class ByFunction extends LRScheduler {
  protected readonly lrLambdas: ((epoch: number) => number)[]

  constructor(optimizer: Optimizer, options: { lrLambda: LrLambda } & Resuming) {
    checkOptions(new.target.name, options, ['lrLambda', 'lastEpoch'])
    super(optimizer, options?.lastEpoch)
    this.lrLambdas = lambdas(new.target.name, optimizer, options?.lrLambda)
    Object.defineProperty(this, 'lrLambdas', { enumerable: false })
    this.start()
  }

  /** Without the functions, which cannot be saved. */
  override stateDict(): SchedulerStateDict {
    return { ...super.stateDict(), lr_lambdas: this.lrLambdas.map(() => null) }
  }
  override loadStateDict(state: SchedulerStateDict): void {
    checkState(state)
    const { lr_lambdas: _, ...rest } = state
    super.loadStateDict(rest)
  }
}

/**
 * The base rate times lrLambda(epoch).
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
 */
export class LambdaLR extends ByFunction {
  override getLr(): number[] {
    return this.baseLrs.map((lr, i) => lr * this.lrLambdas[i](this.lastEpoch))
  }
}

/**
 * The last rate times lrLambda(epoch).
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.MultiplicativeLR.html
 */
export class MultiplicativeLR extends ByFunction {
  override getLr(): number[] {
    return this.initial ? this.current() : this.current().map((lr, i) => lr * this.lrLambdas[i](this.lastEpoch))
  }
}
