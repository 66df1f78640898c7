// Rates that go up and down within bounds, and momentum the other way round.
import { checkChoice, checkInteger, checkNumber, checkOptions, describe, ValueError } from '../../core/errors.js'
import type { Optimizer } from '../optimizer.js'
import { checkState, LRScheduler, type PerGroup, perGroup, type SchedulerStateDict } from './scheduler.js'

export interface MomentumOptions {
  /** Move momentum (of Adam: the first beta) the other way than the rate. Default: true. */
  cycleMomentum?: boolean
  /** Least momentum. */
  baseMomentum?: PerGroup
  /** Largest momentum, that of the lowest rate. */
  maxMomentum?: PerGroup
}

// biome-ignore lint/suspicious/noExplicitAny: the options of any optimizer
type Group = any

/** Whether momentum is the first beta. @throws ValueError if the optimizer has neither */
function usesBeta(op: string, optimizer: Optimizer): boolean {
  if ('betas' in optimizer.defaults) return true
  if ('momentum' in optimizer.defaults) return false
  const message = `${optimizer.constructor.name} has neither momentum nor betas to cycle; set cycleMomentum: false`
  throw new ValueError(message, { op })
}

function setMomentum(group: Group, useBeta: boolean, value: number): void {
  if (useBeta) group.betas = [value, group.betas[1]]
  else group.momentum = value
}

/** Notes the bounds of momentum in the groups and starts at the largest. */
function boundMomentum(optimizer: Optimizer, useBeta: boolean, base: readonly number[], max: readonly number[]): void {
  optimizer.paramGroups.forEach((group: Group, i) => {
    setMomentum(group, useBeta, max[i])
    group.maxMomentum = max[i]
    group.baseMomentum = base[i]
  })
}

const modes = ['triangular', 'triangular2', 'exp_range'] as const

export interface CyclicOptions extends MomentumOptions {
  /** The lowest rate. */
  baseLr: PerGroup
  /** The highest rate of the first cycle. */
  maxLr: PerGroup
  /** Steps from lowest to highest. Default: 2000. */
  stepSizeUp?: number
  /** Steps back. Default: stepSizeUp. */
  stepSizeDown?: number | null
  /** Cycles of one height ('triangular', default), each half as high as the last, or times gamma^step ('exp_range'). */
  mode?: (typeof modes)[number]
  /** For 'exp_range'. Default: 1. */
  gamma?: number
  /** Height of a cycle by its number, from 1, or by the step; in place of mode. */
  scaleFn?: ((x: number) => number) | null
  /** What scaleFn gets. Default: 'cycle'. */
  scaleMode?: 'cycle' | 'iterations'
  lastEpoch?: number
}

/**
 * Up from baseLr to maxLr and down again, in straight lines; step it after every batch. Smith 2017, arXiv:1506.01186
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html
 */
export class CyclicLR extends LRScheduler {
  maxLrs: number[]
  totalSize: number
  stepRatio: number
  mode: (typeof modes)[number]
  gamma: number
  scaleMode: 'cycle' | 'iterations'
  cycleMomentum: boolean
  useBeta1 = false
  baseMomentums: number[] = []
  maxMomentums: number[] = []
  private readonly scaleFn: (x: number) => number

