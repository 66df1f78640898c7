// A recording made into something that native code replays: memory planned, launches written down as numbers.
import { type NativeProgram, type Operand, recordProgram } from '../core/dispatch.js'
import { allocateBytes, allocatedAt, type Storage } from '../core/storage.js'
import type { Tensor } from '../tensor/tensor.js'
import { planArena } from './arena.js'
import { fuse } from './fuse.js'
import type { Recording } from './recorder.js'

/** A launch on memory that is where it will be replayed. */
export interface Placed {
  readonly code: number
  readonly buffers: readonly Uint8Array[]
  readonly offsets: readonly number[]
  readonly sizes: readonly number[]
  readonly floats: readonly number[]
}

/** What a run reads or gives: a place and its length. */
export interface End extends Operand {
  readonly bytes: number
}

/** The list that native/program.h reads. */
class Writer {
  readonly numbers: number[] = []
  readonly buffers: Uint8Array[] = []
  private readonly known = new Map<Uint8Array, number>()

  place(bytes: Uint8Array, offset: number): void {
    let k = this.known.get(bytes)
    if (k === undefined) {
      k = this.buffers.push(bytes) - 1
      this.known.set(bytes, k)
    }
    this.numbers.push(k, offset)
  }
}

/** Launches as one native call, with what is copied in before and out after. */
export function assemble(inputs: readonly End[], outputs: readonly End[], launches: Iterable<Placed>): NativeProgram {
  const w = new Writer()
  w.numbers.push(inputs.length, outputs.length)
  for (const { storage, byteOffset, bytes } of [...inputs, ...outputs]) {
    w.place(storage.bytes, byteOffset)
    w.numbers.push(bytes)
  }
  for (const { code, buffers, offsets, sizes, floats } of launches) {
    w.numbers.push(code, buffers.length, sizes.length, floats.length)
    buffers.forEach((bytes, i) => {
      w.place(bytes, offsets[i])
    })
    w.numbers.push(...sizes, ...floats)
  }
  return recordProgram(w.numbers, w.buffers)
}

export interface Plan {
  readonly launches: readonly Placed[]
  /** Memory changed in place by a run, and how many times: tensors saved for a backward pass elsewhere must notice. */
  readonly writes: readonly (readonly [Storage, number])[]
  /** Bytes made for these launches alone: the arena, results and gradients. */
  readonly bytes: number
}

/** The passes over a recording, each of which can be left out. */
export interface Passes {
  /** fuse.ts */
  readonly fuse: boolean
  /** arena.ts */
  readonly reuseMemory: boolean
}

/** Runs the passes over a recording and gives its memory places. */
export function plan(recording: Recording, outputs: readonly Tensor[], { fuse: fusing, reuseMemory }: Passes): Plan {
  const { fresh } = recording
  const kept = new Set<Storage>([...outputs.map(t => t.storage), ...recording.kept()])
  const recorded = fusing ? fuse(recording.launches, fresh, kept) : recording.launches
  const movable = new Map([...fresh].filter(([storage]) => reuseMemory && !kept.has(storage)))
  const { bytes: size, places } = planArena(recorded, movable)
  const arena = allocateBytes(size)
  const start = allocatedAt
  let bytes = size
  for (const [storage, made] of fresh) if (!movable.has(storage)) bytes += made.bytes
  const moved = (storage: Storage, offset: number) => {
    const at = places.get(storage)
    return at === undefined ? offset : start + at + offset - fresh.get(storage)!.at
  }
  const launches = recorded.map(({ code, storages, offsets, sizes, floats }) => ({
    code,
    buffers: storages.map(s => (places.has(s) ? arena : s.bytes)),
    offsets: storages.map((s, i) => moved(s, offsets[i])),
    sizes,
    floats,
  }))
  const writes = [...recording.outside]
    .map(([storage, before]) => [storage, storage.version - before] as const)
    .filter(([, n]) => n > 0)
  return { launches, writes, bytes }
}
