// What stands behind a compiled function: its recordings by kind of call, and the choice between running, recording and replaying.
import { copyOf } from '../autograd/accumulate.js'
import { copyElements } from '../autograd/inplace.js'
import { mode } from '../autograd/mode.js'
import { maxBuffers, replayProgram, replayProgramAsync } from '../core/dispatch.js'
import { CompileError, describe } from '../core/errors.js'
import { recording } from '../core/recording.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { endOf } from './chunk.js'
import { difference } from './compare.js'
import { type EpochOptions, Epochs } from './epochs.js'
import { type Kind, Kinds } from './kinds.js'
import { assemble, type Passes, plan } from './program.js'
import { Queue, turns } from './queue.js'
import { afterwards, failed, type Ready } from './ready.js'
import { Recording } from './recorder.js'
import { type Result, type Shaped, takeApart } from './result.js'

/** Recordings of one kind of call until two in a row agree. */
const ATTEMPTS = 4
// Gradients kept from the call before are where that call put them: its recordings must agree first, for each shape that it comes in.
const ATTEMPTS_ON_GRADIENTS = 24

function checkInputs(inputs: readonly unknown[]): asserts inputs is Tensor[] {
  const op = 'compile'
  for (let i = 0; i < inputs.length; i++) {
    const x = inputs[i]
    if (!(x instanceof Tensor)) {
      const hint = typeof x === 'number' ? '; a number would be frozen, pass tensor(…)' : ''
      throw new CompileError(`input ${i} of the compiled function must be a Tensor, got ${describe(x)}${hint}`, { op })
    }
    if (x.requiresGrad)
      throw new CompileError(`input ${i} requires gradients, and would get none from a replay: pass x.detach()`, { op })
    if (inputs.indexOf(x) < i)
      throw new CompileError(`inputs ${inputs.indexOf(x)} and ${i} are the same tensor; pass it once`, { op })
  }
}

export class Compiler<A extends Tensor[], R extends Result> {
  /** @internal */
  readonly kinds: Kinds
  private readonly epochs = new Epochs(this as unknown as Compiler<Tensor[], Result>)
  private readonly queue = new Queue()
  private disposed = false

  constructor(
    private readonly fn: (...inputs: A) => R,
    private readonly cacheSize: number,
    private readonly passes: Passes,
    /** Results of replays are the memory that the program writes to. */
    readonly reuseResults: boolean,
  ) {
    this.kinds = new Kinds(cacheSize)
  }

  call(inputs: A): R {
    this.checkIdle()
    return this.run(inputs)
  }

  /** @internal A call, with an epoch under way or not. */
  run(inputs: A): R {
    this.check(inputs)
    if (mode.anomaly) return this.plainly(inputs)
    const kind = this.kinds.of(inputs)
    const ready = this.readyOf(kind)
    return ready === undefined ? this.record(kind, inputs) : this.replay(ready, inputs)
  }

  async callAsync(inputs: A): Promise<R> {
    this.check(inputs)
    // They are the caller's again when this returns.
    const own = this.queue.busy || turns.busy ? (inputs.map(copyOf) as A) : inputs
    return this.queue.run(() => turns.run(() => this.runAsync(own)))
  }

  epochSync(loader: Iterable<Tensor[]>, options?: EpochOptions): R {
    this.checkIdle()
    return this.epochs.run(loader, options) as R
  }

  async epoch(loader: Iterable<Tensor[]>, options?: EpochOptions): Promise<R> {
    return this.queue.run(() => this.epochs.runAsync(loader, options) as Promise<R>)
  }

  private checkIdle(): void {
    if (!this.queue.busy) return
    const message = 'the function is running on another thread; await runAsync or runEpoch before calling it'
    throw new CompileError(message, { op: 'compile' })
  }

  /** @internal The same on another thread, where it can be replayed. */
  async runAsync(inputs: A): Promise<R> {
    this.check(inputs)
    if (mode.anomaly) return this.plainly(inputs)
    const kind = this.kinds.of(inputs)
    const ready = this.readyOf(kind)
    if (ready === undefined) return this.record(kind, inputs)
    try {
      await replayProgramAsync(ready.native, given(inputs, ready.inputs))
    } catch (error) {
      failed(ready)
      throw error
    }
    afterwards(ready, inputs)
    return (this.reuseResults ? reused(ready) : ready.build(ready.outputs.map(copyOf))) as R
  }

  dispose(): void {
    this.disposed = true
    this.kinds.all.length = 0
    this.epochs.clear()
  }

  get memory(): number {
    const held = new Map(this.ready().flatMap(({ plan }) => [...plan.held]))
    let bytes = 0
    for (const n of held.values()) bytes += n
    return bytes
  }

  /** @internal All that can be replayed. */
  ready(): Ready[] {
    return this.kinds.all.flatMap(kind => kind.ready)
  }

  private check(inputs: A): void {
    if (this.disposed) throw new CompileError('the compiled function was disposed of', { op: 'compile' })
    checkInputs(inputs)
    recording.active?.refuse('it calls a compiled function; call the plain one, it is recorded along')
  }

