// Whole epochs of a compiled function: batches of rows in few native calls, anything else batch by batch.
import { copyOf } from '../autograd/accumulate.js'
import { mode } from '../autograd/mode.js'
import { CompileError, checkOptions, describe } from '../core/errors.js'
import { DataLoader, type EpochPlan } from '../data/dataLoader.js'
import { gatherRows } from '../data/rows.js'
import { emptyTensor, type Tensor, viewOf } from '../tensor/tensor.js'
import { type Chunk, isFor, makeChunk, runChunk, runChunkAsync } from './chunk.js'
import type { Compiler } from './compiler.js'
import { turns } from './queue.js'
import { afterwards, failed, onlookers, type Ready } from './ready.js'
import { type Result, type Shaped, takeApart } from './result.js'

export interface EpochOptions {
  /** Called between native calls with the batches done and all batches (undefined where the loader does not know). */
  onProgress?: (progress: { batch: number; batches: number | undefined }) => void
  /** Stops the epoch between native calls, throwing the signal's reason. */
  signal?: AbortSignal
}

// Batches to a native call: enough to hide its 30 us, few enough for progress and for aborting.
const MOST = 32
const KEPT = 16

interface ChunkPart {
  readonly chunk: Chunk
  readonly index: Tensor
  readonly steps: readonly Ready[]
}

/** A part of an epoch that is to be run: one call of the function, or a chunk. */
type Part = { readonly inputs: Tensor[] } | ChunkPart

function checkEpoch(loader: unknown, options: EpochOptions | undefined): void {
  const op = 'runEpoch'
  checkOptions(op, options, ['onProgress', 'signal'])
  if (typeof (loader as Iterable<unknown> | null)?.[Symbol.iterator] !== 'function')
    throw new TypeError(`${op}: expected a DataLoader or another iterable of batches, got ${describe(loader)}`)
  if (options?.onProgress !== undefined && typeof options.onProgress !== 'function')
    throw new TypeError(`${op}: onProgress must be a function, got ${describe(options.onProgress)}`)
  if (options?.signal !== undefined && !(options.signal instanceof AbortSignal))
    throw new TypeError(`${op}: signal must be an AbortSignal, got ${describe(options.signal)}`)
}

export class Epochs {
  private chunks: Chunk[] = []

  constructor(private readonly compiler: Compiler<Tensor[], Result>) {}

  clear(): void {
    this.chunks = []
  }

  run(loader: Iterable<Tensor[]>, options?: EpochOptions): Result {
    const results = new Results(loader, options)
    for (const part of this.parts(loader)) {
      results.check()
      if ('inputs' in part) results.one(this.own(this.compiler.run(part.inputs)))
      else
        results.many(
          attempt(part, () => runChunk(part.chunk, part.index)),
          part.steps,
        )
    }
    return results.stacked()
  }

  async runAsync(loader: Iterable<Tensor[]>, options?: EpochOptions): Promise<Result> {
    const results = new Results(loader, options)
    const parts = this.parts(loader)
    // What can be replayed is looked at when it is this function's turn: others may change it before.
    const next = async () => {
      const { value: part, done } = parts.next()
      if (done) return false
      results.check()
      if ('inputs' in part) results.one(this.own(await this.compiler.runAsync(part.inputs)))
      else results.many(await attempt(part, () => runChunkAsync(part.chunk, part.index)), part.steps)
      return true
    }
    try {
      for (let more = true; more; ) more = await turns.run(next)
    } finally {
      parts.return(undefined)
    }
    return results.stacked()
  }

  /** A result's tensors, which the next call does not overwrite. */
  private own(result: Result): Shaped {
    const { tensors, build } = takeApart(result)
    return { tensors: this.compiler.reuseResults ? tensors.map(copyOf) : tensors, build }
  }

  private *parts(loader: Iterable<Tensor[]>): Generator<Part> {
    const plan = loader instanceof DataLoader ? loader.plan() : null
    if (plan === null) {
      for (const batch of loader) {
        if (!Array.isArray(batch))
          throw new TypeError(`runEpoch: a batch must be an array of the function's inputs, got ${describe(batch)}`)
        yield { inputs: batch }
      }
      return
    }
    const { tensors, batches } = plan
    for (let at = 0; at < batches.length; ) {
      const steps = this.stepsFrom(plan, at)
      if (steps.length === 0) {
        yield { inputs: tensors.map(t => gatherRows(t, batches[at])) }
        at++
      } else {
        yield { chunk: this.chunkFor(steps, tensors), index: joined(batches.slice(at, at + steps.length)), steps }
        at += steps.length
      }
    }
  }