  constructor(optimizer: Optimizer, options: CyclicOptions) {
    const op = 'CyclicLR'
    checkOptions(op, options, [
      'baseLr',
      'maxLr',
      'stepSizeUp',
      'stepSizeDown',
      'mode',
      'gamma',
      'scaleFn',
      'scaleMode',
      'cycleMomentum',
      'baseMomentum',
      'maxMomentum',
      'lastEpoch',
    ])
    super(optimizer, options?.lastEpoch)
    const fresh = this.lastEpoch === -1
    const baseLrs = perGroup(op, 'baseLr', optimizer, options?.baseLr)
    this.maxLrs = perGroup(op, 'maxLr', optimizer, options.maxLr)
    const up = checkInteger(op, 'stepSizeUp', options.stepSizeUp ?? 2000, 1)
    this.totalSize = up + checkInteger(op, 'stepSizeDown', options.stepSizeDown ?? up, 1)
    this.stepRatio = up / this.totalSize
    this.mode = checkChoice(op, 'mode', options.mode ?? 'triangular', modes)
    this.gamma = checkNumber(op, 'gamma', options.gamma ?? 1)
    if (typeof (options.scaleFn ?? Math.abs) !== 'function')
      throw new TypeError(`${op}: scaleFn must be a function, got ${describe(options.scaleFn)}`)
    this.scaleFn = options.scaleFn ?? (x => this.height(x))
    Object.defineProperty(this, 'scaleFn', { enumerable: false })
    this.scaleMode = checkChoice(op, 'scaleMode', options.scaleMode ?? 'cycle', ['cycle', 'iterations'] as const)
    if (!options.scaleFn) this.scaleMode = this.mode === 'exp_range' ? 'iterations' : 'cycle'
    this.cycleMomentum = options.cycleMomentum ?? true
    if (this.cycleMomentum) {
      this.useBeta1 = usesBeta(op, optimizer)
      this.baseMomentums = perGroup(op, 'baseMomentum', optimizer, options.baseMomentum ?? 0.8)
      this.maxMomentums = perGroup(op, 'maxMomentum', optimizer, options.maxMomentum ?? 0.9)
      if (fresh) boundMomentum(optimizer, this.useBeta1, this.baseMomentums, this.maxMomentums)
    }
    this.baseLrs = baseLrs
    if (fresh) {
      optimizer.paramGroups.forEach((group, i) => {
        group.lr = group.initialLr = baseLrs[i]
      })
    }
    this.start()
  }

  private height(x: number): number {
    if (this.mode === 'triangular') return 1
    return this.mode === 'triangular2' ? 1 / 2 ** (x - 1) : this.gamma ** x
  }

  override getLr(): number[] {
    const turns = this.lastEpoch / this.totalSize
    const cycle = Math.floor(1 + turns)
    const x = 1 + turns - cycle
    const way = x <= this.stepRatio ? x / this.stepRatio : (x - 1) / (this.stepRatio - 1)
    const height = this.scaleFn(this.scaleMode === 'cycle' ? cycle : this.lastEpoch)
    if (this.cycleMomentum) {
      this.optimizer.paramGroups.forEach((group, i) => {
        const max = this.maxMomentums[i]
        setMomentum(group, this.useBeta1, max - (max - this.baseMomentums[i]) * way * height)
      })
    }
    return this.baseLrs.map((lr, i) => lr + (this.maxLrs[i] - lr) * way * height)
  }

  override loadStateDict(state: SchedulerStateDict): void {
    checkState(state)
    const { _scale_fn_custom: _, ...rest } = state
    super.loadStateDict(rest)
  }
}

interface Phase {
  end: number
  lr: readonly [from: string, to: string]
  momentum: readonly [from: string, to: string]
}

export interface OneCycleOptions extends MomentumOptions {
  /** The highest rate. */
  maxLr: PerGroup
  /** Steps in all; or give epochs and stepsPerEpoch. */
  totalSteps?: number | null
  epochs?: number | null
  stepsPerEpoch?: number | null
  /** Share of the steps in which the rate rises. Default: 0.3. */
  pctStart?: number
  /** Along a cosine (default) or a line. */
  annealStrategy?: 'cos' | 'linear'
  /** The first rate is maxLr/divFactor. Default: 25. */
  divFactor?: number
  /** The last rate is the first over finalDivFactor. Default: 1e4. */
  finalDivFactor?: number
  /** Down to the first rate as fast as up, then on down to the last. Default: false. */
  threePhase?: boolean
  lastEpoch?: number
}

/**
 * Once up to maxLr and down far below the start; step it after every batch. Smith and Topin 2018, arXiv:1708.07120
 * @see https://pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
 */
export class OneCycleLR extends LRScheduler {
  totalSteps: number
  annealStrategy: 'cos' | 'linear'
  cycleMomentum: boolean
  useBeta1 = false
  private readonly phases: Phase[]

