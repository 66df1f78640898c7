// DataLoader: which batches it gives, in which order, and what it refuses.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { data, Generator, IndexError, manualSeed, rand, randn, ShapeError, Tensor, tensor, ValueError } from 'glorot'

interface Order {
  name: string
  n: number
  /** The loop is left after so many. */
  batches: number
  options: {
    batchSize: number
    shuffle?: boolean
    dropLast?: boolean
    gseed?: number
    sampler?: { own?: boolean; weights?: number[]; numSamples?: number; replacement?: boolean }
  }
  seen: number[][]
  own: number[] | null
  default: number[]
}

// What PyTorch's loader gives, and where it leaves the streams.
const file = path.join(import.meta.dirname, '..', '..', '..', 'test', 'golden', 'loaders.json')
const orders: Order[] = JSON.parse(readFileSync(file, 'utf8')).cases

const numbered = (n: number) => new data.TensorDataset(tensor(Int32Array.from({ length: n }, (_, i) => i)))

/** The same order of a dataset whose items are numbers, which are collated, and of a TensorDataset, whose rows are gathered. */
const kinds: Record<string, (n: number) => data.Dataset> = {
  numbers: n => ({ length: n, get: i => i }),
  rows: numbered,
  'rows of subsets': n =>
    new data.Subset(
      new data.Subset(numbered(n + 3), range(n + 3).reverse()),
      range(n).map(i => n + 2 - i),
    ),
}
const range = (n: number) => [...Array(n).keys()]

function samplerOf(
  { sampler, gseed: _ }: Order['options'],
  dataset: data.Dataset,
  own: Generator | null,
): data.Sampler | undefined {
  if (sampler === undefined) return undefined
  const { own: mine, weights, numSamples, replacement } = sampler
  const generator = mine ? own : null
  if (weights !== undefined) return new data.WeightedRandomSampler(weights, numSamples!, { replacement, generator })
  return new data.RandomSampler(dataset, { replacement, numSamples, generator })
}

for (const c of orders) {
  for (const [kind, make] of Object.entries(kinds)) {
    test(`${c.name}: ${kind}`, t => {
      const { batchSize, shuffle = true, dropLast, gseed } = c.options
      manualSeed(7)
      const own = gseed === undefined ? null : new Generator().manualSeed(gseed)
      const dataset = make(c.n)
      const sampler = samplerOf(c.options, dataset, own)
      const generator = c.options.sampler?.own ? null : own
      const loader = new data.DataLoader(dataset, {
        batchSize,
        dropLast,
        generator,
        ...(sampler === undefined ? { shuffle } : { sampler }),
      })
      const seen: number[][] = []
      for (const batch of loader) {
        if (c.batches === 0) break
        seen.push((batch instanceof Tensor ? batch : batch[0]).tolist())
        if (seen.length === c.batches) break
      }
      t.deepEqual(seen, c.seen)
      if (c.batches > seen.length) t.is(loader.length, seen.length)
      if (own !== null) t.deepEqual([...rand([2], { generator: own }).toTypedArray()], c.own)
      t.deepEqual([...rand([2]).toTypedArray()], c.default)
    })
  }
}

test('a batch has one tensor per tensor of the dataset, rows in the dtype and shape they have there', t => {
  const X = randn([5, 2, 3])
  const y = tensor([0, 1, 2, 3, 4], { dtype: 'int32' })
  const loader = new data.DataLoader(new data.TensorDataset(X, y), { batchSize: 2 })
  const batches = [...loader]
  t.deepEqual(
    batches.map(([a, b]) => [a.shape, b.shape, a.dtype, b.dtype]),
    [
      [[2, 2, 3], [2], 'float32', 'int32'],
      [[2, 2, 3], [2], 'float32', 'int32'],
      [[1, 2, 3], [1], 'float32', 'int32'],
    ],
  )
  t.deepEqual(
    batches.flatMap(([a]) => a.tolist()),
    X.tolist(),
  )
  t.deepEqual(
    batches.flatMap(([, b]) => b.tolist()),
    [0, 1, 2, 3, 4],
  )
})

test('batches are copies outside the graph, of what the tensors hold when the epoch starts', t => {
  const X = rand([4, 2]).requiresGrad_()
  const columns = tensor([
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ]).t()
  const loader = new data.DataLoader(new data.TensorDataset(X, columns), { batchSize: 4 })
  const [[x, c]] = [...loader]
  t.false(x.requiresGrad)
  t.deepEqual(c.tolist(), columns.tolist())
  x.fill_(9)
  t.notDeepEqual(X.tolist(), x.tolist())
  columns.fill_(0)
  t.deepEqual([...loader][0][1].sum().item(), 0)
})

test('a subset that gives other items than the rows is asked for them', t => {
  class Doubled extends data.Subset<Tensor[]> {
    override get(i: number): Tensor[] {
      return super.get(i).map(x => x.mul(2))
    }
  }
  const [[x]] = [...new data.DataLoader(new Doubled(numbered(4), [1, 3]), { batchSize: 2 })]
  t.deepEqual(x.tolist(), [2, 6])
})

