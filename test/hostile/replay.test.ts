// Programs under attack: what is no program is refused, and one whose memory has gone is not run.
import test from 'ava'
import { native } from './native.js'

const NUMBERS = 2 + native.limits.buffers
const block = new Float64Array(NUMBERS + native.limits.sizes + native.limits.floats)
native.bind(block, (kind, kernel, text) => Object.assign(new Error(`${kernel}: ${text}`), { kind }))

const fill = native.kernels.indexOf('fill') * 4
/** No inputs, one output of 16 bytes, and a fill of four floats. */
const program = (offset = 0) => Float64Array.from([0, 1, 0, 0, 16, fill, 1, 1, 1, 0, offset, 4, 7])

test('a program runs, its result copied out', t => {
  const memory = new Uint8Array(64)
  const out = new Uint8Array(16)
  const handle = native.record(program(), [memory])
  native.replay(handle, [memory], out)
  t.deepEqual([...new Float32Array(out.buffer)], [7, 7, 7, 7])
})

test('lists that are no program are refused', t => {
  const memory = new Uint8Array(64)
  const good = [...program()]
  t.notThrows(() => native.record(Float64Array.from(good), [memory]))
  for (let i = 0; i < good.length; i++) {
    // An output and no launches.
    if (i === 5) continue
    t.throws(() => native.record(Float64Array.from(good.slice(0, i)), [memory]), { message: /record/ }, `cut at ${i}`)
  }
  attack(good, [memory])
})

/** Lists that differ from a good one at random are refused or run; nothing is read or written elsewhere. */
function attack(good: readonly number[], memory: Uint8Array[], end = new Uint8Array(64), most = [80]): void {
  let seed = 9
  const random = () => {
    seed = (seed * 48271) % 2147483647
    return seed / 2147483647
  }
  const wild = [-1, 0.5, 1e300, Number.NaN, Infinity, 2 ** 40, 64, 65, 300, 1000, native.kernels.length * 4]
  for (let i = 0; i < 4000; i++) {
    const list = good.slice()
    for (let k = 0; k < 2; k++)
      list[Math.floor(random() * list.length)] =
        random() < 0.5
          ? wild[Math.floor(random() * wild.length)]
          : Math.floor(random() * most[Math.floor(random() * most.length)])
    try {
      native.replay(native.record(Float64Array.from(list), memory), memory, end)
    } catch (error) {
      if (typeof (error as { kind?: unknown }).kind !== 'number') throw error
    }
  }
}

test('chains run tile by tile; those that are none are refused', t => {
  const [exp, add] = ['exp', 'add'].map(name => native.kernels.indexOf(name) * 4)
  const n = 5000
  const memory = new Uint8Array(3 * 4 * n)
  const floats = new Float32Array(memory.buffer)
  for (let i = 0; i < n; i++) floats[i] = i / n
  // y = exp(x) + x, exp(x) being a temporary.
  const chain = [native.kernels.length * 4, 2, n, 1, 0, 1]
  const good = [0, 0, ...chain, exp, 2, 1, 0, 0, 0, 1, 0, n, add, 3, 4, 0, 1, 0, 0, 0, 0, 4 * n, 1, n, 1, 1]
  native.replay(native.record(Float64Array.from(good), [memory]), [memory])
  for (const i of [0, 1, 4095, 4096, n - 1])
    t.true(Math.abs(floats[n + i] - (Math.exp(floats[i]) + floats[i])) < 1e-6, `${i}`)
  t.is(floats[2 * n], 0)
  // The buffers of a chain hold its elements, checked before it runs.
  for (const [at, value] of [
    [4, 4 * n],
    [5, 0],
    [6, 1],
    [3, 0],
    [3, 3],
  ]) {
    const list = good.slice()
    list[at] = value
    t.throws(() => native.record(Float64Array.from(list), [memory]), { message: /record/ }, `${value} at ${at}`)
  }
  attack(good, [memory])
})

test('a large input that may be borrowed: nothing is read or written elsewhere', t => {
  const [exp, add] = ['exp', 'add'].map(name => native.kernels.indexOf(name) * 4)
  const n = 5000
  const [memory, results, given] = [8, 4, 4].map(size => new Uint8Array(size * n + 64))
  // Input 0 lies in the middle of its buffer; a launch and a chain read it.
  const chain = [native.kernels.length * 4, 1, n, 0, 1]
  const reads = [exp, 2, 1, 0, 0, 256, 1, 0, n, ...chain, add, 3, 4, 0, 0, 256, 0, 256, 1, 0, 1, n, 1, 1]
  const good = [1, 0, 0, 256, 4 * n, 1, ...reads]
  t.notThrows(() => native.replay(native.record(Float64Array.from(good), [memory, results]), [memory, results], given))
  const short = good.with(4, 1 << 14)
  t.throws(() => native.record(Float64Array.from(short), [memory, results]), { message: /too short for its chain/ })
  attack(good, [memory, results], given, [4, 300, 4 * n, 8 * n])
})

test('a program that runs on another thread is not run', async t => {
  const memory = new Uint8Array(64)
  const out = new Uint8Array(16)
  const handle = native.record(program(), [memory])
  const run = native.replayAsync(handle, [memory])
  t.throws(() => native.replay(handle, [memory], out), { message: /running on another thread/ })
  await run
  t.notThrows(() => native.replay(handle, [memory], out))
})

test('handles and buffers that are not those of the program are refused', t => {
  const memory = new Uint8Array(64)
  const out = new Uint8Array(16)
  const handle = native.record(program(), [memory])
  const refused = { message: /replay/ }
  for (const wrong of [{}, [], new Date(), new Map(), Object.create(handle)])
    t.throws(() => native.replay(wrong, [memory], out), refused)
  for (const wrong of [null, 1, undefined, 'x', Symbol.iterator])
    t.throws(() => native.replay(wrong as never, [memory], out), refused)
  for (const wrong of [
    [],
    [new Uint8Array(64)],
    [memory.subarray(1)],
    [memory, memory],
    [new Float32Array(16)],
    [null],
  ])
    t.throws(() => native.replay(handle, wrong as Uint8Array[], out), refused)
  t.throws(() => native.replay(handle, [memory]), refused)
  t.throws(() => native.replay(handle, [memory], out, out), refused)
  t.throws(() => native.replay(handle, [memory], new Uint8Array(15)), refused)
  t.throws(() => native.replay(handle, [memory], new Float32Array(4) as never), refused)
  block[2] = 8
  t.throws(() => native.replay(handle, [memory], out), refused)
  block[2] = 0
  t.notThrows(() => native.replay(handle, [memory], out))
  t.throws(() => (native.record as (...a: unknown[]) => void)(), { message: /record/ })
  t.throws(() => native.record(new Float32Array(4) as never, []), { message: /record/ })
  t.throws(() => native.record(program(), [new Float32Array(4)] as never), { message: /record/ })
})

test('memory that vanished is not written to', async t => {
  const memory = new Uint8Array(64)
  const out = new Uint8Array(16)
  const handle = native.record(program(), [memory])
  structuredClone(memory.buffer, { transfer: [memory.buffer] })
  t.throws(() => native.replay(handle, [memory], out), { message: /detached/ })
  t.throws(() => native.replayAsync(handle, [memory]), { message: /detached/ })
})

test('a run on another thread holds its program and memory', async t => {
  const runs = Array.from({ length: 100 }, () => {
    const memory = new Uint8Array(1 << 16)
    return native.replayAsync(native.record(program(), [memory]), [memory])
  })
  await Promise.all(runs)
  t.pass()
})
