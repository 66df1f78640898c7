// Streams, initialisers, fresh modules and loaders: what PyTorch draws from the same seed, bit for bit where its recipe says so.
import test from 'ava'
import { bernoulli, data, Generator, manualSeed, multinomial, nn, ones, rand, randint, randn, randperm, type Tensor, tensor, zeros } from 'glorot'
import { crc32 } from '../harness/crc32.js'
import { type Args, difference, type GoldenTensor, goldenCases, variantOf } from '../harness/golden.js'
import { freshModule } from './calls/freshModule.js'

interface Digest {
  shape: number[]
  dtype: GoldenTensor['dtype']
  first: number[]
  last: number[]
  sumFloat64: number
  crc32: number
}
interface Step {
  op: string
  args: Args
  output?: GoldenTensor
  outputs?: Record<string, unknown>
  digest?: Digest
}
interface Stream {
  id: string
  seed: number
  steps: Step[]
  rtol: number
  atol: number
  bitExact: boolean
}

/** int64 draws beyond 2^53 have no number here. */
const beyond = (step: Step) => step.op === 'random_' || (step.op === 'randint' && step.args.high - step.args.low > 2 ** 53)

const float = (args: Args) => ({ dtype: args.dtype })
const indices = (n: number) => tensor(Int32Array.from({ length: n }, (_, i) => i))

function epochs(loader: data.DataLoader, count: number, batches = Infinity): number[][][] {
  return Array.from({ length: count }, () => {
    const seen: number[][] = []
    for (const [batch] of loader) {
      seen.push(batch.tolist())
      if (seen.length === batches) break
    }
    return seen
  })
}

function loaderOf({ n, batchSize, shuffle = true, dropLast = false, generatorSeed }: Args): data.DataLoader {
  const generator = generatorSeed === undefined ? undefined : new Generator().manualSeed(generatorSeed)
  return new data.DataLoader(new data.TensorDataset(indices(n)), { batchSize, shuffle, dropLast, generator })
}

const steps: Record<string, (args: Args) => unknown> = {
  rand: args => rand(args.size, float(args)),
  randn: args => randn(args.size, float(args)),
  uniform_: ({ size, low, high }) => zeros(size).uniform_(low, high),
  normal_: ({ size, mean, std }) => zeros(size).normal_(mean, std),
  normalTransposed_: ({ size, mean, std }) => {
    const base = zeros(size)
    base.t().normal_(mean, std)
    return base
  },
  manualSeed: ({ seed }) => void manualSeed(seed),
  randint: ({ low, high, size }) => randint(low, high, size),
  randperm: ({ n }) => randperm(n),
  bernoulli_: ({ size, p }) => zeros(size).bernoulli_(p),
  bernoulli: ({ p }) => bernoulli(tensor(p)),
  exponential_: ({ size, lambd }) => zeros(size).exponential_(lambd),
  multinomial: ({ weights, numSamples, replacement }) => multinomial(tensor(weights), numSamples, { replacement }),
  dropout: ({ size, p, module = 'Dropout' }) => {
    const layers = { Dropout: nn.Dropout, Dropout2d: nn.Dropout2d, AlphaDropout: nn.AlphaDropout }
    return new layers[module as keyof typeof layers]({ p }).forward(ones(size))
  },
  DataLoader: args => ({ batches: epochs(loaderOf(args), args.epochs) }),
  DataLoaderBreak: args => ({ batches: epochs(loaderOf(args), 1, args.batches) }),
  RandomSampler: ({ n, ...options }) => ({ indices: [...new data.RandomSampler({ length: n }, options)] }),
  randomSplit: ({ n, lengths }) => ({ splits: data.randomSplit(wrap(n), lengths).map(s => [...s.indices]) }),
}
const wrap = (n: number): data.Dataset<number> => ({ length: n, get: i => i })

const initialisers: Record<string, (x: Tensor, args: Args) => Tensor> = {
  xavierUniform_: nn.init.xavierUniform_,
  xavierNormal_: nn.init.xavierNormal_,
  kaimingUniform_: nn.init.kaimingUniform_,
  kaimingNormal_: nn.init.kaimingNormal_,
  truncNormal_: nn.init.truncNormal_,
  orthogonal_: nn.init.orthogonal_,
  normal_: (x, { mean, std }) => nn.init.normal_(x, mean, std),
  uniform_: (x, { a, b }) => nn.init.uniform_(x, a, b),
  sparse_: (x, { sparsity, std }) => nn.init.sparse_(x, sparsity, { std }),
}

function run({ op, args }: Step): unknown {
  if (op.startsWith('init.')) {
    const { size, ...rest } = args
    return initialisers[op.slice(5)](zeros(size), rest)
  }
  return (steps[op] ?? (() => freshModule(op, args)))(args)
}

function digestOf(x: Tensor): Omit<Digest, 'sumFloat64'> {
  const values = x.toTypedArray()
  // int64 there, int32 here: the bytes of the digest are those of 64 bits.
  const stored = x.dtype === 'int32' ? BigInt64Array.from(values, v => BigInt(v)) : values
  return {
    shape: [...x.shape],
    dtype: x.dtype === 'int32' ? 'int64' : (x.dtype as GoldenTensor['dtype']),
    first: [...values.slice(0, 8)],
    last: [...values.slice(-8)],
    crc32: crc32(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength)),
  }
}

/** What is wrong with a stream, as lines. */
function mismatches(c: Stream): string[] {
  const found: string[] = []
  manualSeed(c.seed)
  for (const [i, step] of c.steps.entries()) {
    if (beyond(step)) return found
    const got = run(step)
    const at = `${c.id} step ${i} (${step.op})`
    if (step.output !== undefined) {
      const want = step.output.dtype === 'int64' && (got as Tensor).dtype === 'float64' ? { ...step.output, dtype: 'float64' as const } : step.output
      const same = difference(got as Tensor, step.op === 'randperm' || step.op === 'multinomial' ? step.output : want, c.bitExact ? 0 : c.rtol, c.bitExact ? 0 : c.atol)
      if (same !== undefined) found.push(`${at}: ${same}`)
    }
    if (step.digest !== undefined) {
      const { sumFloat64, ...want } = step.digest
      const own = digestOf(got as Tensor)
      const round = (list: number[]) => list.map(Math.fround)
      const close = { ...want, first: round(want.first), last: round(want.last) }
      if (JSON.stringify(own, Object.keys(own).sort()) !== JSON.stringify(close, Object.keys(close).sort())) found.push(`${at}: ${JSON.stringify(own)}, expected ${JSON.stringify(want)}`)
    }
    for (const [name, want] of Object.entries(step.outputs ?? {})) {
      const value = (got as Record<string, unknown>)[name]
      const isTensor = typeof want === 'object' && want !== null && 'dtype' in want
      const why = isTensor
        ? difference(value as Tensor, want as GoldenTensor, c.bitExact ? 0 : c.rtol, c.bitExact ? 0 : c.atol)
        : JSON.stringify(value) === JSON.stringify(want) ? undefined : `${JSON.stringify(value)}, expected ${JSON.stringify(want)}`
      if (why !== undefined) found.push(`${at} ${name}: ${why}`)
    }
  }
  return found
}

for (const c of goldenCases('rng') as unknown as Stream[]) {
  test(c.id, t => {
    const found = mismatches(c)
    const other = found.length > 0 ? (variantOf(c as never) as unknown as Stream | undefined) : undefined
    t.deepEqual(other !== undefined && mismatches(other).length === 0 ? [] : found, [])
  })
}
