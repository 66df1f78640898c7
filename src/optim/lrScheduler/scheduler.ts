// Learning-rate schedulers: what sets the rate of every group, once an epoch or step.
import { describe, ValueError } from '../../core/errors.js'
import { camelCase, snakeCase } from '../names.js'
import { Optimizer } from '../optimizer.js'

/** A number, or one for each group. */
export type PerGroup = number | readonly number[]

/** `value` for each group. */
export function perGroup(op: string, name: string, optimizer: Optimizer, value: PerGroup): number[] {
  const groups = optimizer.paramGroups.length
  if (!Array.isArray(value)) return Array.from({ length: groups }, () => number(op, name, value))
  if (value.length !== groups)
    throw new ValueError(`${name} has ${value.length} numbers, the optimizer ${groups} parameter groups`, { op })
  return value.map(v => number(op, name, v))
}

function number(op: string, name: string, value: unknown): number {
  if (typeof value === 'number' && !Number.isNaN(value)) return value
  throw new TypeError(`${op}: ${name} must be a number or an array of them, got ${describe(value)}`)
}

export function checkOptimizer(op: string, optimizer: unknown): asserts optimizer is Optimizer {
  if (!(optimizer instanceof Optimizer)) throw new TypeError(`${op}: expected an Optimizer, got ${describe(optimizer)}`)
}

/** Numbers and settings by PyTorch's names (`last_epoch`, `base_lrs`). */
export type SchedulerStateDict = Record<string, unknown>

/** Throws a TypeError unless state is an object. */
export function checkState(state: unknown): void {
  if (typeof state !== 'object' || state === null)
    throw new TypeError(`loadStateDict: expected an object, got ${describe(state)}`)
}

/**
 * Base of schedulers. A subclass sets its fields, defines `getLr()` and ends its constructor with `this.start()`.
 *
 * Step the optimizer first, then the scheduler.
 * @see https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate
 */
export abstract class LRScheduler {
  readonly optimizer: Optimizer
  /** The rates that the optimizer started with. */
  baseLrs: number[]
  /** Epochs, or steps, so far; 0 after construction. */
  lastEpoch: number
  protected _stepCount = 0
  protected _lastLr: number[] = []
  /** @internal Whether the rate of epoch 0 is being set. */
  protected initial = false

  /**
   * @param lastEpoch the epoch to go on from; -1 starts anew. Else the optimizer's groups must have their `initialLr` (from a state
   * dict). Null: the scheduler has no base rates.
   */
  constructor(optimizer: Optimizer, lastEpoch: number | null = -1) {
    const op = new.target.name
    checkOptimizer(op, optimizer)
    this.optimizer = optimizer
    Object.defineProperty(this, 'optimizer', { enumerable: false })
    Object.defineProperty(this, 'initial', { enumerable: false })
    this.baseLrs = []
    this.lastEpoch = lastEpoch ?? 0
    if (lastEpoch === null) return
    optimizer.paramGroups.forEach((group, i) => {
      if (lastEpoch === -1) group.initialLr ??= group.lr
      else if (group.initialLr === undefined) {
        const message = `group ${i} has no initialLr to go on from; load the optimizer's state dict first, or start with lastEpoch -1`
        throw new ValueError(message, { op })
      }
    })
    this.baseLrs = optimizer.paramGroups.map(group => group.initialLr!)
  }

  /** The rates of `lastEpoch`, from those of the epoch before. */
  abstract getLr(): number[]

  /** The rates of `lastEpoch` from the base rates alone, where there is such a formula. */
  protected closedForm?(): number[]

  /** The rates that the groups have now. */
  protected current(): number[] {
    return this.optimizer.paramGroups.map(group => group.lr)
  }

  /** @internal Sets the rates of the first epoch. */
  start(): void {
    this._stepCount = 0
    this.initial = true
    this.step()
    this.initial = false
  }

  /** Goes on to the next epoch and sets its rates. */
  step(): void {
    if (this._stepCount === 1 && !this.optimizer.stepped) {
      process.emitWarning(
        'lrScheduler.step() came before the first optimizer.step(): the first rate of the schedule is skipped. Call optimizer.step() first.',
        { type: 'GlorotWarning', code: 'SCHEDULER_BEFORE_OPTIMIZER' },
      )
    }
    this._stepCount++
    this.advance()
  }

  /** @internal Sets the rates of an epoch, by default the next one. */
  advance(epoch?: number): void {
    this.lastEpoch = epoch ?? this.lastEpoch + 1
    this.apply(epoch === undefined || !this.closedForm ? this.getLr() : this.closedForm())
  }

  protected apply(rates: readonly number[]): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      group.lr = rates[i]
    })
    this._lastLr = this.current()
  }

  /** The rates that were set last. */
  getLastLr(): number[] {
    return this._lastLr
  }

  /** @internal Undoes the count of the initial step: composite schedulers make it anew. */
  rewind(): void {
    this.lastEpoch--
  }

  /** Everything but the optimizer and functions. */
  stateDict(): SchedulerStateDict {
    const own = Object.entries(this).filter(([, value]) => typeof value !== 'function' && value !== undefined)
    return Object.fromEntries(own.map(([key, value]) => [snakeCase(key), structuredClone(value)]))
  }

  /** Takes over what `stateDict` gave; the optimizer has a state dict of its own. */
  loadStateDict(state: SchedulerStateDict): void {
    checkState(state)
    const mine = this as unknown as Record<string, unknown>
    for (const [key, value] of Object.entries(state)) {
      const name = camelCase(key)
      if (Object.prototype.propertyIsEnumerable.call(this, name)) mine[name] = structuredClone(value)
    }
  }
}
