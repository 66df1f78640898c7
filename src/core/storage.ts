// Memory of tensors. It belongs to V8, whose collector frees it without a turn of the event loop, and is not zeroed: whoever
// allocates writes it in full before anyone can read it.
import { native } from './binding.js'
import { ValueError } from './errors.js'

/** Memory that a tensor and its views share, and the count of in-place writes to it. */
export class Storage {
  readonly bytes: Uint8Array
  version = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

const ALIGN = 64
// Measured on the founding network's step: slabs of 64 KiB cost 0.1 us a tensor against 0.5 for an array each.
const SLAB = 1 << 16
const SMALL = SLAB / 8

let slab: Uint8Array = new Uint8Array(0)
let used = 0

let markAsUntransferable: ((buffer: object) => void) | undefined

function allocate(bytes: number): Uint8Array {
  let buffer: ArrayBufferLike
  try {
    buffer = Buffer.allocUnsafeSlow(bytes + ALIGN).buffer
  } catch (cause) {
    throw new ValueError(`cannot allocate ${bytes} bytes for a tensor`, { cause })
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
    return allocate(bytes)
  }
  if (used + bytes > slab.length) {
    slab = allocate(SLAB)
    used = 0
  }
  allocated.at = used
  used += (bytes + ALIGN - 1) & -ALIGN
  return slab
}
