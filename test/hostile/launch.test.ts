// The seam under attack: every kernel and dtype with random and hostile buffers, offsets, sizes and floats. A launch may refuse or
// compute; it must not read or write outside its buffers (the sanitizer run watches) and the process must live.
import test from 'ava'
import { native } from './native.js'

const OFFSETS = 2
const NUMBERS = OFFSETS + native.limits.buffers
const block = new Float64Array(NUMBERS + native.limits.sizes + native.limits.floats)
native.bind(block, (kind, kernel, text) => Object.assign(new Error(`${kernel}: ${text}`), { kind }))

/** xorshift32: the same attack in every run. */
function generator(seed: number) {
  let s = seed >>> 0 || 1
  const next = () => {
    s ^= s << 13
    s >>>= 0
    s ^= s >>> 17
    s ^= s << 5
    s >>>= 0
    return s / 2 ** 32
  }
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]
  return { next, pick, below: (n: number) => Math.floor(next() * n) }
}
type Random = ReturnType<typeof generator>

const wild = [-1, 0.5, Number.NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, 2 ** 62, 1e300, -0]

function size(r: Random, hostile: number): number {
  if (r.next() < hostile) return r.pick(wild)
  return r.next() < 0.8 ? r.below(5) : r.pick([7, 16, 17, 33, 64])
}

function content(r: Random, bytes: number): Uint8Array {
  const memory = new Uint8Array(bytes)
  const kind = r.below(4)
  if (kind === 1) for (let i = 0; i < bytes; i++) memory[i] = r.below(256)
  if (kind === 2) new Float32Array(memory.buffer, 0, bytes >> 2).fill(r.pick([0.5, -1, Number.NaN, Infinity, 1e-40]))
  if (kind === 3) new Int32Array(memory.buffer, 0, bytes >> 2).fill(r.pick([0, 1, 2, -1, 2 ** 31 - 1, -(2 ** 31)]))
  return memory
}

function attack(r: Random, code: number, hostile: number): boolean {
  const buffers: Uint8Array[] = []
  const n = r.next() < 0.95 ? r.below(8) : r.below(native.limits.buffers + 1)
  for (let i = 0; i < n; i++) {
    buffers.push(content(r, r.next() < 0.2 ? r.below(64) : 4096))
    block[OFFSETS + i] = r.next() < hostile ? r.pick(wild) : r.next() < 0.8 ? 0 : r.below(70)
  }
  const sizes = r.below(24)
  const floats = r.below(9)
  block[0] = r.next() < hostile ? r.pick(wild) : sizes
  block[1] = r.next() < hostile ? r.pick(wild) : floats
  for (let i = 0; i < sizes; i++) block[NUMBERS + i] = size(r, hostile)
  for (let i = 0; i < floats; i++) block[NUMBERS + sizes + i] = r.next() < 0.2 ? r.pick(wild) : r.next() * 2
  try {
    native.launch(code, ...buffers)
    return true
  } catch (error) {
    if (!(error instanceof Error) || typeof (error as { kind?: unknown }).kind !== 'number') throw error
    return false
  }
}

for (const [id, name] of native.kernels.entries()) {
  test(`${name} survives hostile launches`, t => {
    const r = generator(1000 + id)
    let ran = 0
    for (let dtype = 0; dtype < 4; dtype++) {
      for (let i = 0; i < 800; i++) if (attack(r, id * 4 + dtype, i % 3 === 0 ? 0.1 : 0.01)) ran++
    }
    t.log(`${ran} of 3200 computed`)
    t.pass()
  })
}

test('a launch of no elements is no loop, however many rows of them it names', t => {
  const memory = new Uint8Array(64)
  const rows = 2 ** 39
  const launch = (kernel: string, sizes: number[]) => {
    block.fill(0)
    block.set([sizes.length, 0])
    block.set(sizes, NUMBERS)
    native.launch(native.kernels.indexOf(kernel) * 4, memory, memory, memory, memory)
  }
  for (const kernel of ['softmax', 'softmaxBackward', 'cumsum', 'cumprod', 'cumprodBackward'])
    launch(kernel, [rows, 0, 1, 0])
  // ndim, shape, strides of x and y: 2^39 elements that all are the same four bytes.
  t.throws(() => launch('copy', [1, rows, 0, 0]), { message: /share memory/ })
})

test('launch refuses what is not a launch', t => {
  const attempt = (...args: unknown[]) => t.throws(() => (native.launch as (...a: unknown[]) => void)(...args))
  const memory = new Uint8Array(64)
  block.fill(0)
  attempt()
  for (const code of [-1, native.kernels.length * 4, Number.NaN, 1e12, 'add', null, {}, undefined])
    attempt(code, memory)
  for (const buffer of [
    null,
    undefined,
    1,
    'x',
    {},
    [],
    new Float32Array(4),
    new ArrayBuffer(8),
    new DataView(new ArrayBuffer(8)),
  ]) {
    attempt(0, buffer)
  }
  attempt(0, ...new Array(native.limits.buffers + 1).fill(memory))
})

test('memory that vanishes is refused: detached, transferred, shrunk', t => {
  const fill = native.kernels.indexOf('fill') * 4
  const launch = (memory: Uint8Array) => {
    block.fill(0)
    block.set([1, 1])
    block.set([16, 1], NUMBERS)
    native.launch(fill, memory)
  }
  const detached = new Uint8Array(64)
  launch(detached)
  structuredClone(detached.buffer, { transfer: [detached.buffer] })
  t.throws(() => launch(detached), { message: /too short or detached/ })

  // Resizable buffers are newer than the language level these sources are compiled for.
  const Resizable = ArrayBuffer as unknown as new (
    n: number,
    o: { maxByteLength: number },
  ) => ArrayBuffer & { resize(n: number): void }
  const buffer = new Resizable(64, { maxByteLength: 128 })
  const shrunk = new Uint8Array(buffer)
  launch(shrunk)
  buffer.resize(8)
  t.throws(() => launch(shrunk), { message: /too short or detached/ })
})

test('bind takes one block of the right size, once', t => {
  for (const wrong of [new Float64Array(1), new Float32Array(block.length), null, {}]) {
    t.throws(() => native.bind(wrong as Float64Array, () => new Error('x')))
  }
  t.throws(() => native.bind(new Float64Array(block.length), () => new Error('x')), { message: /before/ })
})
