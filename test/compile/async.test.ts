// Replays on another thread: the same numbers, in order, with an event loop that stays free.
import { setTimeout as sleep } from 'node:timers/promises'
import anyTest from 'ava'
import { CompileError, compile, manualSeed, nn, optim, randn, type Tensor, tensor } from 'glorot'

// One after the other: they share the default stream of random numbers, and runs take turns.
const test = anyTest.serial

function trainer(width: number) {
  manualSeed(0)
  const model = new nn.Sequential(new nn.Linear(16, width), new nn.ReLU(), new nn.Linear(width, 1))
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 })
  const x = randn([256, 16])
  const y = randn([256, 1])
  const step = compile((inputs: Tensor, targets: Tensor) => {
    optimizer.zeroGrad()
    const loss = new nn.MSELoss().forward(model.forward(inputs), targets)
    loss.backward()
    optimizer.step()
    return loss
  })
  return { step, x, y }
}

test('gives what synchronous calls give', async t => {
  const one = trainer(64)
  const want = Array.from({ length: 12 }, () => one.step(one.x, one.y).item())
  const two = trainer(64)
  const got: number[] = []
  for (let i = 0; i < 12; i++) got.push((await two.step.runAsync(two.x, two.y)).item())
  t.deepEqual(got, want)
})

test('calls wait for those before them', async t => {
  const one = trainer(64)
  const want = Array.from({ length: 12 }, () => one.step(one.x, one.y).item())
  const two = trainer(64)
  const losses = await Promise.all(want.map(() => two.step.runAsync(two.x, two.y)))
  t.deepEqual(
    losses.map(l => l.item()),
    want,
  )
})

test('inputs are the caller’s again at once, though the call waits', async t => {
  const double = compile((x: Tensor) => x.mul(2))
  const x = tensor([0])
  const runs = Array.from({ length: 8 }, (_, i) => double.runAsync(x.fill_(i)))
  t.deepEqual(
    (await Promise.all(runs)).map(y => y.item()),
    [0, 2, 4, 6, 8, 10, 12, 14],
  )
})

test('functions that share parameters and random numbers take turns', async t => {
  const make = () => {
    manualSeed(3)
    const model = new nn.Sequential(new nn.Linear(8, 1024), new nn.Dropout(), new nn.Linear(1024, 1))
    const optimizer = new optim.Adam(model.parameters())
    const train = (x: Tensor) => {
      optimizer.zeroGrad()
      const loss = model.forward(x).square().mean()
      loss.backward()
      optimizer.step()
      return loss
    }
    const score = (x: Tensor) => model.forward(x).sum()
    return { train, score, x: randn([256, 8]) }
  }
  const one = make()
  const want = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? one.train : one.score)(one.x).item())
  const two = make()
  const train = compile(two.train)
  const score = compile(two.score)
  const found = await Promise.all(want.map((_, i) => (i % 2 === 0 ? train : score).runAsync(two.x)))
  t.deepEqual(
    found.map(x => x.item()),
    want,
  )
  // An epoch lets others in between its native calls.
  let epoch = true
  const whole = train.runEpoch(Array.from({ length: 400 }, () => [two.x])).then(() => {
    epoch = false
  })
  await score.runAsync(two.x)
  t.true(epoch)
  await whole
})

test('timers run meanwhile, and a synchronous call is refused', async t => {
  const { step, x, y } = trainer(4096)
  for (let i = 0; i < 3; i++) step(x, y)
  let ticks = 0
  let done = false
  const run = Promise.all(Array.from({ length: 20 }, () => step.runAsync(x, y))).then(() => {
    done = true
  })
  t.throws(() => step(x, y), { instanceOf: CompileError, message: /running on another thread; await runAsync/ })
  while (!done) {
    await sleep(1)
    ticks++
  }
  await run
  t.true(ticks >= 5, `${ticks} ticks`)
  t.notThrows(() => step(x, y))
})

test('a failing run rejects, and the next one works', async t => {
  const pick = compile((x: Tensor, i: Tensor) => x.indexSelect(0, i))
  const x = tensor([1, 2, 3])
  const at = (i: number) => tensor([i], { dtype: 'int32' })
  for (let i = 0; i < 3; i++) pick(x, at(1))
  const [bad, good] = await Promise.allSettled([pick.runAsync(x, at(9)), pick.runAsync(x, at(2))])
  t.is(bad.status, 'rejected')
  t.true(bad.status === 'rejected' && /9/.test(bad.reason.message) && bad.reason.name === 'IndexError')
  t.is(good.status === 'fulfilled' ? good.value.item() : 0, 3)
  await t.throwsAsync(() => pick.runAsync(x, x), { instanceOf: CompileError })
})

test('a run outlives dispose, one that waits does not', async t => {
  for (let i = 0; i < 20; i++) {
    const { step, x, y } = trainer(512)
    for (let k = 0; k < 3; k++) step(x, y)
    const run = step.runAsync(x, y)
    const waiting = step.runAsync(x, y)
    step.dispose()
    t.true(Number.isFinite((await run).item()))
    await t.throwsAsync(() => waiting, { instanceOf: CompileError, message: /disposed/ })
  }
})
