// Facts about this build and machine, and the number of threads.
import { native } from './binding.js'
import { checkInteger } from './errors.js'

export interface BuildInfo {
  readonly version: string
  /** Instruction set of the kernels in use: 'v2', 'v3', 'v4' (x86-64 levels) or 'neon'. `GLOROT_ISA` forces one. */
  readonly isa: string
  /** Those that this build has and this machine can run, best first. */
  readonly isas: readonly string[]
  readonly threads: number
}

/** Version, instruction set and threads of this process. */
export function buildInfo(): BuildInfo {
  return { version: native.version, isa: native.isa, isas: native.isas, threads: getNumThreads() }
}

/** Threads that a kernel may use, the calling one included. Default: the CPUs of this process, or `GLOROT_NUM_THREADS`. */
export function getNumThreads(): number {
  return native.getNumThreads()
}

/** Sets the number of threads for the whole process. Results do not depend on it. @throws ValueError below 1 */
export function setNumThreads(n: number): void {
  native.setNumThreads(checkInteger('setNumThreads', 'n', n, 1))
}