  /** @internal What a call of this kind would replay now. */
  readyOf(kind: Kind): Ready | undefined {
    const { ready } = kind
    for (let i = 0; i < ready.length; i++)
      if (ready[i].revision === recording.revision && ready[i].recording.holds()) return ready[i]
    return undefined
  }

  private replay(ready: Ready, inputs: A): R {
    const out = this.reuseResults ? none : ready.outputs.map(t => emptyTensor(t.shape, t.dtype))
    try {
      replayProgram(ready.native, given(inputs, ready.inputs), out)
    } catch (error) {
      failed(ready)
      throw error
    }
    afterwards(ready, inputs)
    return (this.reuseResults ? reused(ready) : ready.build(out)) as R
  }

  /** The function itself, with results as those of a replay. */
  private plainly(inputs: A): R {
    const { fn } = this
    const { tensors, build } = takeApart(fn(...inputs))
    return build(tensors.map(copyOf)) as R
  }

  /** Runs the function itself, on this kind's own inputs, and keeps a program where it did the same as last time. */
  private record(kind: Kind, inputs: A): R {
    const from = given(inputs, kind.inputs)
    kind.inputs.forEach((own, i) => {
      copyElements(from[i], own)
    })
    const { revision } = recording
    const before = kind.attempts.filter(a => a.revision === revision && a.recording.settingsHold())
    const versions = kind.inputs.map(x => x.storage.version)
    const [made, result] = this.watch(kind.inputs as A)
    kind.inputs.forEach((x, i) => {
      if (x.storage.version !== versions[i])
        made.refuse(`it changes its input ${i} in place, which would not be the caller's: clone() it first`)
    })
    const ends = inputs.length + (this.reuseResults ? 0 : result.tensors.length)
    if (ends > maxBuffers)
      made.refuse(
        `it has ${inputs.length} inputs and ${result.tensors.length} results, ${maxBuffers} in all are the most; join some of them (cat, stack)`,
      )
    const compared = made.accumulates ? before : before.slice(-1)
    const differences = compared.map(a => difference(a.recording, made))
    if (differences.includes(null)) {
      kind.ready = kind.ready.filter(r => r.revision === revision)
      kind.ready.push(this.readied(kind, made, result))
      if (kind.ready.length > this.cacheSize) kind.ready.shift()
      this.kinds.trim(true)
      for (const a of before) a.recording.forget()
      kind.attempts = kind.attempts.filter(a => !before.includes(a))
    } else {
      const count = before.length + 1
      if (count >= (made.accumulates ? ATTEMPTS_ON_GRADIENTS : ATTEMPTS)) {
        kind.attempts = []
        made.refuse(`in ${count} calls no two did the same; ${differences.at(-1)}`)
      }
      // Only the last is compared with: the others count.
      if (!made.accumulates) for (const a of before) a.recording.forget()
      const kept = kind.attempts.filter(a => a.revision === revision)
      const others = kept.filter(a => !before.includes(a)).slice(-this.cacheSize)
      kind.attempts = [...others, ...before, { recording: made, revision }]
    }
    return result.build(result.tensors.map(copyOf)) as R
  }

  private readied({ inputs }: Kind, made: Recording, { tensors: outputs, build }: Shaped): Ready {
    const planned = plan(made, outputs, this.passes, this.ready())
    // What is returned or left as a gradient is looked for where it was recorded.
    const kept = new Set([...outputs.map(t => t.storage), ...made.kept()])
    const ends = inputs.map(x => ({ ...endOf(x), borrowed: !kept.has(x.storage) && !made.keeps(x) }))
    const native = assemble(ends, this.reuseResults ? [] : outputs.map(endOf), planned.launches)
    made.forget()
    const result = build(outputs)
    return { recording: made, plan: planned, native, revision: recording.revision, inputs, outputs, build, result }
  }

  private watch(inputs: A): [Recording, Shaped] {
    const { fn } = this
    const made = new Recording()
    recording.active = made
    try {
      return [made, takeApart(fn(...inputs))]
    } finally {
      recording.active = null
      made.finish()
    }
  }
}

/** The result of a program in its own memory, which just changed. */
function reused({ outputs, result }: Ready): Result {
  for (let i = 0; i < outputs.length; i++) outputs[i].storage.version++
  return result
}

const none: readonly Tensor[] = []

/** Whether replays can take it as it is: contiguous, and not the memory of an input itself, which was left as a gradient or returned. */
function isFit(x: Tensor, own: readonly Tensor[]): boolean {
  for (let i = 0; i < own.length; i++) if (own[i].storage === x.storage) return false
  return x.isContiguous()
}

/** The inputs, those copied that replays cannot take. */
function given(inputs: readonly Tensor[], own: readonly Tensor[]): readonly Tensor[] {
  for (let i = 0; i < inputs.length; i++)
    if (!isFit(inputs[i], own)) return inputs.map(x => (isFit(x, own) ? x : copyOf(x)))
  return inputs
}
