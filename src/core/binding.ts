// The native binary with its type. Only dispatch.ts, storage.ts and info.ts use it.
import loaded from '../../load.cjs'

/** Called by the binary to build what it throws. `kind` is a position in errors.ts `nativeErrors`. */
export type MakeError = (kind: number, kernel: string, text: string) => Error

export interface Native {
  readonly version: string
  readonly isa: string
  readonly isas: readonly string[]
  readonly kernels: readonly string[]
  readonly limits: { readonly buffers: number; readonly sizes: number; readonly floats: number }
  bind(block: Float64Array, makeError: MakeError): void
  launch(code: number, ...buffers: Uint8Array[]): void
  misalignment(buffer: ArrayBufferLike): number
  getNumThreads(): number
  setNumThreads(n: number): void
}

export const native = loaded as Native
