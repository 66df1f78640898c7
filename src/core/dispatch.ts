// The seam: everything that computes is a launch(kernel, dtype, tensors, sizes, floats) of plain data. The numbers go into a
// block of doubles whose address the native side knows; only the kernel's code and the storages cross as arguments.
import { native } from './binding.js'
import { type DType, dtypes } from './dtype.js'
import { GlorotError, nativeErrors } from './errors.js'
import { recording } from './recording.js'
import type { Storage } from './storage.js'

/** What a launch needs of a tensor. */
export interface Operand {
  readonly storage: Storage
  readonly byteOffset: number
}

// Same layout as native/addon.cpp.
const OFFSETS = 2
const NUMBERS = OFFSETS + native.limits.buffers
const block = new Float64Array(NUMBERS + native.limits.sizes + native.limits.floats)

/** Which launch of its program an error comes from. */
const placesOfErrors = new WeakMap<Error, number>()

native.bind(block, (kind, kernel, text, at) => {
  const error = new nativeErrors[kind](text, { op: kernel })
  placesOfErrors.set(error, at)
  return error
})

const ids = new Map(native.kernels.map((name, id) => [name, id]))

/** The handle of a kernel by its name. @throws GlorotError if this build lacks it. */
export function kernel(name: string): number {
  const id = ids.get(name)
  if (id === undefined)
    throw new GlorotError(`the native binary has no kernel '${name}'; rebuild it: npm run build:native`)
  return id * 4
}

/** Kernels that compute element by element, all operands having the result's dtype: their launches are [n, …] or [1, n, 1, 1]. */
export const elementwise = new Set<number>()

/** The handle of such a kernel. */
export function elementwiseKernel(name: string): number {
  const id = kernel(name)
  elementwise.add(id)
  return id
}

/** Kernels that are the step of an optimizer: many parameters, of several groups, to a launch. native/kernels/optim/sweep.h */
export const steps = new Set<number>()

/** The handle of such a kernel. */
export function stepKernel(name: string): number {
  const id = kernel(name)
  steps.add(id)
  return id
}

export const maxBuffers = native.limits.buffers
/** What a launch within a program has at most. */
export const mostMerged = { buffers: native.limits.merged, sizes: native.limits.sizes }

const none: readonly number[] = []
const noBytes = new Uint8Array(0)

/**
 * Runs a kernel. `tensors` in the kernel's order, `sizes` whole numbers >= 0, `floats` constants of the operation: anything that
 * changes from step to step is a tensor instead.
 */
export function launch(
  kernel: number,
  dtype: DType,
  tensors: readonly Operand[],
  sizes: readonly number[],
  floats: readonly number[] = none,
): void {
  const code = kernel + dtypes[dtype].code
  const n = tensors.length
  for (let i = 0; i < n; i++) block[OFFSETS + i] = tensors[i].byteOffset
  block[0] = sizes.length
  block[1] = floats.length
  let at = NUMBERS
  if (sizes.length > native.limits.sizes || floats.length > native.limits.floats)
    throw new RangeError('launch: too many numbers')
  for (let i = 0; i < sizes.length; i++) block[at++] = sizes[i]
  for (let i = 0; i < floats.length; i++) block[at++] = floats[i]
  const a = tensors
  if (n === 2) native.launch(code, a[0].storage.bytes, a[1].storage.bytes)
  else if (n === 3) native.launch(code, a[0].storage.bytes, a[1].storage.bytes, a[2].storage.bytes)
  else if (n === 1) native.launch(code, a[0].storage.bytes)
  else if (n === 4) {
    native.launch(code, a[0].storage.bytes, a[1].storage.bytes, a[2].storage.bytes, a[3].storage.bytes)
  } else native.launch(code, ...a.map(t => t.storage.bytes))
  // The first two numbers of the block now are what the kernel wrote to.
  if (recording.active !== null) recording.active.launched(code, tensors, sizes, floats, [block[0], block[1]])
}

/** The kernel of a launch's code. */
export const kernelOf = (code: number): number => code & ~3

/** The kernel's name of a launch's code. */
export function kernelName(code: number): string {
  return native.kernels[code >> 2]
}

/** In place of a code, begins a chain: native/program.h. */
export const CHAIN = native.kernels.length * 4

/** The layer that a launch belongs to, as errors name it. */
export type LaunchPath = (() => string | undefined) | undefined

/** Launches that native code runs by itself. */
export interface NativeProgram {
  /** The handle of the native side. */
  readonly handle: object
  /** The memory that it points into, kept alive here. */
  readonly buffers: readonly Uint8Array[]
  /** Which layer each launch belongs to. */
  readonly paths: readonly LaunchPath[]
  /** Where the arrays of a run's inputs and outputs are put for the call: a replay makes no list of them. */
  readonly ends: Uint8Array[]
}

/** Makes a program of what native/program.h describes. */
export function recordProgram(
  numbers: readonly number[],
  buffers: readonly Uint8Array[],
  paths: readonly LaunchPath[],
): NativeProgram {
  return { handle: native.record(Float64Array.from(numbers), buffers), buffers, paths, ends: [] }
}

/** The error of a run, with the layer that it comes from. */
function located(error: unknown, { paths }: NativeProgram): unknown {
  const path = error instanceof GlorotError ? paths[placesOfErrors.get(error) ?? -1]?.() : undefined
  return path === undefined ? error : (error as GlorotError).at(path)
}

/** `from` in the places after the first `at`. */
function putEnds(ends: Uint8Array[], from: readonly Operand[], at: number): void {
  for (let i = 0; i < from.length; i++) {
    block[OFFSETS + at + i] = from[i].byteOffset
    ends[at + i] = from[i].storage.bytes
  }
}

/** Runs a program: inputs are copied in before or read where they are, outputs copied out after. Contiguous tensors. */
export function replayProgram(program: NativeProgram, inputs: readonly Operand[], outputs: readonly Operand[]): void {
  const { handle, buffers, ends } = program
  putEnds(ends, inputs, 0)
  putEnds(ends, outputs, inputs.length)
  try {
    native.replay(handle, buffers, ...ends)
  } catch (error) {
    throw located(error, program)
  } finally {
    // They are the caller's, to be collected.
    ends.fill(noBytes)
  }
}

/** Copies the inputs now and runs the program on another thread. */
export async function replayProgramAsync(program: NativeProgram, inputs: readonly Operand[]): Promise<void> {
  const { handle, buffers, ends } = program
  putEnds(ends, inputs, 0)
  let end: Promise<void>
  try {
    end = native.replayAsync(handle, buffers, ...ends.slice(0, inputs.length))
  } finally {
    ends.fill(noBytes)
  }
  try {
    await end
  } catch (error) {
    throw located(error, program)
  }
}
