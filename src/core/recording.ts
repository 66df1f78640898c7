// The other end of the seam: who watches launches while a compiled function is recorded. Nobody else needs to know that it is.
import type { Tensor } from '../tensor/tensor.js'
import type { Operand } from './dispatch.js'
import type { Storage } from './storage.js'

export interface Recorder {
  /** A launch ran. `written`: bits of the operands that it wrote to, the first 32 and the rest. */
  launched(
    code: number,
    operands: readonly Operand[],
    sizes: readonly number[],
    floats: readonly number[],
    written: readonly [number, number],
  ): void
  /** New memory, to be written by launches: `bytes` from `at` on. */
  made(storage: Storage, at: number, bytes: number): void
  /** New memory that JavaScript wrote: a constant of the function. */
  wrote(storage: Storage, at: number, bytes: number): void
  /** JavaScript is about to read or write the values of a tensor: throws, as a replay would not. */
  valuesUsed(x: Tensor): void
  /** `.grad` is about to be read or assigned. */
  gradUsed(x: Tensor, grad: Tensor | null, assigned: boolean): void
  /** Whether a leaf requires gradients was asked. */
  leafUsed(x: Tensor, requiresGrad: boolean): void
  /** A module's mode was asked. */
  modeUsed(module: { readonly training: boolean }, training: boolean): void
  /** A module takes part: its properties may have been read. */
  moduleUsed(module: object): void
  /** What was recorded holds only while `holds` returns true. `of`: guarded once, when the function first comes to it. */
  guard(holds: () => boolean, of?: object): void
  /** Throws: the function does what a replay cannot repeat. */
  refuse(what: string): never
}

export const recording: {
  /** The recorder of the function that is running, null mostly. */
  active: Recorder | null
  /** Counts changes that are rare and may change what any recorded function does: hooks, parameter groups, loaded state. */
  revision: number
} = { active: null, revision: 0 }

/** Something rare changed that any recorded function may depend on. */
export function changed(): void {
  if (recording.active === null) recording.revision++
}

/** Runs fn outside of the recording: what it writes is written once, not by every replay. */
export function unrecorded<R>(fn: () => R): R {
  const held = recording.active
  recording.active = null
  try {
    return fn()
  } finally {
    recording.active = held
  }
}
