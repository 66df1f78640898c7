// Schedulers made of schedulers.
import { checkInteger, checkOptions, describe, ValueError } from '../../core/errors.js'
import type { Optimizer } from '../optimizer.js'
import { ReduceLROnPlateau } from './plateau.js'
import { checkState, LRScheduler, type SchedulerStateDict } from './scheduler.js'

function checkSchedulers(op: string, schedulers: unknown, optimizer?: Optimizer): LRScheduler[] {
  if (!Array.isArray(schedulers) || schedulers.length === 0)
    throw new ValueError(`expected an array of schedulers, got ${describe(schedulers)}`, { op })
  const first = optimizer ?? (schedulers[0] as LRScheduler).optimizer
  schedulers.forEach((s, i) => {
    if (!(s instanceof LRScheduler)) throw new TypeError(`${op}: scheduler ${i} is ${describe(s)}`)
    if (s instanceof ReduceLROnPlateau)
      throw new ValueError(`scheduler ${i} is a ReduceLROnPlateau, whose step needs a measure; step it by itself`, {
        op,
      })
    if (s.optimizer !== first) throw new ValueError(`scheduler ${i} belongs to another optimizer`, { op })
  })
  return [...schedulers]
}

abstract class Composite extends LRScheduler {
  readonly schedulers: readonly LRScheduler[]

  constructor(optimizer: Optimizer, schedulers: LRScheduler[], lastEpoch?: number) {
    super(optimizer, lastEpoch)
    this.schedulers = schedulers
    Object.defineProperty(this, 'schedulers', { enumerable: false })
  }

  override getLr(): number[] {
    return this.current()
  }

  override rewind(): void {
    for (const s of this.schedulers) s.rewind()
  }

  override stateDict(): SchedulerStateDict {
    return { ...super.stateDict(), _schedulers: this.schedulers.map(s => s.stateDict()) }
  }

  override loadStateDict(state: SchedulerStateDict): void {
    checkState(state)
    const { _schedulers, ...rest } = state
    if (!Array.isArray(_schedulers) || _schedulers.length !== this.schedulers.length)
      throw new ValueError(
        `expected the states of ${this.schedulers.length} schedulers, got ${describe(_schedulers)}`,
        {
          op: 'loadStateDict',
        },
      )
    super.loadStateDict(rest)
    this.schedulers.forEach((s, i) => {
      s.loadStateDict(_schedulers[i])
    })
  }
}

/**
 * One scheduler after the other, changing at the milestones.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html
 */
export class SequentialLR extends Composite {
  private readonly milestones: number[]

  /** @param options `schedulers`; `milestones`: the epochs at which the next one takes over, one fewer */
  constructor(
    optimizer: Optimizer,
    options: { schedulers: readonly LRScheduler[]; milestones: readonly number[]; lastEpoch?: number },
  ) {
    const op = 'SequentialLR'
    checkOptions(op, options, ['schedulers', 'milestones', 'lastEpoch'])
    const schedulers = checkSchedulers(op, options?.schedulers, optimizer)
    super(optimizer, schedulers, options.lastEpoch)
    const { milestones } = options
    if (!Array.isArray(milestones) || milestones.length !== schedulers.length - 1) {
      const got = Array.isArray(milestones) ? milestones.length : describe(milestones)
      throw new ValueError(`${schedulers.length} schedulers need ${schedulers.length - 1} milestones, got ${got}`, {
        op,
      })
    }
    this.milestones = milestones.map(m => checkInteger(op, 'a milestone', m))
    this.lastEpoch++
    for (const group of optimizer.paramGroups) group.lr = group.initialLr!
    this.rewind()
    const first = this.at(0)
    first.start()
    this._lastLr = first.getLastLr()
  }

  private at(epoch: number): LRScheduler {
    return this.schedulers[this.milestones.filter(m => m <= epoch).length]
  }

  override step(): void {
    this.lastEpoch++
    const scheduler = this.at(this.lastEpoch)
    if (this.milestones.includes(this.lastEpoch)) scheduler.advance(0)
    else scheduler.step()
    this._lastLr = scheduler.getLastLr()
  }
}

/**
 * Several schedulers at once: each changes the rate that the one before it left.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html
 */
export class ChainedScheduler extends Composite {
  /** @param optimizer default: that of the schedulers */
  constructor(schedulers: readonly LRScheduler[], options?: { optimizer?: Optimizer }) {
    checkOptions('ChainedScheduler', options, ['optimizer'])
    const checked = checkSchedulers('ChainedScheduler', schedulers, options?.optimizer)
    super(checked[0].optimizer, checked)
    this._lastLr = this.current()
  }

  override step(): void {
    for (const s of this.schedulers) s.step()
    this._lastLr = this.current()
  }
}
