// Memory is right without dispose: a hundred thousand eager steps in one synchronous loop, in which no finalizer can run, stay
// within 50 MB of the level after a thousand; so does churn of tensors of many sizes.
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import test from 'ava'
import { compile, nn, ones, optim, randint, randn, type Tensor, zeros } from 'glorot'
import { allocations } from '../harness/allocations.js'

const MB = 2 ** 20

for (const flags of [[], ['--expose-gc'], ['--max-semi-space-size=1']]) {
  test(`100,000 eager steps keep the memory of 1,000 ${flags.join(' ')}`, t => {
    const script = path.join(import.meta.dirname, 'steps.js')
    const out = execFileSync(process.execPath, [...flags, script, '100000'], { encoding: 'utf8' })
    const { early, most, end } = JSON.parse(out) as Record<string, number>
    t.log(
      `after 1,000 steps ${(early / MB).toFixed(0)} MB, at most ${(most / MB).toFixed(0)} MB, at the end ${(end / MB).toFixed(0)} MB`,
    )
    t.true(most - early < 50 * MB, `${((most - early) / MB).toFixed(0)} MB more`)
  })
}

test('a million replays keep the memory of a thousand', t => {
  const script = path.join(import.meta.dirname, 'steps.js')
  const out = execFileSync(process.execPath, [script, '1000000', 'compiled'], { encoding: 'utf8' })
  const { early, most } = JSON.parse(out) as Record<string, number>
  t.true(most - early < 50 * MB, `${((most - early) / MB).toFixed(0)} MB more`)
})

test('a compiled step holds little beside parameters, gradients, optimizer state and live activations', t => {
  const widths = [784, 512, 256, 10]
  const batch = 128
  const model = new nn.Sequential(
    new nn.Linear(784, 512),
    new nn.ReLU(),
    new nn.Linear(512, 256),
    new nn.ReLU(),
    new nn.Linear(256, 10),
  )
  const optimizer = new optim.Adam(model.parameters())
  const step = compile((x: Tensor, y: Tensor) => {
    optimizer.zeroGrad()
    const loss = new nn.CrossEntropyLoss().forward(model.forward(x), y)
    loss.backward()
    optimizer.step()
    return loss
  })
  // A smaller last batch, and others: what each needs is memory that all of them have in common.
  for (let i = 0; i < 4; i++) for (const n of [batch, 96, 17, 1]) step(randn([n, 784]), randint(0, 10, [n]))
  const parameters = [...model.parameters()].reduce((n, p) => n + 4 * p.numel(), 0)
  const activations = widths.slice(1).reduce((n, width) => n + 4 * batch * width, 0)
  const held = step.memory + 4 * batch * 784 + 3 * parameters
  const needed = 4 * parameters + activations + 4 * batch * 784
  t.log(`${held} bytes, ${(held / needed).toFixed(3)} times what is needed`)
  t.true(held <= 1.25 * needed)
})

test('a replay whose results are reused allocates nothing', t => {
  const model = new nn.Sequential(new nn.Linear(10, 10), new nn.Sigmoid(), new nn.Linear(10, 1))
  const optimizer = new optim.Adam(model.parameters())
  const [x, y] = [randn([1000, 10]), randn([1000, 1])]
  const make = (reuseResults: boolean) =>
    compile(
      (x: Tensor, y: Tensor) => {
        optimizer.zeroGrad()
        const prediction = model.forward(x)
        const loss = new nn.MSELoss().forward(prediction, y)
        loss.backward()
        optimizer.step()
        return [loss, prediction]
      },
      { reuseResults },
    )
  /** How often 1000 replays ask for memory. */
  const asked = (reuseResults: boolean) => {
    const step = make(reuseResults)
    for (let i = 0; i < 10; i++) step(x, y)
    return allocations(() => {
      for (let i = 0; i < 1000; i++) step(x, y)
    })
  }
  t.is(asked(true), 0)
  t.true(asked(false) > 0)
})

test('large tensors are freed as they go: 4 GB in all, a few at a time', t => {
  const before = process.memoryUsage.rss()
  let most = 0
  for (let i = 0; i < 250; i++) {
    const x = ones([1024, 1024])
      .mul(2)
      .add(zeros([1024, 1024]))
    if (x.numel() !== 1024 * 1024) t.fail()
    most = Math.max(most, process.memoryUsage.rss())
  }
  t.log(`${((most - before) / MB).toFixed(0)} MB at most`)
  t.true(most - before < 600 * MB)
})