  constructor(optimizer: Optimizer, options: OneCycleOptions) {
    const op = 'OneCycleLR'
    checkOptions(op, options, [
      'maxLr',
      'totalSteps',
      'epochs',
      'stepsPerEpoch',
      'pctStart',
      'annealStrategy',
      'cycleMomentum',
      'baseMomentum',
      'maxMomentum',
      'divFactor',
      'finalDivFactor',
      'threePhase',
      'lastEpoch',
    ])
    super(optimizer, options?.lastEpoch)
    const fresh = this.lastEpoch === -1
    const { totalSteps, epochs, stepsPerEpoch } = options ?? {}
    if (typeof totalSteps === 'number') this.totalSteps = checkInteger(op, 'totalSteps', totalSteps, 1)
    else if (typeof epochs === 'number' && typeof stepsPerEpoch === 'number')
      this.totalSteps = checkInteger(op, 'epochs', epochs, 1) * checkInteger(op, 'stepsPerEpoch', stepsPerEpoch, 1)
    else throw new ValueError('needs totalSteps, or epochs and stepsPerEpoch', { op })
    const start = checkNumber(op, 'pctStart', options.pctStart ?? 0.3, 0, 1)
    this.phases = phases(start, this.totalSteps, options.threePhase ?? false)
    Object.defineProperty(this, 'phases', { enumerable: false })
    this.annealStrategy = checkChoice(op, 'annealStrategy', options.annealStrategy ?? 'cos', ['cos', 'linear'] as const)
    const maxLrs = perGroup(op, 'maxLr', optimizer, options.maxLr)
    const divide = checkNumber(op, 'divFactor', options.divFactor ?? 25)
    const finalDivide = checkNumber(op, 'finalDivFactor', options.finalDivFactor ?? 1e4)
    if (fresh) {
      optimizer.paramGroups.forEach((group: Group, i) => {
        group.initialLr = maxLrs[i] / divide
        group.maxLr = maxLrs[i]
        group.minLr = group.initialLr / finalDivide
      })
      this.baseLrs = optimizer.paramGroups.map(group => group.initialLr!)
    }
    this.cycleMomentum = options.cycleMomentum ?? true
    if (this.cycleMomentum) {
      this.useBeta1 = usesBeta(op, optimizer)
      const base = perGroup(op, 'baseMomentum', optimizer, options.baseMomentum ?? 0.85)
      const max = perGroup(op, 'maxMomentum', optimizer, options.maxMomentum ?? 0.95)
      if (fresh) boundMomentum(optimizer, this.useBeta1, base, max)
    }
    this.start()
  }

  private anneal(from: number, to: number, share: number): number {
    if (this.annealStrategy === 'linear') return (to - from) * share + from
    return to + ((from - to) / 2) * (Math.cos(Math.PI * share) + 1)
  }

  /** @throws ValueError past the last step */
  override getLr(): number[] {
    const step = this.lastEpoch
    if (step > this.totalSteps)
      throw new ValueError(`step ${step} is past the ${this.totalSteps} steps of the schedule`, { op: 'OneCycleLR' })
    const found = this.phases.findIndex(({ end }) => step <= end)
    const k = found < 0 ? this.phases.length - 1 : found
    const begin = k === 0 ? 0 : this.phases[k - 1].end
    const { end, lr, momentum } = this.phases[k]
    const share = (step - begin) / (end - begin)
    return this.optimizer.paramGroups.map((group: Group) => {
      if (this.cycleMomentum) {
        setMomentum(group, this.useBeta1, this.anneal(group[momentum[0]], group[momentum[1]], share))
      }
      return this.anneal(group[lr[0]], group[lr[1]], share)
    })
  }
}

function phases(start: number, steps: number, three: boolean): Phase[] {
  const up: Phase = { end: start * steps - 1, lr: ['initialLr', 'maxLr'], momentum: ['maxMomentum', 'baseMomentum'] }
  const down = (end: number, to: string): Phase => ({
    end,
    lr: ['maxLr', to],
    momentum: ['baseMomentum', 'maxMomentum'],
  })
  if (!three) return [up, down(steps - 1, 'minLr')]
  const out: Phase = { end: steps - 1, lr: ['initialLr', 'minLr'], momentum: ['maxMomentum', 'maxMomentum'] }
  return [up, down(2 * start * steps - 2, 'initialLr'), out]
}