  /** The batches from `at` on that can be replayed one after the other. */
  private stepsFrom({ tensors, batches }: EpochPlan, at: number): Ready[] {
    const steps: Ready[] = []
    // Each result is looked at then, by the function itself.
    if (mode.anomaly) return steps
    const most = Math.min(MOST, ...[...onlookers].map(o => o.most()))
    while (steps.length < most && at + steps.length < batches.length) {
      const { count } = batches[at + steps.length]
      const kind = this.compiler.kinds.of(
        tensors.map(({ shape, dtype }) => ({ shape: [count, ...shape.slice(1)], dtype })),
      )
      const ready = this.compiler.readyOf(kind)
      if (ready === undefined || !sameResults(ready, steps[0] ?? ready)) break
      steps.push(ready)
      if (!ready.recording.repeats) break
    }
    return steps
  }

  private chunkFor(steps: readonly Ready[], tensors: readonly Tensor[]): Chunk {
    const known = this.chunks.find(chunk => isFor(chunk, steps, tensors))
    if (known !== undefined) return known
    const chunk = makeChunk(steps, tensors)
    this.chunks = [chunk, ...this.chunks.slice(0, KEPT - 1)]
    return chunk
  }
}

/** What `run` gives; should it fail, the steps are told. */
function attempt<R>({ steps }: ChunkPart, run: () => R): R {
  const tell = (error: unknown): never => {
    steps.forEach(failed)
    throw error
  }
  try {
    const result = run()
    return result instanceof Promise ? (result.catch(tell) as R) : result
  } catch (error) {
    return tell(error)
  }
}

const sameResults = (a: Ready, b: Ready) =>
  a.outputs.every((t, i) => t.count === b.outputs[i].count && t.dtype === b.outputs[i].dtype)

/** The indices of batches in a row: as they are where they lie next to each other. */
function joined(batches: readonly Tensor[]): Tensor {
  const [first] = batches
  const count = batches.reduce((n, t) => n + t.count, 0)
  let end = first.byteOffset
  const adjacent = batches.every(t => {
    const follows = t.storage === first.storage && t.byteOffset === end && t.isContiguous()
    end = t.byteOffset + 4 * t.count
    return follows
  })
  if (adjacent) return viewOf(first, [count], [1], 0)
  const all = emptyTensor([count], 'int32')
  const to = all.typedArray()
  let at = 0
  for (const t of batches) {
    to.set(t.toTypedArray(), at)
    at += t.count
  }
  return all
}

/** How many batches there will be, where that is known: a sampler need not have a length. */
function lengthOf(loader: Iterable<Tensor[]>): number | undefined {
  if (Array.isArray(loader)) return loader.length
  if (!(loader instanceof DataLoader)) return undefined
  try {
    return loader.length
  } catch {
    return undefined
  }
}

/** The results of an epoch as they come. */
class Results {
  private readonly parts: Tensor[][] = []
  private build: ((tensors: readonly Tensor[]) => Result) | null = null
  private batch = 0
  private readonly batches: number | undefined

  constructor(
    loader: Iterable<Tensor[]>,
    private readonly options: EpochOptions | undefined,
  ) {
    checkEpoch(loader, options)
    this.batches = lengthOf(loader)
  }

  check(): void {
    this.options?.signal?.throwIfAborted()
  }

  one({ tensors, build }: Shaped): void {
    this.build = build
    this.add(
      tensors.map(t => viewOf(t, [1, ...t.shape], [t.count, ...t.strides], 0)),
      1,
    )
  }

  many(results: Tensor[], steps: readonly Ready[]): void {
    steps.forEach((step, s) => {
      afterwards(step, null, i => results[i].typedArray()[(s * results[i].count) / steps.length])
    })
    this.build = steps[0].build
    this.add(results, steps.length)
  }

  private add(tensors: Tensor[], batches: number): void {
    const first = this.parts[0]
    tensors.forEach((t, i) => {
      if (first !== undefined && first[i].shape.slice(1).join() !== t.shape.slice(1).join())
        throw new CompileError(
          'results of batches differ in shape and cannot be stacked; return a reduced one, as a loss',
          {
            op: 'runEpoch',
            shapes: [first[i].shape.slice(1), t.shape.slice(1)],
          },
        )
    })
    this.parts.push(tensors)
    this.batch += batches
    this.options?.onProgress?.({ batch: this.batch, batches: this.batches })
  }

  /** [batches, …] of each result. */
  stacked(): Result {
    if (this.build === null) throw new CompileError('there is no batch in the loader', { op: 'runEpoch' })
    const columns = this.parts[0].map((t, i) => {
      const out = emptyTensor([this.batch, ...t.shape.slice(1)], t.dtype)
      const to = out.typedArray()
      let at = 0
      for (const part of this.parts) {
        to.set(part[i].toTypedArray() as never, at)
        at += part[i].count
      }
      return out
    })
    return this.build(columns)
  }
}
