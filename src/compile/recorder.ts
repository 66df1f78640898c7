// A recording of one run of a function: its launches, the memory made for them, and what must still hold when they are replayed.
import { layers } from '../autograd/anomaly.js'
import type { LaunchPath, Operand } from '../core/dispatch.js'
import { dtypes } from '../core/dtype.js'
import { CompileError, formatShape } from '../core/errors.js'
import type { Recorder } from '../core/recording.js'
import { sameShape } from '../core/shape.js'
import type { Storage } from '../core/storage.js'
import { Tensor } from '../tensor/tensor.js'
import { Settings } from './settings.js'

export interface RecordedLaunch {
  readonly code: number
  readonly storages: readonly Storage[]
  /** Byte offset of each operand. */
  readonly offsets: readonly number[]
  /** Which operands it writes to. */
  readonly written: readonly boolean[]
  readonly sizes: readonly number[]
  readonly floats: readonly number[]
  readonly path: LaunchPath
}

/** How many operands of launches each storage is. */
export function uses(launches: readonly RecordedLaunch[]): Map<Storage, number> {
  const found = new Map<Storage, number>()
  for (const { storages } of launches) for (const s of storages) found.set(s, (found.get(s) ?? 0) + 1)
  return found
}

/** The launches, those that follow each other made one where `together` can. */
export function joined(
  launches: readonly RecordedLaunch[],
  together: (first: RecordedLaunch, then: RecordedLaunch) => RecordedLaunch | null,
): RecordedLaunch[] {
  const done: RecordedLaunch[] = []
  for (const launch of launches) {
    const before = done.at(-1)
    const both = before === undefined ? null : together(before, launch)
    if (both === null) done.push(launch)
    else done[done.length - 1] = both
  }
  return done
}

/** Memory that was made while recording. */
export interface Made {
  /** Position in the order of making. */
  readonly index: number
  readonly at: number
  readonly bytes: number
}

interface GradUse {
  /** What was there when the function came to it, where it looked before it assigned. */
  readonly found: Tensor | null | undefined
  assigned: boolean
}

type Pairs<K, V> = readonly (readonly [K, V])[]

interface Entry {
  readonly modes: Pairs<{ readonly training: boolean }, boolean>
  readonly places: Pairs<Tensor, Place>
  readonly leaves: Pairs<Tensor, boolean>
  readonly grads: Pairs<Tensor, Tensor | null>
}

type Place = Pick<Tensor, 'storage' | 'byteOffset' | 'customStrides'>

const placeOf = ({ storage, byteOffset, customStrides }: Tensor): Place => ({ storage, byteOffset, customStrides })

function isAt(t: Tensor, { storage, byteOffset, customStrides }: Place): boolean {
  if (t.storage !== storage || t.byteOffset !== byteOffset) return false
  const own = t.customStrides
  return own === customStrides || (own !== null && customStrides !== null && sameShape(own, customStrides))
}

export class Recording implements Recorder {
  readonly launches: RecordedLaunch[] = []
  readonly fresh = new Map<Storage, Made>()
  /** Memory that JavaScript wrote while recording. */
  readonly constants = new Map<Storage, Made>()
  /** Memory that was there before, with its version at the start. */
  readonly outside = new Map<Storage, number>()
  private readonly places = new Map<Tensor, Place>()
  private readonly grads = new Map<Tensor, GradUse>()
  private readonly leaves = new Map<Tensor, boolean>()
  private readonly modes = new Map<{ readonly training: boolean }, boolean>()
  private readonly settings = new Settings()
  private readonly guards: (() => boolean)[] = []
  private readonly guarded = new Set<object>()
  /** What it found when it came there, for the checks of every replay: lists, as those are on the hot path. */
  private entry: Entry = { modes: [], places: [], leaves: [], grads: [] }
  /** The gradients that the function leaves behind; known when it ends. */
  private left: Pairs<Tensor, Tensor | null> = []

  launched(
    code: number,
    operands: readonly Operand[],
    sizes: readonly number[],
    floats: readonly number[],
    written: readonly [number, number],
  ): void {
    for (const t of operands) {
      if (this.fresh.has(t.storage)) continue
      if (!this.outside.has(t.storage)) this.outside.set(t.storage, t.storage.version)
      // Assigning `data` moves a tensor; a view is made anew in each call.
      if (t instanceof Tensor && t.base === null && !this.places.has(t)) this.places.set(t, placeOf(t))
    }
    this.launches.push({
      code,
      storages: operands.map(t => t.storage),
      offsets: operands.map(t => t.byteOffset),
      written: operands.map((_, i) => ((written[i >> 5] >>> (i & 31)) & 1) === 1),
      sizes: sizes.slice(),
      floats: floats.slice(),
      path: layers.later(),
    })
  }

  made(storage: Storage, at: number, bytes: number): void {
    this.fresh.set(storage, { index: this.fresh.size, at, bytes })
  }

  wrote(storage: Storage, at: number, bytes: number): void {
    this.constants.set(storage, { index: this.constants.size, at, bytes })
  }

  valuesUsed(x: Tensor): never {
    return this.refuse(
      `it reads the values of a tensor ${formatShape(x.shape)} (item(), tolist(), printing it and the like); ` +
        'return the tensor and read it after the call',
    )
  }

  gradUsed(x: Tensor, grad: Tensor | null, assigned: boolean): void {
    if (this.fresh.has(x.storage)) return
    const use = this.grads.get(x)
    if (use === undefined) this.grads.set(x, { found: assigned ? undefined : grad, assigned })
    else if (assigned) use.assigned = true
  }

