// Memory of tensors. It belongs to V8, whose collector frees it without a turn of the event loop, and is not zeroed: whoever
// allocates writes it in full before anyone can read it. Where the library knows that nobody else holds some of it, a gradient on its
// way or what only an operation's backward reads, it is used again at once: the collector returns memory some 32 MB at a time, which
// has left the caches by then.
import { native } from './binding.js'
import { ValueError } from './errors.js'
import { recording } from './recording.js'

/** Memory that a tensor and its views share, and the count of in-place writes to it. */
export class Storage {
  /** Nothing once it was recycled: whoever would still use it gets an error, not another tensor's elements. */
  bytes: Uint8Array
  version = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

/** Whether two have bytes in common: an array can be made a tensor twice. Small tensors share an array, and no bytes of it. */
export function overlap(a: Storage, b: Storage): boolean {
  const [x, y] = [a.bytes, b.bytes]
  if (x === y || x.buffer !== y.buffer) return a === b
  return x.byteOffset < y.byteOffset + y.length && y.byteOffset < x.byteOffset + x.length
}

const ALIGN = 64
// Measured on the founding network's step: slabs of 64 KiB cost 0.1 us a tensor against 0.5 for an array each.
const SLAB = 1 << 16
const SMALL = SLAB / 8

const nothing = new Uint8Array(0)
let slab: Uint8Array = nothing
let used = 0
/** All slabs: a small tensor that was stretched may have as many elements as one holds, and look like the owner of all of it. */
const slabs = new WeakSet<Uint8Array>()

/** Bytes of recycled memory that is kept at most. */
const MOST_SPARE = 64 << 20
/** Recycled memory by its size, of each the latest last; the size that was not used for longest comes first. */
const spare = new Map<number, Uint8Array[]>()
let spareBytes = 0

/** Takes memory back of which the caller knows that nobody else will use it. Small tensors share theirs and leave it to the collector. */
export function recycle(storage: Storage): void {
  const { bytes } = storage
  const size = bytes.length
  if (size <= SMALL || size > MOST_SPARE || recording.active !== null) return
  if (size === SLAB && slabs.has(bytes)) return
  storage.bytes = nothing
  const list = spare.get(size) ?? []
  list.push(bytes)
  spare.delete(size)
  spare.set(size, list)
  spareBytes += size
  for (const [oldest, those] of spare) {
    if (spareBytes <= MOST_SPARE) break
    spareBytes -= oldest * those.length
    spare.delete(oldest)
  }
}

function takeSpare(size: number): Uint8Array | undefined {
  const list = spare.get(size)
  if (list === undefined) return undefined
  if (list.length === 1) spare.delete(size)
  spareBytes -= size
  return list.pop()
}

let markAsUntransferable: ((buffer: object) => void) | undefined

function allocate(bytes: number): Uint8Array {
  let buffer: ArrayBufferLike
  try {
    buffer = Buffer.allocUnsafeSlow(bytes + ALIGN).buffer
  } catch (cause) {
    if (spare.size === 0) throw new ValueError(`cannot allocate ${bytes} bytes for a tensor`, { cause })
    // V8 looks for what nobody holds before it gives up.
    spare.clear()
    spareBytes = 0
    return allocate(bytes)
  }
  // At the first tensor and not by an import: it takes 3 ms to load.
  markAsUntransferable ??= process.getBuiltinModule('node:worker_threads').markAsUntransferable
  markAsUntransferable(buffer)
  return new Uint8Array(buffer, (ALIGN - native.adopt(buffer)) % ALIGN, bytes)
}

/** Where the last `allocateBytes` call starts within the array it returned. */
export const allocated = { at: 0 }

/** Uninitialised bytes at `allocated.at` of the result, aligned to 64. Small ones are cut from a slab that several tensors share. */
export function allocateBytes(bytes: number): Uint8Array {
  if (bytes > SMALL) {
    allocated.at = 0
    return takeSpare(bytes) ?? allocate(bytes)
  }
  if (used + bytes > slab.length) {
    slab = allocate(SLAB)
    slabs.add(slab)
    used = 0
  }
  allocated.at = used
  used += (bytes + ALIGN - 1) & -ALIGN
  return slab
}
