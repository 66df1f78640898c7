// Follows the user's own loop, eager or compiled, without a change in it.
import { type PassObserver, passObservers } from '../../autograd/backward.js'
import type { Node } from '../../autograd/node.js'
import { type Onlooker, onlookers, type Ready } from '../../compile/ready.js'
import { recording, unrecorded } from '../../core/recording.js'
import { gatherRows } from '../../data/rows.js'
import { observers } from '../../nn/hooks.js'
import type { Module } from '../../nn/module.js'
import { Tensor } from '../../tensor/tensor.js'
import { computeLoss, type LossKind } from '../loss.js'
import { firstNonfinite } from '../measure.js'
import { Observation } from '../observation.js'
import type { Criterion, WatchOptions } from '../options.js'
import { isSampled, type Nonfinite } from '../run.js'
import { inSandbox, modulesAmong, optimized } from '../sandbox.js'
import { evaluate, inMode, PROBE_ROWS, spacedRows, viewOfNetwork } from '../state.js'
import type { ValidationPoint } from '../trace.js'
import { Batches, lossesUnder } from './batches.js'
import { criterionFor } from './criterion.js'
import { type Head, headBetween } from './head.js'
import { Wires } from './wires.js'

/** Samples over the whole run, unless they cost more than this share of its time, beyond a first allowance in milliseconds. */
const SAMPLES = 200
const SHARE = 0.02
const ALLOWANCE = 20
/** Steps that are sampled in any case, beside every tenth of the others. */
const CERTAIN = 5
const MEASURED = 24
/** Parameters from which on a look at a few rows has to do. */
const LARGE = 100_000
/** Batches before the fixed batch is put together. */
const FIRST_STEPS = 4

interface Place {
  readonly storage: Tensor['storage']
  readonly byteOffset: number
}

/** Whether a tensor was computed from another one: nodes are created in order, those before it need not be looked at. */
function comesFrom(root: Tensor, source: Tensor): boolean {
  const wanted = source.gradFn
  if (wanted === null) return true
  const seen = new Set<Node | null>([null])
  const waiting = [root.gradFn]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node === wanted) return true
    if (node === null || seen.has(node) || node.sequence < wanted.sequence) continue
    seen.add(node)
    waiting.push(...node.next)
  }
  return false
}

export class Watching implements PassObserver, Onlooker {
  readonly observation: Observation
  readonly wires: Wires
  readonly batches = new Batches()
  readonly validation: ValidationPoint[] = []
  readonly startRates: readonly number[]
  readonly began = performance.now()
  /** Steps that the training will have; null where nobody said. */
  readonly planned: number | null
  step = 0
  epochs = 0
  nonfinite: Nonfinite | null = null
  kind: LossKind = 'other'
  /** What the loop does with the output before the loss. */
  head: Head | undefined
  /** The loss is made of more than the model's output. */
  unclear = false
  /** The fixed batch, once there is one. */
  probe: readonly [Tensor, Tensor] | null = null
  onSampled: () => void = () => {}

  private readonly parameters: readonly Tensor[]
  private readonly stops: (() => void)[] = []
  private quiet = false
  private marked = false
  private spent = 0
  private input: Tensor | null = null
  private output: Tensor | null = null
  private target: Tensor | null = null
  private lossTensor: Tensor | null = null
  private lastFinite: number | null = null
  /** Version of a parameter's memory after the last step: a replay that changes it was one. */
  private version = -1
  /** Where recorded calls had their losses and inputs. */
  private readonly places: { loss: Place; input: Place | null; target: Place | null }[] = []
  private readonly indices = new WeakMap<Ready, { loss: number; input: number; target: number }>()

  constructor(readonly options: WatchOptions) {
    const { model, optimizer, epochs, stepsPerEpoch } = options
    this.observation = new Observation(model, optimizer)
    this.parameters = optimized(optimizer)
    this.wires = new Wires(model, this.parameters)
    this.startRates = optimizer.paramGroups.map(g => Number(g.lr))
    this.planned = epochs !== undefined && stepsPerEpoch !== undefined ? epochs * stepsPerEpoch : null
    const see = (module: Module, inputs: readonly unknown[]) => this.see(module, inputs)
    observers.add(see)
    passObservers.add(this)
    onlookers.add(this)
    this.stops.push(
      () => observers.delete(see),
      () => passObservers.delete(this),
      () => onlookers.delete(this),
      optimizer.registerStepPreHook(() => this.beforeStep()),
      optimizer.registerStepPostHook(() => this.afterStep()),
    )
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop()
  }

