// Epochs in few native calls: the numbers of a loop over the loader, with progress and a way to stop.
import anyTest from 'ava'
import {
  autograd,
  CompileError,
  compile,
  data,
  manualSeed,
  nn,
  optim,
  rand,
  randint,
  randn,
  type Tensor,
  tensor,
} from 'glorot'

// One after the other: they share the default stream of random numbers.
const test = anyTest.serial

const bits = (x: Tensor) => Buffer.from(x.toTypedArray().slice().buffer).toString('hex')

function program(
  samples: number,
  batchSize: number,
  options: { dropLast?: boolean; subset?: boolean; p?: number } = {},
) {
  manualSeed(11)
  const model = new nn.Sequential(
    new nn.Linear(4, 8),
    new nn.ReLU(),
    new nn.Dropout({ p: options.p ?? 0 }),
    new nn.Linear(8, 3),
  )
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 })
  const whole = new data.TensorDataset(randn([samples, 4]), randint(0, 3, [samples]))
  const dataset = options.subset
    ? new data.Subset(
        whole,
        [...Array(samples).keys()].filter(i => i % 3 > 0),
      )
    : whole
  const loader = new data.DataLoader(dataset as data.TensorDataset, {
    batchSize,
    shuffle: true,
    dropLast: options.dropLast ?? false,
  })
  const criterion = new nn.CrossEntropyLoss()
  const fn = (x: Tensor, y: Tensor) => {
    optimizer.zeroGrad()
    const loss = criterion.forward(model.forward(x), y)
    loss.backward()
    optimizer.step()
    return loss
  }
  const left = () => [...model.parameters()].map(bits).concat(bits(rand([3])))
  return { loader, fn, left, model }
}

const cases = {
  'a smaller last batch': () => program(50, 8),
  'many chunks': () => program(600, 8),
  'dropLast and dropout': () => program(50, 8, { dropLast: true, p: 0.3 }),
  'a subset': () => program(60, 7, { subset: true }),
  'one batch': () => program(20, 32),
}
for (const [name, make] of Object.entries(cases)) {
  test(`${name}: bit for bit the losses, parameters and draws of a loop`, async t => {
    const eager = make()
    const want = Array.from({ length: 6 }, () => [...eager.loader].map(([x, y]) => eager.fn(x, y).item()))
    const wantLeft = eager.left()
    const sync = make()
    const step = compile(sync.fn)
    t.deepEqual(
      want.map(() => step.runEpochSync(sync.loader).tolist()),
      want,
    )
    t.deepEqual(sync.left(), wantLeft)
    const other = make()
    const later = compile(other.fn)
    for (const losses of want) t.deepEqual((await later.runEpoch(other.loader)).tolist(), losses)
    t.deepEqual(other.left(), wantLeft)
  })
}

test('modes changed between epochs take effect', t => {
  const epochs = (run: (p: ReturnType<typeof program>) => () => number[]) => {
    const p = program(40, 8, { p: 0.5 })
    const once = run(p)
    return Array.from({ length: 6 }, (_, epoch) => {
      p.model.train(epoch % 2 === 0)
      return once()
    })
  }
  const compiled = epochs(({ loader, fn }) => {
    const step = compile(fn)
    return () => step.runEpochSync(loader).tolist()
  })
  t.deepEqual(
    compiled,
    epochs(
      ({ loader, fn }) =>
        () =>
          [...loader].map(([x, y]) => fn(x, y).item()),
    ),
  )
})

test('gradients accumulated without clearing them stay right', t => {
  const make = () => {
    const w = new nn.Parameter(tensor([1, 1, 1, 1]))
    const fn = (x: Tensor) => {
      const y = w.mul(x).sum()
      y.backward()
      return y
    }
    manualSeed(2)
    return { w, fn, loader: new data.DataLoader(new data.TensorDataset(randn([20, 4])), { batchSize: 4 }) }
  }
  const one = make()
  const two = make()
  const step = compile(one.fn)
  for (let epoch = 0; epoch < 10; epoch++) {
    step.runEpochSync(one.loader)
    for (const [x] of two.loader) two.fn(x)
    t.is(bits(one.w.grad!), bits(two.w.grad!))
  }
})

test('any iterable of batches, and several results', async t => {
  const step = compile((x: Tensor) => ({ sum: x.sum(), twice: x.mul(2) }))
  const batches = Array.from({ length: 5 }, (_, i) => [tensor([i, i])])
  const { sum, twice } = await step.runEpoch(batches)
  t.deepEqual(sum.tolist(), [0, 2, 4, 6, 8])
  t.deepEqual(twice.tolist(), [
    [0, 0],
    [2, 2],
    [4, 4],
    [6, 6],
    [8, 8],
  ])
  const collated = new data.DataLoader(new data.TensorDataset(randn([6, 2])), {
    batchSize: 2,
    collate: items => items.map(([x]) => x) as never,
  })
  await t.throwsAsync(() =>
    compile((a: Tensor, b: Tensor) => a.add(b).sum()).runEpoch([[tensor([1])], [tensor([2]), tensor([3])]]),
  )
  t.is(compile((a: Tensor, b: Tensor) => a.add(b).sum()).runEpochSync(collated as never).shape[0], 3)
})

