// Rates that fall when a measure stops improving.
import { checkChoice, checkInteger, checkNumber, checkOptions, describe, ValueError } from '../../core/errors.js'
import { Tensor } from '../../tensor/tensor.js'
import type { Optimizer } from '../optimizer.js'
import { LRScheduler, type PerGroup, perGroup } from './scheduler.js'

export interface PlateauOptions {
  /** Whether the measure should fall ('min', default) or rise ('max'). */
  mode?: 'min' | 'max'
  /** The rate is multiplied by it; below 1. Default: 0.1. */
  factor?: number
  /** Epochs without improvement that are borne. Default: 10. */
  patience?: number
  /** What counts as improvement: by this share of the best ('rel', default), or by this much ('abs'). Default: 1e-4. */
  threshold?: number
  thresholdMode?: 'rel' | 'abs'
  /** Epochs after a fall that do not count. Default: 0. */
  cooldown?: number
  /** The rate does not fall below. Default: 0. */
  minLr?: PerGroup
  /** A smaller change of the rate is not made. Default: 1e-8. */
  eps?: number
}

/**
 * Times factor once the measure given to `step(metric)` has not improved for more than `patience` epochs.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ReduceLROnPlateau.html
 */
export class ReduceLROnPlateau extends LRScheduler {
  mode: 'min' | 'max'
  factor: number
  patience: number
  threshold: number
  thresholdMode: 'rel' | 'abs'
  cooldown: number
  minLrs: number[]
  eps: number
  best: number
  cooldownCounter = 0
  numBadEpochs = 0

  constructor(optimizer: Optimizer, options: PlateauOptions = {}) {
    const op = 'ReduceLROnPlateau'
    checkOptions(op, options, ['mode', 'factor', 'patience', 'threshold', 'thresholdMode', 'cooldown', 'minLr', 'eps'])
    super(optimizer, null)
    this.mode = checkChoice(op, 'mode', options.mode ?? 'min', ['min', 'max'] as const)
    this.factor = checkNumber(op, 'factor', options.factor ?? 0.1)
    if (this.factor >= 1) throw new ValueError(`factor must be below 1, got ${this.factor}`, { op })
    this.patience = checkInteger(op, 'patience', options.patience ?? 10)
    this.threshold = checkNumber(op, 'threshold', options.threshold ?? 1e-4)
    this.thresholdMode = checkChoice(op, 'thresholdMode', options.thresholdMode ?? 'rel', ['rel', 'abs'] as const)
    this.cooldown = checkInteger(op, 'cooldown', options.cooldown ?? 0)
    this.minLrs = perGroup(op, 'minLr', optimizer, options.minLr ?? 0)
    this.eps = checkNumber(op, 'eps', options.eps ?? 1e-8)
    this.best = this.mode === 'min' ? Infinity : -Infinity
    this._lastLr = this.current()
  }

  override getLr(): number[] {
    return this.current()
  }

  /** @param metric the measure of this epoch: a number, or a tensor of one element */
  override step(metric?: number | Tensor): void {
    const value = metric instanceof Tensor ? metric.item() : metric
    if (typeof value !== 'number')
      throw new TypeError(`ReduceLROnPlateau: step needs the measure of the epoch, got ${describe(metric)}`)
    this.lastEpoch++
    if (this.improves(value)) {
      this.best = value
      this.numBadEpochs = 0
    } else this.numBadEpochs++
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--
      this.numBadEpochs = 0
    }
    if (this.numBadEpochs > this.patience) {
      this.reduce()
      this.cooldownCounter = this.cooldown
      this.numBadEpochs = 0
    }
    this._lastLr = this.current()
  }

  private improves(value: number): boolean {
    const { best, threshold } = this
    const sign = this.mode === 'min' ? -1 : 1
    const bound = this.thresholdMode === 'rel' ? best * (1 + sign * threshold) : best + sign * threshold
    return this.mode === 'min' ? value < bound : value > bound
  }

  private reduce(): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      // A group added later has the bound of the last one.
      const next = Math.max(group.lr * this.factor, this.minLrs[Math.min(i, this.minLrs.length - 1)])
      if (group.lr - next > this.eps) group.lr = next
    })
  }
}
