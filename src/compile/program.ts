// A recording made into something that native code replays: memory planned, launches written down as numbers.
import { CHAIN, type LaunchPath, type NativeProgram, type Operand, recordProgram } from '../core/dispatch.js'
import { allocateBytes, allocated, type Storage } from '../core/storage.js'
import type { Tensor } from '../tensor/tensor.js'
import { planArena } from './arena.js'
import { chain, isChain } from './chain.js'
import { fuse } from './fuse.js'
import { merge } from './merge.js'
import { prune } from './prune.js'
import type { RecordedLaunch, Recording } from './recorder.js'

/** A launch on memory that is where it will be replayed. */
export interface Placed {
  readonly code: number
  /** A number is a temporary of the chain that the launch is part of. */
  readonly buffers: readonly (Uint8Array | number)[]
  readonly offsets: readonly number[]
  readonly sizes: readonly number[]
  readonly floats: readonly number[]
  readonly path?: LaunchPath
}

/** Placed launches that run tile by tile. */
export interface PlacedChain {
  readonly launches: readonly Placed[]
  readonly elements: number
  readonly elementsAt: readonly number[]
  readonly temporaries: number
}

/** What a run reads or gives: a place and its length. */
export interface End extends Operand {
  readonly bytes: number
  /** Of an input: whether launches may read it where the caller has it, as nobody looks for it here. */
  readonly borrowed?: boolean
}

/** The list that native/program.h reads. */
class Writer {
  readonly numbers: number[] = []
  readonly buffers: Uint8Array[] = []
  private readonly known = new Map<Uint8Array, number>()

  number(bytes: Uint8Array): number {
    const known = this.known.get(bytes)
    if (known !== undefined) return known
    this.known.set(bytes, this.buffers.length)
    return this.buffers.push(bytes) - 1
  }

  place(bytes: Uint8Array, offset: number): void {
    this.numbers.push(this.number(bytes), offset)
  }

  /** `temporaries`: the number of the first. */
  launch({ code, buffers, offsets, sizes, floats }: Placed, temporaries: number): void {
    this.numbers.push(code, buffers.length, sizes.length, floats.length)
    buffers.forEach((bytes, i) => {
      if (typeof bytes === 'number') this.numbers.push(temporaries + bytes, 0)
      else this.place(bytes, offsets[i])
    })
    this.numbers.push(...sizes, ...floats)
  }
}

/** Launches as one native call, with what it is given and what it gives. */
export function assemble(
  inputs: readonly End[],
  outputs: readonly End[],
  launches: readonly (Placed | PlacedChain)[],
): NativeProgram {
  const w = new Writer()
  w.numbers.push(inputs.length, outputs.length)
  for (const [i, { storage, byteOffset, bytes, borrowed }] of [...inputs, ...outputs].entries()) {
    w.place(storage.bytes, byteOffset)
    w.numbers.push(bytes)
    if (i < inputs.length) w.numbers.push(borrowed ? 1 : 0)
  }
  // Temporaries are numbered after all buffers, so those must be known first.
  const each = launches.flatMap(item => ('temporaries' in item ? item.launches : [item]))
  for (const { buffers } of each) for (const bytes of buffers) if (typeof bytes !== 'number') w.number(bytes)
  const temporaries = w.buffers.length
  for (const item of launches) {
    if ('temporaries' in item) {
      w.numbers.push(CHAIN, item.launches.length, item.elements, item.temporaries, ...item.elementsAt)
      for (const launch of item.launches) w.launch(launch, temporaries)
    } else w.launch(item, temporaries)
  }
  const paths = each.map(launch => launch.path)
  return recordProgram(w.numbers, w.buffers, paths)
}

/** Memory cut from what `allocateBytes` gives. */
interface Block {
  readonly bytes: Uint8Array
  readonly at: number
  readonly size: number
}

