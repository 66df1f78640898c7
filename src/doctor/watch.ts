// watch: looks on while the user's own loop trains, and judges what it saw.
import { checkInteger, checkOptions, describe } from '../core/errors.js'
import { Module } from '../nn/module.js'
import { Optimizer } from '../optim/optimizer.js'
import { callsReport, reportOf } from './assemble.js'
import { type Case, insideOf } from './case.js'
import { Context } from './context.js'
import { viewData } from './dataView.js'
import { budgetOf, startOf } from './diagnose.js'
import { Live } from './live/live.js'
import { baselineOf } from './loss.js'
import { firstNonfinite } from './measure.js'
import type { DiagnoseOptions, Watcher, WatchOptions } from './options.js'
import type { Report } from './report.js'
import type { Run } from './run.js'
import { inSandbox } from './sandbox.js'
import { evaluate, type State, stateOf } from './state.js'
import type { Control } from './trace.js'
import { triage, triageCalls } from './triage.js'
import { Watching } from './watch/watching.js'
import type { Wiring } from './watch/wiring.js'

const known = ['model', 'criterion', 'optimizer', 'epochs', 'stepsPerEpoch', 'validation', 'serve'] as const
const DEFAULT_STEPS = 1000

function checked(options: WatchOptions): WatchOptions {
  const op = 'watch'
  checkOptions(op, options, known)
  const { model, optimizer, criterion, epochs, stepsPerEpoch } = options
  if (!(model instanceof Module)) throw new TypeError(`${op}: model must be a Module, got ${describe(model)}`)
  if (!(optimizer instanceof Optimizer))
    throw new TypeError(`${op}: optimizer must be an Optimizer, got ${describe(optimizer)}`)
  if (criterion !== undefined && !(criterion instanceof Module) && typeof criterion !== 'function')
    throw new TypeError(`${op}: criterion must be a loss module or a function, got ${describe(criterion)}`)
  if (epochs !== undefined) checkInteger(op, 'epochs', epochs, 1)
  if (stepsPerEpoch !== undefined) checkInteger(op, 'stepsPerEpoch', stepsPerEpoch, 1)
  return options
}

/** The program as far as it was seen; null before the first batch. */
function seenCase(w: Watching): Case | null {
  const all = w.batches.joined()
  if (all === null) return null
  const [X, y] = all
  const { model, optimizer, validation, epochs } = w.options
  const steps = w.planned ?? Math.max(DEFAULT_STEPS, w.step)
  const options: DiagnoseOptions = {
    model,
    criterion: w.criterion,
    optimizer,
    data: [X, y],
    batchSize: w.batches.size,
    shuffle: false,
    ...(validation === undefined ? {} : { validation }),
  }
  return {
    options,
    model,
    criterion: w.criterion,
    optimizer,
    X,
    y,
    validation: validation ?? null,
    rows: X.shape[0],
    batchSize: w.batches.size,
    shuffle: false,
    orderKnown: true,
    epochs: epochs ?? Math.max(1, w.epochs),
    planned: w.planned !== null,
    steps,
    generators: [],
    startRates: w.startRates,
    watched: w.options,
    head: w.head,
  }
}

/** What was seen of the run, with a look at where it began and where it is now. */
function seenRun(w: Watching, c: Case, start: State): Run {
  const { observation, probe } = w
  const values = observation.initial
  const now = inSandbox(insideOf(c), () => {
    if (probe === null || w.nonfinite !== null || [...c.model.parameters()].some(p => firstNonfinite(p) >= 0))
      return null
    const { loss } = evaluate(c, probe[0], probe[1])
    const state = stateOf(c, probe[0], probe[1])
    return { state, loss }
  })
  const first =
    probe === null ? null : inSandbox({ ...insideOf(c), values }, () => evaluate(c, probe[0], probe[1]).loss)
  const points = [
    ...(first === null ? [] : [{ step: 0, loss: first }]),
    ...observation.probe,
    ...(now === null || observation.probe.at(-1)?.step === w.step ? [] : [{ step: w.step, loss: now.loss }]),
  ]
  return {
    steps: w.step,
    complete: w.planned !== null && w.step >= w.planned,
    losses: [...observation.losses],
    rates: [...observation.rates],
    layers: observation.traces(),
    probe: points,
    validation: [...w.validation],
    baseline:
      probe === null
        ? start.baseline
        : baselineOf(start.kind, c.criterion, [probe[0].shape[0], ...start.output.shape.slice(1)], probe[1]),
    kind: start.kind,
    nonfinite: w.nonfinite,
    end: now?.state ?? null,
    gap: now === null || now.state.loss === null ? null : { train: now.state.loss, eval: now.loss },
  }
}

