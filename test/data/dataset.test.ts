// Datasets, splitting them, samplers on their own, and the default collate function.
import test from 'ava'
import { data, Generator, IndexError, manualSeed, rand, ShapeError, Tensor, tensor, ValueError } from 'glorot'

const values = (set: data.Dataset<Tensor[]>) => Array.from({ length: set.length }, (_, i) => set.get(i)[0].item())
const numbered = (n: number, from = 0) => new data.TensorDataset(tensor(Array.from({ length: n }, (_, i) => from + i)))

test('TensorDataset: rows from either end, views of the tensors', t => {
  const X = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ])
  const set = new data.TensorDataset(X, tensor([7, 8, 9], { dtype: 'int32' }))
  t.is(set.length, 3)
  t.deepEqual(
    set.get(-1).map(x => x.tolist()),
    [[5, 6], 9],
  )
  set.get(0)[0].fill_(0)
  t.deepEqual(X.tolist()[0], [0, 0])
  t.throws(() => set.get(3), { instanceOf: IndexError, message: 'TensorDataset: index 3 is out of range for 3 items' })
  t.throws(() => set.get(0.5), { instanceOf: IndexError })
  t.throws(() => set.get('0' as never), { instanceOf: TypeError })
  t.throws(() => new data.TensorDataset(X, tensor([1, 2])), {
    instanceOf: ShapeError,
    message: /equally many rows, got \[3, 2\] and \[2\]/,
  })
  t.throws(() => new data.TensorDataset(tensor(3)), { instanceOf: ShapeError, message: /a scalar/ })
  t.throws(() => new data.TensorDataset([1] as never), { instanceOf: TypeError })
  t.throws(() => new data.TensorDataset(), { instanceOf: ValueError })
})

test('Subset and ConcatDataset', t => {
  const set = new data.ConcatDataset([numbered(2), numbered(0), numbered(3, 10)])
  t.is(set.length, 5)
  t.deepEqual(values(set), [0, 1, 10, 11, 12])
  t.deepEqual(set.get(-1)[0].item(), 12)
  const subset = new data.Subset(set, Int32Array.of(4, 0, -2))
  t.deepEqual(subset.indices, [4, 0, 3])
  t.deepEqual(values(subset), [12, 0, 11])
  t.throws(() => new data.Subset(set, [5]), { instanceOf: IndexError, message: /index 5 is out of range for 5 items/ })
  t.throws(() => new data.Subset(set, 3 as never), { instanceOf: TypeError })
  t.throws(() => new data.ConcatDataset([]), { instanceOf: ValueError })
  t.throws(() => new data.ConcatDataset([3 as never]), { instanceOf: TypeError })
})

test('a class of your own extends Dataset', t => {
  class Squares extends data.Dataset<number> {
    override get length(): number {
      return 4
    }
    override get(i: number): number {
      return i * i
    }
  }
  const [batch] = new data.DataLoader(new Squares(), { batchSize: 4 })
  t.deepEqual(batch.tolist(), [0, 1, 4, 9])
})

test('randomSplit: PyTorch’s draw, by numbers and by shares', t => {
  manualSeed(3)
  const split = (lengths: number[], n = 10) => data.randomSplit(numbered(n), lengths).map(s => [...s.indices])
  t.deepEqual(split([0.5, 0.3, 0.2]), [
    [6, 0, 3, 7, 8],
    [5, 1, 9],
    [2, 4],
  ])
  t.deepEqual(split([7, 3]), [
    [9, 8, 5, 3, 0, 6, 7],
    [2, 1, 4],
  ])
  const sizes = (lengths: number[], n: number) => split(lengths, n).map(s => s.length)
  t.deepEqual(sizes([0.5, 0.25, 0.25], 11), [6, 3, 2])
  t.deepEqual(sizes([0.5, 0.5], 1), [1, 0])
  t.deepEqual(sizes([1], 4), [4])
  t.deepEqual(sizes([0, 4], 4), [0, 4])
  const [a, b] = [5, 5].map(
    seed => data.randomSplit(numbered(9), [9], { generator: new Generator().manualSeed(seed) })[0].indices,
  )
  t.deepEqual(a, b)
  t.throws(() => split([7, 4]), {
    instanceOf: ValueError,
    message: /lengths \[7, 4\] add up to 11, the dataset has 10 items/,
  })
  t.throws(() => split([0.5, 0.6]), { instanceOf: ValueError })
  t.throws(() => split([-1, 11]), { instanceOf: ValueError })
  t.throws(() => split(3 as never), { instanceOf: TypeError })
  t.throws(() => data.randomSplit(numbered(2), [2], { seed: 1 } as never), { message: /unknown option 'seed'/ })
})