  leafUsed(x: Tensor, requiresGrad: boolean): void {
    if (!this.fresh.has(x.storage) && !this.leaves.has(x)) this.leaves.set(x, requiresGrad)
  }

  modeUsed(module: { readonly training: boolean }, training: boolean): void {
    if (!this.modes.has(module)) this.modes.set(module, training)
  }

  moduleUsed(module: object): void {
    this.settings.note(module)
  }

  guard(holds: () => boolean, of?: object): void {
    if (of !== undefined && this.guarded.has(of)) return
    if (of !== undefined) this.guarded.add(of)
    this.guards.push(holds)
  }

  refuse(what: string): never {
    throw new CompileError(`the compiled function cannot be replayed: ${what}`, { op: 'compile' })
  }

  /** Notes what the function leaves behind. */
  finish(): void {
    this.entry = {
      modes: [...this.modes],
      places: [...this.places],
      leaves: [...this.leaves],
      grads: [...this.grads].flatMap(([x, { found }]) => (found === undefined ? [] : [[x, found] as const])),
    }
    this.settings.finish()
    this.guarded.clear()
    for (const [x, { assigned }] of this.grads) {
      // The graph that made it is not made by a replay.
      if (assigned && x.grad?.requiresGrad) x.grad = x.grad.detach()
    }
    this.left = [...this.grads].filter(([, use]) => use.assigned).map(([x]) => [x, x.grad])
  }

  /**
   * Whether a tensor that was there before the function lies on its input when it has ended: after `w.data = x`, or `layer.last = x` in a
   * property that there was.
   */
  keeps(input: Tensor): boolean {
    const { places, leaves, grads } = this.entry
    const known = [...places, ...leaves, ...grads].map(([t]) => t)
    // Views of the input that the function makes are forgotten with it.
    const laid = (t: Tensor) => t !== input && t.base === null && t.storage === input.storage
    return known.some(laid) || this.settings.changed.some(v => v instanceof Tensor && v.storage === input.storage)
  }

  /** Lets go of the launches and their memory: what is left says whether a program made of them may run. */
  forget(): void {
    this.launches.length = 0
    this.fresh.clear()
    this.constants.clear()
    this.outside.clear()
  }

  /** Whether it adds to gradients that were there before. */
  get accumulates(): boolean {
    for (const { found } of this.grads.values()) if (found) return true
    return false
  }

  /** Whether it leaves the gradients that it looks at as it found them, so that it can run again at once. */
  get repeats(): boolean {
    return this.entry.grads.every(([t, found]) => found !== null && !this.grads.get(t)!.assigned)
  }

  /** Memory that others hold on to when the function has ended, beside its results: the gradients it left. */
  *kept(): Generator<Storage> {
    for (const [, grad] of this.left) if (grad !== null) yield grad.storage
  }

  /**
   * Gives gradients that the function makes anew the memory that other recordings of it have for them, where the function neither reads
   * that nor returns them: else each kind of call would hold gradients of its own.
   * @returns the gradients that take the place of memory made here
   */
  shareGrads(others: readonly Recording[], results: ReadonlySet<Storage>): Map<Storage, Tensor> {
    const shared = new Map<Storage, Tensor>()
    const all = this.left.flatMap(([, grad]) => (grad === null ? [] : [grad.storage]))
    const taken = new Set(all)
    this.left = this.left.map(([x, grad]) => {
      const made = grad === null ? undefined : this.fresh.get(grad.storage)
      if (grad === null || made === undefined || results.has(grad.storage)) return [x, grad]
      const alone = all.indexOf(grad.storage) === all.lastIndexOf(grad.storage)
      const whole = grad.byteOffset === made.at && grad.count * dtypes[grad.dtype].bytes === made.bytes
      if (!alone || !whole || !grad.isContiguous()) return [x, grad]
      for (const other of others) {
        const there = other.left.find(([y]) => y === x)?.[1]
        if (!there || there.dtype !== grad.dtype || !there.isContiguous()) continue
        if (this.outside.has(there.storage) || taken.has(there.storage)) continue
        taken.add(there.storage)
        shared.set(grad.storage, there)
        return [x, there]
      }
      return [x, grad]
    })
    return shared
  }

  /** Whether a replay would do what the function would do now, as far as it can be seen. */
  holds(): boolean {
    const { grads } = this.entry
    for (let i = 0; i < grads.length; i++) {
      const [t, found] = grads[i]
      if (found !== null && t.grad !== null && !isAt(t.grad, found)) return false
    }
    for (let i = 0; i < this.guards.length; i++) if (!this.guards[i]()) return false
    return this.settingsHold()
  }

  /** The part of that which leads through the function: modes and settings, leaves that are recorded, their places, who has a gradient. */
  settingsHold(): boolean {
    const { modes, places, leaves, grads } = this.entry
    for (let i = 0; i < grads.length; i++) if ((grads[i][1] === null) !== (grads[i][0].grad === null)) return false
    for (let i = 0; i < modes.length; i++) if (modes[i][0].training !== modes[i][1]) return false
    for (let i = 0; i < places.length; i++) if (!isAt(places[i][0], places[i][1])) return false
    for (let i = 0; i < leaves.length; i++) if (leaves[i][0].leafRequiresGrad !== leaves[i][1]) return false
    return this.settings.hold()
  }

  /** After an error: gradients that the function sets without looking at them first may be half written. */
  dropGrads(): void {
    for (const [x] of this.left) if (this.grads.get(x)!.found === undefined) x.grad = null
  }

  /** What JavaScript would have done: gradients assigned. */
  assignGrads(): void {
    for (const [x, grad] of this.left) {
      x.grad = grad
      if (grad !== null) grad.storage.version++
    }
  }
}
