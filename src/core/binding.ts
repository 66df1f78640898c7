// The native binary with its type. Only dispatch.ts, storage.ts and info.ts use it.
import { createRequire } from 'node:module'

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
  record(numbers: Float64Array, buffers: readonly Uint8Array[]): object
  replay(program: object, buffers: readonly Uint8Array[], ...ends: Uint8Array[]): void
  replayAsync(program: object, buffers: readonly Uint8Array[], ...inputs: Uint8Array[]): Promise<void>
  misalignment(buffer: ArrayBufferLike): number
  getNumThreads(): number
  setNumThreads(n: number): void
}

// By require: an import would first scan the loader's sources for export names, 4 ms of the 8 that loading takes. By path, seen
// from dist/index.js, where the bundle is: '#native' takes 1 ms to resolve.
export const native = createRequire(import.meta.url)('../load.cjs') as Native
