// The native binary with its type. Only dispatch.ts, storage.ts and info.ts use it.
// Node's modules are asked for as they are needed: to import one makes Node prepare all its names, 1 ms for some.

const { getBuiltinModule } = process

/** Called by the binary to build what it throws. `kind` is a position in errors.ts `nativeErrors`, `at` the launch's in a program, or -1. */
export type MakeError = (kind: number, kernel: string, text: string, at: number) => Error

export interface Native {
  readonly version: string
  readonly isa: string
  readonly isas: readonly string[]
  readonly kernels: readonly string[]
  readonly limits: {
    readonly buffers: number
    readonly merged: number
    readonly sizes: number
    readonly floats: number
  }
  bind(block: Float64Array, makeError: MakeError): void
  launch(code: number, ...buffers: Uint8Array[]): void
  record(numbers: Float64Array, buffers: readonly Uint8Array[]): object
  replay(program: object, buffers: readonly Uint8Array[], ...ends: Uint8Array[]): void
  replayAsync(program: object, buffers: readonly Uint8Array[], ...inputs: Uint8Array[]): Promise<void>
  adopt(buffer: ArrayBufferLike): number
  getNumThreads(): number
  setNumThreads(n: number): void
}

/** Where the binary is: build/Release in the repository, prebuilds/<platform>-<arch> in the published package. */
function find(): string {
  const { existsSync } = getBuiltinModule('node:fs')
  const { join } = getBuiltinModule('node:path')
  // Seen from dist/index.js, where the bundle is.
  const root = getBuiltinModule('node:url').fileURLToPath(new URL('..', import.meta.url))
  // The two usual places first: node-gyp-build, which knows the unusual ones, takes 2 ms to list folders.
  const libc = process.platform !== 'linux' ? '' : existsSync('/etc/alpine-release') ? '.musl' : '.glibc'
  const built = join(root, 'build', 'Release', 'glorot.node')
  const prebuilt = join(root, 'prebuilds', `${process.platform}-${process.arch}`, `glorot${libc}.node`)
  const unusual = process.env.GLOROT_PREBUILD || process.env.PREBUILDS_ONLY
  return (!unusual && [built, prebuilt].find(existsSync)) || search(root)
}

function search(root: string): string {
  try {
    return getBuiltinModule('node:module')
      .createRequire(import.meta.url)('node-gyp-build')
      .path(root)
  } catch (cause) {
    if (!/No native build was found/.test((cause as Error).message)) throw cause
    const place = `${process.platform}-${process.arch}, Node ${process.versions.node}`
    const build = 'clone its repository, run `npm ci` there, and `npm install` that folder'
    const need = `where there are cmake and a C++17 compiler, ${build}`
    throw new Error(`glorot: this package has no native binary for ${place}; ${need}`, { cause })
  }
}

/** What `require` does in the end; the way there takes it 2 ms. */
function open(file: string): Native {
  const module = { exports: {} as Native }
  process.dlopen(module, getBuiltinModule('node:path').toNamespacedPath(file))
  return module.exports
}

export const native = open(find())
