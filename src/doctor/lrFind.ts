// The learning-rate range test: the rate grows from step to step on a clone until the loss runs away. Smith 2017, arXiv:1506.01186;
// the suggestions are those of fastai's lr_find.

import { noGrad } from '../autograd/mode.js'
import { checkInteger, checkNumber, checkOptions, ValueError } from '../core/errors.js'
import { gatherRows } from '../data/rows.js'
import { manualSeed } from '../tensor/generator.js'
import { type Case, caseOf, insideOf, predict } from './case.js'
import { computeLoss } from './loss.js'
import type { DiagnoseOptions } from './options.js'
import { RateTest } from './rates.js'
import { batches } from './run.js'
import { inSandbox, likeOptimizer } from './sandbox.js'
import { inMode, probeBatch } from './state.js'

export interface LrFindOptions extends DiagnoseOptions {
  /** The first rate. Default: 1e-7. */
  startLr?: number
  /** The last rate. Default: 10. */
  endLr?: number
  /** Steps at most. Default: 100. */
  steps?: number
}

/** The losses by rate and the rate to begin with; `toString()` and `toHTML()` plot them. */
export type LrFindResult = RateTest

const known = ['model', 'criterion', 'optimizer', 'data', 'validation', 'epochs', 'batchSize', 'shuffle'] as const
const SMOOTHING = 0.5
const RUNAWAY = 4
/** Points left out at the ends: the mean has not settled at the one, the loss has begun to run away at the other. */
const [HEAD, TAIL] = [0.1, 2]

interface Sweep {
  readonly rates: number[]
  readonly losses: number[]
  readonly smoothed: number[]
  diverged: boolean
}

function sweep(program: Case, start: number, end: number, steps: number): Sweep {
  const result: Sweep = { rates: [], losses: [], smoothed: [], diverged: false }
  const optimizer = likeOptimizer(program.optimizer, true)
  const growth = (end / start) ** (1 / Math.max(1, steps - 1))
  const relative = optimizer.paramGroups.map(g => Number(g.lr) / (Number(optimizer.paramGroups[0].lr) || 1) || 1)
  let [average, best] = [0, Number.POSITIVE_INFINITY]
  const [px, py] = probeBatch(program)
  let step = 0
  for (const index of batches(program, steps, 0)) {
    const lr = start * growth ** step
    step++
    optimizer.paramGroups.forEach((group, i) => {
      group.lr = lr * relative[i]
    })
    const x = index === null ? program.X : gatherRows(program.X, index)
    const y = index === null ? program.y : gatherRows(program.y, index)
    optimizer.step(() => {
      optimizer.zeroGrad()
      const made = computeLoss(program.criterion, predict(program, x), y)
      made.backward()
      return made
    })
    // Of a fixed batch: losses of the steps' own batches differ by more than a step changes.
    const loss = inMode(program.model, 'still', () =>
      noGrad(() => computeLoss(program.criterion, predict(program, px), py).item()),
    )
    average = SMOOTHING * average + (1 - SMOOTHING) * loss
    const smooth = average / (1 - SMOOTHING ** step)
    if (!Number.isFinite(loss) || smooth > RUNAWAY * best) {
      result.diverged = true
      break
    }
    best = Math.min(best, smooth)
    result.rates.push(lr)
    result.losses.push(loss)
    result.smoothed.push(smooth)
  }
  return result
}

function suggest({ rates, smoothed }: Sweep): LrFindResult['suggestions'] {
  const from = Math.ceil(HEAD * rates.length)
  const until = rates.length - TAIL
  if (until - from < 3) return { steepest: null, minimum: null }
  let least = from
  for (let i = from; i < until; i++) if (smoothed[i] < smoothed[least]) least = i
  let [steepest, slope] = [-1, 0]
  for (let i = from; i <= least; i++) {
    // In equal steps of the logarithm of the rate.
    const change = smoothed[Math.min(i + 1, until - 1)] - smoothed[Math.max(i - 1, from)]
    if (change < slope) {
      slope = change
      steepest = i
    }
  }
  return { steepest: steepest < 0 ? null : rates[steepest], minimum: least === from ? null : rates[least] / 10 }
}

/**
 * Trains a clone for a few steps with a rate that grows from step to step, and says from which on the loss falls and where it runs away.
 * Model, optimizer and random numbers are left as they were.
 *
 * ```ts
 * const found = lrFind({ model, criterion, optimizer, data: loader })
 * console.log(found.toString()) // a plot; found.toHTML() for a page
 * for (const group of optimizer.paramGroups) group.lr = found.suggestion ?? group.lr
 * ```
 */
export function lrFind(options: LrFindOptions): LrFindResult {
  const op = 'lrFind'
  checkOptions(op, options, [...known, 'startLr', 'endLr', 'steps'])
  const { startLr = 1e-7, endLr = 10, steps = 100, ...rest } = options
  checkNumber(op, 'startLr', startLr, 0)
  checkNumber(op, 'endLr', endLr, 0)
  checkInteger(op, 'steps', steps, 10)
  if (!(startLr > 0 && endLr > startLr))
    throw new ValueError(`the rates must grow from above 0, got ${startLr} to ${endLr}`, { op })
  const program = caseOf(rest)
  const result = inSandbox(insideOf(program), () => {
    manualSeed(0)
    return sweep(program, startLr, endLr, steps)
  })
  const suggestions = suggest(result)
  return new RateTest({ suggestion: suggestions.steepest ?? suggestions.minimum, suggestions, ...result })
}