test('two epochs at once do not disturb each other', t => {
  manualSeed(1)
  const loader = new data.DataLoader(numbered(6), { batchSize: 2, shuffle: true })
  const flat = (batches: Iterable<Tensor[]>) => [...batches].flatMap(([x]) => x.tolist())
  const [a, b] = [loader[Symbol.iterator](), loader[Symbol.iterator]()]
  const mixed: number[][] = [[], []]
  for (let k = 0; k < 3; k++) for (const [i, it] of [a, b].entries()) mixed[i].push(...it.next().value[0].tolist())
  t.deepEqual(
    mixed.map(list => list.sort()),
    [range(6), range(6)],
  )
  t.deepEqual(flat(loader).sort(), range(6))
})

test('batchSize null gives the items as they are', t => {
  const loader = new data.DataLoader(numbered(3), { batchSize: null })
  t.deepEqual(
    [...loader].map(([x]) => [x.shape, x.item()]),
    [
      [[], 0],
      [[], 1],
      [[], 2],
    ],
  )
  t.is(loader.length, 3)
  const doubled = new data.DataLoader(numbered(2), {
    batchSize: null,
    collate: item => (item as unknown as Tensor[])[0].item() * 2,
  })
  t.deepEqual([...doubled], [0, 2])
})

test('samplers of your own: any iterable of indices, or of batches of them', t => {
  const loader = new data.DataLoader(numbered(5), { sampler: [4, 0, -2], batchSize: 2 })
  t.deepEqual(
    [...loader].map(([x]) => x.tolist()),
    [[4, 0], [3]],
  )
  t.is(loader.length, 2)
  const batched = new data.DataLoader(numbered(5), { batchSampler: [[1, 1], [], [0]] })
  t.deepEqual(
    [...batched].map(([x]) => x.tolist()),
    [[1, 1], [], [0]],
  )
  t.is(batched.length, 3)
  t.is(batched.batchSize, null)
  const endless = {
    *[Symbol.iterator]() {
      for (;;) yield 2
    },
  }
  const open = new data.DataLoader(numbered(5), { sampler: endless, batchSize: 2 })
  t.throws(() => open.length, { instanceOf: TypeError, message: /has a length|has no length|with a length/ })
  for (const [x] of open) {
    t.deepEqual(x.tolist(), [2, 2])
    break
  }
})

test('collate of your own gets the items', t => {
  const dataset = { length: 3, get: (i: number) => 'x'.repeat(i) }
  const loader = new data.DataLoader(dataset, { batchSize: 2, collate: (items: string[]) => items.join('|') })
  t.deepEqual([...loader], ['|x', 'xx'])
})

test('indices that are not there, or are none, throw when they are met', t => {
  const over =
    (sampler: Iterable<number>, dataset: data.Dataset = numbered(3)) =>
    () => [...new data.DataLoader(dataset, { sampler })]
  t.throws(over([3]), { instanceOf: IndexError, message: /index 3 is out of range for 3 rows/ })
  t.throws(over([-4]), { instanceOf: IndexError })
  t.throws(over([0.5]), { instanceOf: ValueError, message: /0.5 is not a whole number/ })
  t.throws(over(['1' as never]), { instanceOf: ValueError, message: /the sampler gave "1", not an index/ })
  t.throws(over([3], new data.Subset(numbered(5), [0, 1, 2])), { instanceOf: IndexError })
  t.throws(over([3], new data.ConcatDataset([numbered(3)])), { instanceOf: IndexError })
})

test('every option is checked', t => {
  const make =
    (options: object, dataset: unknown = numbered(3)) =>
    () =>
      new data.DataLoader(dataset as data.Dataset, options)
  t.throws(make({}, [1, 2]), {
    instanceOf: TypeError,
    message: /expected a dataset \(with length and get\(index\)\), got an array of 2/,
  })
  t.throws(make({ batchsize: 2 }), {
    instanceOf: TypeError,
    message: /unknown option 'batchsize', did you mean 'batchSize'\?/,
  })
  t.throws(make({ numWorkers: 2 }), { instanceOf: TypeError, message: /unknown option 'numWorkers'/ })
  t.throws(make({ batchSize: 0 }), { instanceOf: ValueError, message: /batchSize must be a whole number >= 1, got 0/ })
  t.throws(make({ batchSize: 2.5 }), { instanceOf: ValueError })
  t.throws(make({ batchSize: '2' }), { instanceOf: TypeError })
  t.throws(make({ shuffle: 1 }), { instanceOf: TypeError, message: /shuffle must be a boolean, got 1/ })
  t.throws(make({ dropLast: 'no' }), { instanceOf: TypeError })
  t.throws(make({ collate: 3 }), { instanceOf: TypeError, message: /collate must be a function/ })
  t.throws(make({ generator: 3 }), { instanceOf: TypeError, message: /generator must be a Generator, got 3/ })
  t.throws(make({ sampler: 3 }), { instanceOf: TypeError, message: /sampler must be iterable, got 3/ })
  t.throws(make({ sampler: [0], shuffle: true }), { instanceOf: ValueError, message: /sampler and shuffle/ })
  t.throws(make({ batchSampler: [[0]], batchSize: 2 }), { instanceOf: ValueError, message: /batchSampler excludes/ })
  t.throws(make({ batchSampler: 7 }), { instanceOf: TypeError })
  t.throws(make({ batchSize: null, dropLast: true }), { instanceOf: ValueError })
})

test('items of different shapes say which, and what to do', t => {
  const ragged = { length: 2, get: (i: number) => rand([i + 1]) }
  t.throws(() => [...new data.DataLoader(ragged, { batchSize: 2 })], {
    instanceOf: ShapeError,
    message: /item 0 is \[1\], item 1 is \[2\]; pad them, or give the loader a collate function/,
  })
})