export interface Plan {
  readonly launches: readonly (Placed | PlacedChain)[]
  /** Memory changed in place by a run, and how many times: tensors saved for a backward pass elsewhere must notice. */
  readonly writes: readonly (readonly [Storage, number])[]
  readonly arena: Block
  /** What was made for these launches alone and those that share it, in bytes: the arena, results and gradients. */
  readonly held: ReadonlyMap<object, number>
}

/** The passes over a recording, each of which can be left out. */
export interface Passes {
  /** prune.ts */
  readonly prune: boolean
  /** fuse.ts */
  readonly fuse: boolean
  /** merge.ts */
  readonly merge: boolean
  /** chain.ts */
  readonly chain: boolean
  /** arena.ts */
  readonly reuseMemory: boolean
}

/** An arena of another plan that is large enough, or a new one. */
function arenaOf(size: number, others: readonly Plan[]): Block {
  const found = others.find(({ arena }) => arena.size >= size)
  if (found !== undefined) return found.arena
  const bytes = allocateBytes(size)
  return { bytes, at: allocated.at, size }
}

/**
 * Runs the passes over a recording and gives its memory places.
 * @param others what is ready of the same function: as never two run at the same time, it has arena and gradients in common
 */
export function plan(
  recording: Recording,
  outputs: readonly Tensor[],
  passes: Passes,
  others: readonly { readonly recording: Recording; readonly plan: Plan }[],
): Plan {
  const { fresh } = recording
  const results = new Set(outputs.map(t => t.storage))
  const kept = new Set([...results, ...recording.kept()])
  const live = passes.prune ? prune(recording.launches, fresh, kept) : recording.launches
  const fused = passes.fuse ? fuse(live, fresh, kept) : live
  const merged = passes.merge ? merge(fused) : fused
  const items = passes.chain ? chain(merged, fresh, kept) : merged
  const temporary = new Set(items.flatMap(item => (isChain(item) ? [...item.temporaries.keys()] : [])))
  const used = new Set(items.flatMap(item => item.storages))
  const movable = new Map([...fresh].filter(([s]) => passes.reuseMemory && !kept.has(s)))
  const { bytes: size, places } = planArena(items, movable)
  const arena = arenaOf(
    size,
    others.map(o => o.plan),
  )
  /** Where memory made while recording is instead. */
  const homes = new Map<Storage, Pick<Block, 'bytes' | 'at'>>()
  for (const [s, at] of places) homes.set(s, { bytes: arena.bytes, at: arena.at + at })
  const held = new Map<object, number>([[arena, arena.size]])
  const shared = recording.shareGrads(
    others.map(o => o.recording),
    results,
  )
  for (const [s, grad] of shared) {
    homes.set(s, { bytes: grad.storage.bytes, at: grad.byteOffset })
    held.set(grad.storage, fresh.get(s)!.bytes)
  }
  for (const [s, made] of fresh)
    if (!homes.has(s) && !temporary.has(s) && (used.has(s) || kept.has(s))) held.set(s, made.bytes)
  const put = (
    { code, storages, offsets, sizes, floats, path }: RecordedLaunch,
    temporaries?: ReadonlyMap<Storage, number>,
  ) => ({
    code,
    buffers: storages.map(s => temporaries?.get(s) ?? homes.get(s)?.bytes ?? s.bytes),
    offsets: storages.map((s, i) => {
      const home = homes.get(s)
      return home === undefined ? offsets[i] : home.at + offsets[i] - fresh.get(s)!.at
    }),
    sizes,
    floats,
    path,
  })
  const launches = items.map(item =>
    isChain(item)
      ? { ...item, temporaries: item.temporaries.size, launches: item.launches.map(l => put(l, item.temporaries)) }
      : put(item),
  )
  const writes = [...recording.outside]
    .map(([storage, before]) => [storage, storage.version - before] as const)
    .filter(([, n]) => n > 0)
  return { launches, writes, arena, held }
}