  private get every(): number {
    return Math.max(1, Math.ceil(Math.max(this.planned ?? 1000, this.step) / SAMPLES))
  }

  private sampled(step: number): boolean {
    if (step <= CERTAIN || step % (10 * this.every) === 0) return true
    return isSampled(step, this.every) && this.spent < ALLOWANCE + SHARE * (performance.now() - this.began)
  }

  /** Whether the gradients of a step are measured: of the first ones always, so that there are enough to judge clipping by. */
  private measured(step: number): boolean {
    return step <= MEASURED || this.sampled(step)
  }

  // --- what the loop does -------------------------------------------------------------------------------------------------

  private see(module: Module, inputs: readonly unknown[]): ((output: unknown) => void) | undefined {
    if (this.quiet) return undefined
    if (module === this.options.criterion) {
      this.target = inputs[1] instanceof Tensor ? inputs[1] : null
      return undefined
    }
    if (module !== this.options.model) return undefined
    return output => {
      const first = Array.isArray(output) ? output[0] : output
      this.input = inputs[0] instanceof Tensor ? inputs[0] : null
      this.output = first instanceof Tensor ? first : null
    }
  }

  before(root: Tensor): void {
    if (this.quiet || this.output === null) return
    // Of several networks that are watched, only that which the loss came from.
    if (passObservers.size > 1 && !comesFrom(root, this.output)) return
    const recorded = recording.active !== null
    unrecorded(() => {
      this.wires.before()
      this.lossTensor = root.count === 1 ? root.detach() : null
      this.timed(() => {
        if (recorded || !this.batches.full) this.keepBatch(root, recorded)
      })
    })
    this.output = null
    this.input = null
    this.target = null
  }

  private keepBatch(root: Tensor, recorded: boolean): void {
    const losses = lossesUnder(root)
    const [found] = losses
    // A sum of several losses, or one of something else than the output, cannot be computed anew.
    const head = losses.length === 1 && this.output !== null ? headBetween(this.output, found) : undefined
    if (losses.length > 1 || head === null) this.unclear = true
    if (found !== undefined) this.kind = found.kind
    if (head) this.head = head
    const target = this.target ?? found?.target ?? null
    const place = (t: Tensor) => ({ storage: t.storage, byteOffset: t.byteOffset })
    if (recorded) {
      this.places.push({
        loss: place(root),
        input: this.input === null ? null : place(this.input),
        target: target === null ? null : place(target),
      })
      if (this.places.length > 16) this.places.shift()
    }
    if (!this.unclear && this.input !== null && target !== null) this.batches.add(this.input, target)
  }

  after(): void {
    if (this.quiet) return
    unrecorded(() => {
      this.timed(() => {
        this.wires.after(this.measured(this.step + 1))
      })
    })
  }

  private beforeStep(): void {
    if (this.quiet) return
    unrecorded(() => {
      this.timed(() => {
        this.wires.beforeStep(this.measured(this.step + 1))
      })
      if (this.sampled(this.step + 1)) this.mark()
    })
  }

  private afterStep(): void {
    if (this.quiet) return
    const recorded = recording.active !== null
    unrecorded(() => {
      this.wires.afterStep()
      const loss = this.lossTensor === null ? null : this.lossTensor.item()
      this.lossTensor = null
      this.stepped(loss)
      // The next one may be replayed, without a word before it.
      if (recorded && this.sampled(this.step + 1)) this.mark()
    })
  }

  most(): number {
    if (this.marked) return 1
    for (let n = 1; n <= 64; n++) if (isSampled(this.step + n, this.every)) return Math.max(1, n - 1)
    return 64
  }

  replayed(ready: Ready, inputs: readonly Tensor[] | null, resultOf: (i: number) => number): void {
    const { version } = this.parameters[0].storage
    if (this.quiet || version === this.version) return
    let at = this.indices.get(ready)
    if (at === undefined) {
      const find = (list: readonly Tensor[], places: readonly (Place | null)[]) =>
        list.findIndex(t => places.some(p => p !== null && p.storage === t.storage && p.byteOffset === t.byteOffset))
      at = {
        loss: find(
          ready.outputs,
          this.places.map(p => p.loss),
        ),
        input: find(
          ready.inputs,
          this.places.map(p => p.input),
        ),
        target: find(
          ready.inputs,
          this.places.map(p => p.target),
        ),
      }
      this.indices.set(ready, at)
    }
    if (inputs !== null && at.input >= 0 && at.target >= 0) this.batches.add(inputs[at.input], inputs[at.target])
    this.wires.replayed(ready.recording.accumulates, this.marked)
    this.stepped(at.loss < 0 || ready.outputs[at.loss].count !== 1 ? null : resultOf(at.loss))
    if (this.sampled(this.step + 1)) this.mark()
  }