test('reused results of batches are stacked as they were', async t => {
  const step = compile((x: Tensor) => x.sum(), { reuseResults: true })
  const batches = Array.from({ length: 6 }, (_, i) => [tensor([i])])
  for (let epoch = 0; epoch < 3; epoch++) {
    t.deepEqual(step.runEpochSync(batches).tolist(), [0, 1, 2, 3, 4, 5])
    t.deepEqual((await step.runEpoch(batches)).tolist(), [0, 1, 2, 3, 4, 5])
  }
})

test('an error in the middle of an epoch leaves no gradient', async t => {
  const table = new nn.Embedding(5, 3)
  const step = compile((at: Tensor) => {
    table.zeroGrad()
    const loss = table.forward(at).square().sum()
    loss.backward()
    return loss
  })
  const loaderOf = (last: number) =>
    new data.DataLoader(new data.TensorDataset(tensor([1, 2, 3, last], { dtype: 'int32' })), { batchSize: 1 })
  for (let epoch = 0; epoch < 3; epoch++) {
    step.runEpochSync(loaderOf(4))
    t.not(table.weight.grad, null)
    t.throws(() => step.runEpochSync(loaderOf(9)), { message: /9 is out of range/ })
    t.is(table.weight.grad, null)
    await step.runEpoch(loaderOf(4))
    await t.throwsAsync(() => step.runEpoch(loaderOf(9)), { message: /9 is out of range/ })
    t.is(table.weight.grad, null)
  }
})

test('progress, and stopping by a signal', async t => {
  const { loader, fn } = program(1000, 4)
  const step = compile(fn)
  const seen: number[] = []
  await step.runEpoch(loader, {
    onProgress: ({ batch, batches }) => {
      t.is(batches, 250)
      seen.push(batch)
    },
  })
  t.is(seen.at(-1), 250)
  t.true(seen.length > 5 && seen.every((n, i) => i === 0 || n > seen[i - 1]))
  const stop = new AbortController()
  const stopping = step.runEpoch(loader, {
    signal: stop.signal,
    onProgress: ({ batch }) => {
      if (batch >= 64) stop.abort(new RangeError('enough'))
    },
  })
  await t.throwsAsync(() => stopping, { instanceOf: RangeError, message: 'enough' })
  t.is((await step.runEpoch(loader)).shape[0], 250)
})

test('what is wrong is said', async t => {
  const step = compile((x: Tensor) => x.mul(2))
  const wrong = { instanceOf: TypeError }
  t.throws(() => step.runEpochSync(3 as never), { ...wrong, message: /DataLoader/ })
  t.throws(() => step.runEpochSync([tensor([1])] as never), { ...wrong, message: /array of the function's inputs/ })
  t.throws(() => step.runEpochSync([[tensor([1])]], { progress: 1 } as never), wrong)
  t.throws(() => step.runEpochSync([[tensor([1])]], { onProgress: 1 } as never), wrong)
  t.throws(() => step.runEpochSync([[tensor([1])]], { signal: 1 } as never), wrong)
  t.throws(() => step.runEpochSync([]), { instanceOf: CompileError, message: /no batch/ })
  t.throws(() => step.runEpochSync([[tensor([1])], [tensor([1, 2])]]), {
    instanceOf: CompileError,
    message: /differ in shape/,
  })
  const run = step.runEpoch([[tensor([1])], [tensor([2])]])
  t.throws(() => step(tensor([1])), { instanceOf: CompileError, message: /running/ })
  await run
  t.is(step(tensor([1])).item(), 2)
})

test('anomaly mode looks at every result of an epoch, replayed before or not', t => {
  const w = new nn.Parameter(tensor([1]))
  const step = compile((x: Tensor) => w.mul(x).log().sum())
  const good = new data.DataLoader(new data.TensorDataset(tensor([[1], [2], [3], [4]])), { batchSize: 1 })
  const bad = new data.DataLoader(new data.TensorDataset(tensor([[1], [2], [-3], [4]])), { batchSize: 1 })
  for (let i = 0; i < 3; i++) step.runEpochSync(good)
  t.true(Number.isNaN(step.runEpochSync(bad).tolist()[2]))
  t.throws(() => autograd.detectAnomaly(() => step.runEpochSync(bad)), { message: /nan/i })
})

test('a loader whose sampler has no length', t => {
  const sampler = {
    *[Symbol.iterator]() {
      yield* [2, 0, 1]
    },
  }
  const dataset = new data.TensorDataset(tensor([[1], [2], [3]]))
  const loader = new data.DataLoader(dataset, { batchSize: 1, sampler })
  const seen: unknown[] = []
  const sums = compile((x: Tensor) => x.sum()).runEpochSync(loader, { onProgress: ({ batches }) => seen.push(batches) })
  t.deepEqual(sums.tolist(), [3, 1, 2])
  t.deepEqual(seen, [undefined, undefined, undefined])
})
