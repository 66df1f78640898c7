// Rates along a cosine.
import { checkInteger, checkNumber, checkOptions } from '../../core/errors.js'
import type { Optimizer } from '../optimizer.js'
import { LRScheduler } from './scheduler.js'

/**
 * From the base rate to etaMin and back, along a cosine of half period TMax. Loshchilov and Hutter 2017, arXiv:1608.03983
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html
 */
export class CosineAnnealingLR extends LRScheduler {
  TMax: number
  etaMin: number

  /** @param options `TMax`: epochs down; `etaMin`: least rate, default 0 */
  constructor(optimizer: Optimizer, options: { TMax: number; etaMin?: number; lastEpoch?: number }) {
    checkOptions('CosineAnnealingLR', options, ['TMax', 'etaMin', 'lastEpoch'])
    super(optimizer, options?.lastEpoch)
    this.TMax = checkInteger('CosineAnnealingLR', 'TMax', options?.TMax, 1)
    this.etaMin = checkNumber('CosineAnnealingLR', 'etaMin', options.etaMin ?? 0)
    this.start()
  }

  /** 1 + the cosine at an epoch. */
  private wave(epoch: number): number {
    return 1 + Math.cos((Math.PI * epoch) / this.TMax)
  }

  override getLr(): number[] {
    const { lastEpoch, TMax, etaMin } = this
    const now = this.current()
    if (this.initial) return now
    if (this._stepCount === 1 && lastEpoch > 0) return this.closedForm()
    // After the lowest point the factor of the recursion is 0/0.
    if ((lastEpoch - 1 - TMax) % (2 * TMax) === 0)
      return now.map((lr, i) => lr + ((this.baseLrs[i] - etaMin) * (1 - Math.cos(Math.PI / TMax))) / 2)
    const factor = this.wave(lastEpoch) / this.wave(lastEpoch - 1)
    return now.map(lr => factor * (lr - etaMin) + etaMin)
  }
  protected override closedForm(): number[] {
    return this.baseLrs.map(lr => this.etaMin + ((lr - this.etaMin) * this.wave(this.lastEpoch)) / 2)
  }
}

/**
 * From the base rate down to etaMin along half a cosine, then anew: the first run lasts T0 epochs, each next one TMult times longer.
 * `step(epoch)` sets any point of it, also between epochs: `step(epoch + i / batches)`.
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html
 */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  T0: number
  TI: number
  TMult: number
  etaMin: number
  TCur: number

  /** @param options `T0`: epochs of the first run; `TMult`: default 1; `etaMin`: default 0 */
  constructor(optimizer: Optimizer, options: { T0: number; TMult?: number; etaMin?: number; lastEpoch?: number }) {
    const op = 'CosineAnnealingWarmRestarts'
    checkOptions(op, options, ['T0', 'TMult', 'etaMin', 'lastEpoch'])
    super(optimizer, options?.lastEpoch)
    this.T0 = this.TI = checkInteger(op, 'T0', options?.T0, 1)
    this.TMult = checkInteger(op, 'TMult', options.TMult ?? 1, 1)
    this.etaMin = checkNumber(op, 'etaMin', options.etaMin ?? 0)
    this.TCur = this.lastEpoch
    this.start()
  }

  override getLr(): number[] {
    const wave = 1 + Math.cos((Math.PI * this.TCur) / this.TI)
    return this.baseLrs.map(lr => this.etaMin + ((lr - this.etaMin) * wave) / 2)
  }

  override step(epoch?: number): void {
    this.advance(epoch ?? (this.lastEpoch < 0 ? 0 : undefined))
  }

  override advance(epoch?: number): void {
    if (epoch === undefined) {
      epoch = this.lastEpoch + 1
      this.TCur++
      if (this.TCur >= this.TI) {
        this.TCur %= this.TI
        this.TI *= this.TMult
      }
    } else {
      checkNumber('CosineAnnealingWarmRestarts', 'epoch', epoch, 0)
      this.locate(epoch)
    }
    this.lastEpoch = Math.floor(epoch)
    this.apply(this.getLr())
  }

  /** Finds the run that an epoch is in. */
  private locate(epoch: number): void {
    const { T0, TMult } = this
    if (epoch < T0) {
      this.TI = T0
      this.TCur = epoch
    } else if (TMult === 1) this.TCur = epoch % T0
    else {
      const run = Math.trunc(Math.log((epoch / T0) * (TMult - 1) + 1) / Math.log(TMult))
      this.TCur = epoch - (T0 * (TMult ** run - 1)) / (TMult - 1)
      this.TI = T0 * TMult ** run
    }
  }
}