function seenWiring(w: Watching): Wiring {
  return {
    steps: w.step,
    backwards: w.wires.backwards,
    unzeroed: w.wires.unzeroed,
    gradientNorms: w.wires.gradientNorms,
    inEvaluation: w.wires.inEvaluation,
    unchanged: w.unchanged(),
    clipFactors: w.wires.factors(),
    epochs: w.epochs,
  }
}

/** Where the loss cannot be computed anew, the layers are shown and the calls judged. */
function plainReport(w: Watching, seconds: number): Report {
  const { observation, options, step } = w
  const note =
    w.wires.backwards === 0
      ? 'no backward pass through the model was seen'
      : 'the loss is made of more than the output of this model: its layers are shown, and the loop is judged by its calls'
  const trace = {
    losses: [...observation.losses],
    rates: [...observation.rates],
    layers: observation.traces(),
    validation: [...w.validation],
  }
  const findings = triageCalls(seenWiring(w), w.nonfinite, options.model)
  return callsReport(options, findings, trace, { steps: step, plannedSteps: w.planned, seconds, notes: [note] })
}

class LoopWatcher implements Watcher {
  private readonly live: Live | null
  private readonly watching: Watching
  private readonly listeners = new Set<() => void>()
  private start: State | null = null
  private control: Control | null = null
  private latest: { step: number; report: Report } | null = null

  constructor(options: WatchOptions) {
    const { serve = false } = checked(options)
    this.live = serve === false ? null : new Live(serve === true ? {} : serve)
    this.watching = new Watching(options)
    this.watching.onSampled = () => {
      this.live?.update(() => this.report({ quick: true }))
      for (const listener of this.listeners) listener()
    }
    if (this.live !== null) process.once('exit', this.endPage)
  }

  get url(): string | null {
    return this.live?.url ?? null
  }

  /** Tells readers that the run is over, with the last report there is. */
  private readonly endPage = () => {
    process.off('exit', this.endPage)
    this.live?.end(this.latest?.report ?? this.report({ quick: true }))
  }

  epoch(results: { validationLoss?: number; validationAccuracy?: number } = {}): void {
    checkOptions('epoch', results, ['validationLoss', 'validationAccuracy'])
    this.watching.epoch(results)
  }

  onSample(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  stop(): void {
    this.watching.stop()
    this.endPage()
  }

  report({ quick = false }: { quick?: boolean } = {}): Report {
    const w = this.watching
    if (!quick && this.latest?.step === w.step) return this.latest.report
    const report = w.unseen(() => this.made(quick))
    if (!quick) this.latest = { step: w.step, report }
    return report
  }

  private made(quick: boolean): Report {
    const w = this.watching
    const c = seenCase(w)
    const seconds = (performance.now() - w.began) / 1000
    if (c === null || w.unclear) return plainReport(w, seconds)
    // The first batches are all that a start can be judged by; more of them come until there are enough.
    if (this.start === null || !w.batches.full) this.start = startOf(c, w.observation.initial)
    const { start } = this
    const context = new Context(
      c,
      viewData(c, start.kind),
      start,
      seenRun(w, c, start),
      budgetOf(start, c),
      seenWiring(w),
      w.observation.initial,
      quick,
    )
    if (this.control !== null && w.batches.full) context.adoptControl(this.control)
    const findings = triage(context)
    this.control = context.controlIfKnown
    return reportOf(context, findings, 'watch', seconds, quick ? ['nothing was tried on clones yet'] : [])
  }
}

/**
 * Looks on while your own loop trains, eager or compiled: backward, step, zeroGrad, clipping, schedulers, modes. Nothing in the loop
 * changes, nor any result of it.
 *
 * ```ts
 * const watcher = watch({ model, criterion, optimizer, epochs: 20, stepsPerEpoch: loader.length })
 * // … your training …
 * console.log(`${watcher.report()}`)
 * watcher.stop()
 * ```
 */
export function watch(options: WatchOptions): Watcher {
  return new LoopWatcher(options)
}