test('samplers give a new round in each iteration', t => {
  manualSeed(0)
  const sampler = new data.RandomSampler(numbered(50))
  const rounds = [[...sampler], [...sampler]]
  t.notDeepEqual(rounds[0], rounds[1])
  for (const round of rounds)
    t.deepEqual(
      round.sort((a, b) => a - b),
      [...new data.SequentialSampler(numbered(50))],
    )
  t.is(sampler.length, 50)
  const batches = new data.BatchSampler(new data.SequentialSampler({ length: 5 }), 2, false)
  t.deepEqual([...batches], [[0, 1], [2, 3], [4]])
  t.is(batches.length, 3)
  t.deepEqual([...new data.BatchSampler([1, 2, 3], 2, true)], [[1, 2]])
  const all = new data.WeightedRandomSampler(tensor([0, 1, 0]), 6)
  t.deepEqual([...all], [1, 1, 1, 1, 1, 1])
})

test('samplers check what they are made of', t => {
  const one = { length: 1 }
  t.throws(() => new data.RandomSampler(3 as never), { instanceOf: TypeError, message: /a length, got 3/ })
  t.throws(() => new data.RandomSampler(one, { numSamples: 0 }), { instanceOf: ValueError })
  t.throws(() => new data.RandomSampler(one, { replacement: 1 as never }), { instanceOf: TypeError })
  t.throws(() => new data.RandomSampler(one, { generator: 1 as never }), { instanceOf: TypeError })
  t.throws(() => new data.RandomSampler(one, { num_samples: 1 } as never), { message: /did you mean 'numSamples'/ })
  t.throws(() => new data.WeightedRandomSampler([0.5], 2, { replacement: false }), {
    instanceOf: ValueError,
    message: /numSamples 2 is more than the 1 weights/,
  })
  t.throws(() => new data.WeightedRandomSampler(tensor([[1]]), 2), { instanceOf: ShapeError })
  t.throws(() => new data.WeightedRandomSampler(3 as never, 2), { instanceOf: TypeError })
  t.throws(() => [...new data.WeightedRandomSampler([-1, 2], 2)], { instanceOf: ValueError })
  t.throws(() => new data.BatchSampler([0], 0, false), { instanceOf: ValueError })
  t.throws(() => new data.BatchSampler([0], 2, undefined as never), { instanceOf: TypeError })
  t.throws(() => new data.BatchSampler(3 as never, 2, false), { instanceOf: TypeError })
})

test('collate stacks tensors and typed arrays, makes tensors of numbers, goes into arrays and records', t => {
  const batch = data.collate([
    { x: rand([2]), label: 1, name: 'a', parts: [true, Float64Array.of(1, 2)] },
    { x: rand([2]), label: 2, name: 'b', parts: [false, Float64Array.of(3, 4)] },
  ] as const)
  t.deepEqual(batch.x.shape, [2, 2])
  t.deepEqual([batch.label.tolist(), batch.label.dtype], [[1, 2], 'float32'])
  t.deepEqual(batch.name as unknown, ['a', 'b'])
  const [flags, rows] = batch.parts
  t.deepEqual([flags.tolist(), flags.dtype], [[true, false], 'bool'])
  t.deepEqual(
    [rows.tolist(), rows.dtype],
    [
      [
        [1, 2],
        [3, 4],
      ],
      'float64',
    ],
  )
  t.deepEqual(
    data
      .collate([
        tensor([
          [1, 2],
          [3, 4],
        ]).t(),
        tensor([
          [5, 6],
          [7, 8],
        ]),
      ])
      .tolist(),
    [
      [
        [1, 3],
        [2, 4],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ],
  )
})

test('collate refuses what does not fit together', t => {
  const refuse = (items: unknown[], message: RegExp) =>
    t.throws(() => data.collate(items), { instanceOf: TypeError, message })
  refuse([1, 'a'], /one is 1, another "a"/)
  refuse([rand([1]), 2], /one is a Tensor, another 2/)
  refuse([[1, 2], [1]], /one is an array of 2, another an array of 1/)
  refuse([{ a: 1 }, { b: 1 }], /one is a record of a, another an object/)
  refuse([() => 1], /an item is a function; items must be tensors/)
  refuse([null], /an item is null/)
  t.true(data.collate([tensor(1)]) instanceof Tensor)
})
