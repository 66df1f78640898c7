// The passes over a recording: none changes a bit, each can be left out, and each does what it is there for.
import { createHash } from 'node:crypto'
import test from 'ava'
import {
  type CompileOptions,
  compile,
  fromTypedArray,
  getNumThreads,
  manualSeed,
  nn,
  rand,
  randn,
  setNumThreads,
  type Tensor,
  zeros,
} from 'glorot'

const bits = (x: Tensor) => createHash('sha256').update(new Uint8Array(x.toTypedArray().slice().buffer)).digest('hex')
const names = ['prune', 'fuse', 'merge', 'chain', 'reuseMemory'] as const

/** Every pass on, every pass off, each one off alone. */
const settings: CompileOptions[] = [
  {},
  Object.fromEntries(names.map(name => [name, false])),
  ...names.map(name => ({ [name]: false })),
]

/** gelu by hand, its gradient, and an elementwise loss; 2,100,003 elements end in a tail of a tile and of a vector. */
function formula(w: nn.Parameter) {
  return (x: Tensor) => {
    w.grad = null
    const v = w.mul(x)
    const y = v.add(v.pow(3).mul(0.044715)).mul(0.7978845608).tanh().add(1).mul(v).mul(0.5)
    const loss = y.sub(x).square().mean()
    loss.backward()
    return [loss, y, w.grad!]
  }
}

test('whatever passes are on, and on any number of threads, a replay gives the bits of the function', t => {
  const threads = getNumThreads()
  manualSeed(5)
  for (const n of [3, 40_000, 2_100_003]) {
    const w = new nn.Parameter(randn([n]))
    const inputs = [randn([n]), randn([n]), randn([n])]
    const eager = inputs.map(x => formula(w)(x).map(bits))
    for (const options of settings)
      for (const count of [1, 2]) {
        setNumThreads(count)
        const compiled = compile(formula(w), options)
        t.deepEqual(
          inputs.map(x => compiled(x).map(bits)),
          eager,
          `${n} elements, ${JSON.stringify(options)}, ${count} threads`,
        )
      }
  }
  setNumThreads(threads)
})

/** Bytes that a compiled function holds when it has been recorded. */
function memoryOf(fn: (x: Tensor) => Tensor, x: Tensor, options: CompileOptions): number {
  const compiled = compile(fn, options)
  for (let i = 0; i < 3; i++) compiled(x)
  return compiled.memory
}

test('a chain keeps what its operations pass to each other nowhere but in the cache', t => {
  const x = randn([1 << 21])
  const fn = (x: Tensor) => x.mul(2).tanh().add(1).exp().mul(x)
  const only = x.numel() * 4
  t.is(memoryOf(fn, x, {}), only)
  t.true(memoryOf(fn, x, { chain: false }) >= 3 * only)
})

test('a long run of operations becomes several chains', t => {
  const x = randn([1 << 21])
  const fn = (x: Tensor) => {
    // Nobody reads the last one, so that all of them are temporaries.
    let unread = x
    for (let i = 0; i < 256; i++) unread = unread.add(1)
    return x.mul(2)
  }
  const compiled = compile(fn, { prune: false })
  for (let i = 0; i < 3; i++) t.is(bits(compiled(x)), bits(x.mul(2)))
})

test('views that overlap at different places are not tiled', t => {
  const x = randn([4_000_000])
  const fn = (x: Tensor) => {
    const y = x.mul(1)
    const [a, b] = [y.narrow(0, 1, 2_500_000), y.narrow(0, 0, 2_500_000)]
    a.add_(1)
    b.mul_(a.clone())
    a.tanh_()
    return y.exp()
  }
  const compiled = compile(fn)
  for (let i = 0; i < 4; i++) t.is(bits(compiled(x)), bits(fn(x)))
})

test('an array that was made a tensor twice, at different places, is not tiled', t => {
  const make = () => {
    const array = Float32Array.from({ length: 2_200_000 }, (_, i) => i % 7)
    return [fromTypedArray(array.subarray(0, 2_100_000)), fromTypedArray(array.subarray(16, 2_100_016))]
  }
  const run = ([a, b]: Tensor[], wrap: (fn: (x: Tensor) => Tensor) => (x: Tensor) => Tensor) => {
    const step = wrap(x => {
      a.add_(x)
      b.mul_(2)
      return a.exp()
    })
    for (let i = 0; i < 4; i++) step(zeros([2_100_000]).add(0.25))
    return [bits(a), bits(b)]
  }
  t.deepEqual(
    run(make(), fn => compile(fn)),
    run(make(), fn => fn),
  )
})

test('what nobody needs is left out, its memory too; what draws random numbers or writes elsewhere is not', t => {
  const big = randn([300, 300])
  const count = randn([1])
  const step = (x: Tensor) => {
    const unused = big.matmul(big).softmax(1).sum()
    unused.mul(2)
    rand([10])
    count.add_(1)
    return x.mul(3)
  }
  const x = randn([8])
  t.true(memoryOf(step, x, {}) < 10_000)
  t.true(memoryOf(step, x, { prune: false }) > 300_000)

  const draws = (run: (x: Tensor) => Tensor) => {
    manualSeed(11)
    count.zero_()
    for (let i = 0; i < 5; i++) run(x)
    return [bits(rand([4])), count.item()]
  }
  t.deepEqual(draws(compile(step)), draws(step))
})

test('a pass is on or off', t => {
  t.throws(() => compile(x => x, { chain: 1 as never }), {
    instanceOf: TypeError,
    message: /chain must be true or false, got/,
  })
  t.throws(() => compile(x => x, { prun: true } as never), { instanceOf: TypeError, message: /prun.*prune/s })
})
