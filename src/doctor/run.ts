// A training run of the user's program in a sandbox: the same loop, for a number of steps, with everything noted.
import { gatherRows } from '../data/rows.js'
import { LBFGS } from '../optim/lbfgs.js'
import { Generator, manualSeed } from '../tensor/generator.js'
import { randperm } from '../tensor/random.js'
import type { Tensor } from '../tensor/tensor.js'
import { type Case, caseOf, insideOf, predict } from './case.js'
import { operationsOf, whileNoting } from './graph.js'
import { computeLoss, type LossKind, rowsTensor } from './loss.js'
import { firstNonfinite } from './measure.js'
import { Observation } from './observation.js'
import type { DiagnoseOptions } from './options.js'
import { inSandbox, likeOptimizer, type Values } from './sandbox.js'
import { evaluate, probeBatch, type State, stateOf } from './state.js'
import type { LayerTrace, LossPoint, RatePoint, ValidationPoint } from './trace.js'

/** Changes options before a run, as `fix.apply` changes the user's. */
export type Treatment = (options: DiagnoseOptions) => Partial<DiagnoseOptions>

export interface Nonfinite {
  readonly step: number
  /** The loss, or the first parameter, that is not finite. */
  readonly where: string
  readonly lastLoss: number | null
}

/** What is known of a run, whether the doctor's or one that it watched. */
export interface Run {
  /** Steps taken. */
  readonly steps: number
  /** Whether that is the whole training. */
  readonly complete: boolean
  readonly losses: readonly LossPoint[]
  readonly rates: readonly RatePoint[]
  readonly layers: readonly LayerTrace[]
  /** Losses of the fixed batch in evaluation mode. */
  readonly probe: readonly LossPoint[]
  readonly validation: readonly ValidationPoint[]
  readonly baseline: number | null
  readonly kind: LossKind
  readonly nonfinite: Nonfinite | null
  /** The network after it; null where the run ended in numbers that are not finite. */
  readonly end: State | null
  /** Loss of the last step's kind of batch in training mode against evaluation mode. */
  readonly gap: { readonly train: number; readonly eval: number } | null
}

export interface RunOptions {
  readonly steps: number
  readonly treat?: Treatment
  /** Start from these values instead of the present ones. */
  readonly values?: Values
  /** Steps after which the fixed batch is looked at, beside those that are anyway. */
  readonly probeAt?: readonly number[]
  /** Note layers and validation too. */
  readonly full?: boolean
  readonly seed?: number
  /** A fixed batch to judge by, where it is not to be taken from the run's own data. */
  readonly probe?: readonly [Tensor, Tensor]
}

/** Row numbers of every step. */
export function* batches(c: Case, steps: number, seed: number): Iterable<Tensor | null> {
  const generator = new Generator(seed)
  for (let step = 0; step < steps; ) {
    if (c.batchSize >= c.rows) {
      yield null
      step++
      continue
    }
    const order = c.shuffle ? randperm(c.rows, { generator }) : null
    for (let at = 0; at < c.rows && step < steps; at += c.batchSize, step++) {
      const size = Math.min(c.batchSize, c.rows - at)
      yield order === null ? inOrder(at, size) : order.narrow(0, at, size)
    }
  }
}

const inOrder = (at: number, size: number): Tensor => rowsTensor(Array.from({ length: size }, (_, i) => at + i))

/** Early steps closely, then at even distances. */
export function isSampled(step: number, every: number): boolean {
  return step <= 10 || (step <= 50 && step % 5 === 0) || step % every === 0
}

function nonfiniteIn(c: Case): string {
  for (const [name, p] of c.model.namedParameters()) if (firstNonfinite(p) >= 0) return name
  return 'the loss'
}

/** Trains for so many steps in a sandbox. */
export function train(
  program: Case,
  { steps, treat, values, probeAt = [], full = false, seed = 0, probe: given }: RunOptions,
): Run {
  return inSandbox({ ...insideOf(program), values }, () => {
    manualSeed(seed)
    const { startRates } = program
    const options = { ...program.options, optimizer: likeOptimizer(program.optimizer, startRates !== undefined) }
    startRates?.forEach((lr, i) => {
      options.optimizer.paramGroups[i].lr = lr
    })
    treat?.(options)
    const c =
      treat === undefined
        ? { ...program, optimizer: options.optimizer }
        : { ...caseOf(options), startRates, head: program.head }
    const { model, criterion, optimizer } = c
    const [px, py] = given ?? probeBatch(c)
    const first = stateOf(c, px, py)
    for (const p of model.parameters()) p.grad = null
    const seen = new Observation(model, optimizer)
    const validation: ValidationPoint[] = []
    const every = Math.max(1, Math.ceil(steps / 40))
    const wanted = new Set([...probeAt, steps])
    const probed = (step: number) => {
      seen.probe.push({ step, loss: evaluate(c, px, py).loss })
    }
    probed(0)
    let step = 0
    let nonfinite: Nonfinite | null = null
    for (const index of batches(c, steps, seed)) {
      step++
      const x = index === null ? c.X : gatherRows(c.X, index)
      const y = index === null ? c.y : gatherRows(c.y, index)
      const sampled = full && isSampled(step, every)
      let view: Parameters<Observation['sample']>[1] = null
      const closure = () => {
        optimizer.zeroGrad()
        let output: Tensor
        if (sampled) {
          const noted = whileNoting(model, () => predict(c, x))
          output = noted.result
          view = { calls: noted.view.calls, operations: operationsOf(model, output, noted.owner) }
        } else output = predict(c, x)
        const loss = computeLoss(criterion, output, y)
        if (loss.requiresGrad) loss.backward()
        return loss
      }
      if (sampled) seen.mark()
      let loss: number
      if (optimizer instanceof LBFGS) loss = optimizer.step(closure).item()
      else {
        loss = closure().item()
        optimizer.step()
      }
      seen.note(step, loss)
      if (sampled) seen.sample(step, view)
      if (isSampled(step, every) || wanted.has(step)) probed(step)
      if (!Number.isFinite(loss)) {
        const last = seen.losses.findLast(p => Number.isFinite(p.loss))
        nonfinite = { step, where: nonfiniteIn(c), lastLoss: last?.loss ?? null }
        break
      }
      if (full && c.validation !== null && (step % every === 0 || step === steps)) {
        const { loss: v } = evaluate(c, c.validation[0], c.validation[1])
        validation.push({ step, loss: v })
      }
    }
    const last = nonfinite === null ? seen.losses.at(-1)?.loss : undefined
    const atEnd = seen.probe.at(-1)?.loss
    return {
      steps: step,
      complete: step >= program.steps,
      losses: seen.losses,
      rates: seen.rates,
      layers: seen.traces(),
      probe: seen.probe,
      validation,
      baseline: first.baseline,
      kind: first.kind,
      nonfinite,
      end: nonfinite === null && full ? stateOf(c, px, py) : null,
      gap: full && last !== undefined && atEnd !== undefined ? gapOf(c, px, py) : null,
    }
  })
}

/** The same batch in training mode, dropout off, and in evaluation mode. */
function gapOf(c: Case, px: Tensor, py: Tensor): Run['gap'] {
  const still = stateOf(c, px, py).loss
  return still === null ? null : { train: still, eval: evaluate(c, px, py).loss }
}