  // --- what is noted ------------------------------------------------------------------------------------------------------

  /** Runs what is charged to the watcher. */
  private timed(fn: () => void): void {
    const before = performance.now()
    fn()
    this.spent += performance.now() - before
  }

  private mark(): void {
    this.timed(() => {
      this.observation.mark()
    })
    this.marked = true
  }

  private stepped(loss: number | null): void {
    this.step++
    this.version = this.parameters[0].storage.version
    this.observation.note(this.step, loss)
    if (loss !== null && Number.isFinite(loss)) this.lastFinite = loss
    else if (loss !== null && this.nonfinite === null) this.nonfinite = this.broken()
    if (this.probe === null && (this.step >= FIRST_STEPS || this.batches.rows >= PROBE_ROWS)) this.probe = this.fixed()
    if (!this.marked) return
    this.marked = false
    this.timed(() => {
      this.look()
    })
    this.onSampled()
  }

  private broken(): Nonfinite {
    const named = [...this.options.model.namedParameters()].find(([, p]) => firstNonfinite(p) >= 0)
    return { step: this.step, where: named?.[0] ?? 'the loss', lastLoss: this.lastFinite }
  }

  private fixed(): readonly [Tensor, Tensor] | null {
    const all = this.batches.first()
    if (all === null) return null
    const large = this.parameters.reduce((n, p) => n + p.count, 0) > LARGE
    const index = spacedRows(all[0].shape[0], large ? PROBE_ROWS / 4 : PROBE_ROWS / 2)
    return [gatherRows(all[0], index), gatherRows(all[1], index)]
  }

  get criterion(): Criterion {
    return this.options.criterion ?? criterionFor(this.kind)
  }

  /** Looks at layers and at the fixed batch, with the user's hooks left out. */
  private look(): void {
    const { probe, observation } = this
    const { model } = this.options
    if (probe === null) {
      observation.sample(this.step, null)
      return
    }
    this.quietly(() => {
      for (const m of model.modules()) m._hooks = null
      const [x, y] = probe
      inMode(model, 'eval', () => {
        const view = viewOfNetwork({ model, head: this.head }, x)
        observation.sample(this.step, view)
        observation.probe.push({ step: this.step, loss: computeLoss(this.criterion, view.output.detach(), y).item() })
      })
    })
  }

  /** Runs fn without being seen, and without leaving a trace in the model. */
  quietly<R>(fn: () => R): R | null {
    this.quiet = true
    try {
      return inSandbox({ modules: modulesAmong(this.options.model, this.options.criterion), still: true }, fn)
    } catch {
      // What cannot be looked at is left out; the user's own call will say why.
      return null
    } finally {
      this.quiet = false
    }
  }

  /** Runs the doctor's own trainings without watching them. */
  unseen<R>(fn: () => R): R {
    this.quiet = true
    try {
      return fn()
    } finally {
      this.quiet = false
    }
  }

  epoch(results: { validationLoss?: number; validationAccuracy?: number }): void {
    this.epochs++
    const { validation } = this.options
    const loss =
      results.validationLoss ??
      (validation === undefined
        ? undefined
        : (this.quietly(
            () =>
              evaluate({ model: this.options.model, criterion: this.criterion, head: this.head }, ...validation).loss,
          ) ?? undefined))
    const accuracy = results.validationAccuracy
    this.validation.push({
      step: this.step,
      epoch: this.epochs,
      ...(loss === undefined ? {} : { loss }),
      ...(accuracy === undefined ? {} : { accuracy }),
    })
  }

  /** Trainable parameters that are to the bit where they were, though they had a gradient, or had none. */
  unchanged(): string[] {
    if (this.step < 5) return []
    const own = new Set(this.parameters)
    return [...this.options.model.namedParameters()].flatMap(([name, p]) => {
      if (!own.has(p) || !p.leafRequiresGrad) return []
      const initial = this.observation.initial.get(p)!.toTypedArray()
      const now = p.toTypedArray()
      if (now.some((v: number, i: number) => v !== initial[i])) return []
      return [name]
    })
  }
}
