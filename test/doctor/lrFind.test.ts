// The range test of learning rates.
import test from 'ava'
import { manualSeed, nn, optim, randn } from 'glorot'
import { lrFind } from 'glorot/doctor'

function program(kind: 'SGD' | 'Adam') {
  manualSeed(1)
  const model = new nn.Sequential(new nn.Linear(6, 32), new nn.ReLU(), new nn.Linear(32, 1))
  const X = randn([500, 6])
  const y = X.sum(1, { keepdim: true }).sin()
  const optimizer = new optim[kind](model.parameters(), { lr: 0.123 })
  return { model, criterion: new nn.MSELoss(), optimizer, data: [X, y] as const, batchSize: 32 }
}

for (const kind of ['SGD', 'Adam'] as const)
  test(`${kind}: suggests a rate with which it learns, and leaves everything as it was`, t => {
    const options = program(kind)
    const before = [...options.model.parameters()].map(p => [...p.toTypedArray()])
    const { suggestion, rates, losses, smoothed, diverged } = lrFind(options)
    t.true(diverged)
    t.true(rates.length === losses.length && rates.length === smoothed.length && rates.length > 40)
    t.true(rates.every((r, i) => i === 0 || r > rates[i - 1]))
    t.deepEqual(
      [...options.model.parameters()].map(p => [...p.toTypedArray()]),
      before,
    )
    t.is(options.optimizer.paramGroups[0].lr, 0.123)
    t.is(options.optimizer.state.size, 0)
    options.optimizer.paramGroups[0].lr = suggestion!
    const [X, y] = options.data
    let last = 0
    for (let i = 0; i < 300; i++) {
      options.optimizer.zeroGrad()
      const loss = options.criterion.forward(options.model.forward(X), y)
      loss.backward()
      options.optimizer.step()
      last = loss.item()
    }
    t.true(last < 0.4, `with ${suggestion} the loss is ${last} after 300 steps`)
  })

test('rates must grow', t => {
  t.throws(() => lrFind({ ...program('SGD'), startLr: 1, endLr: 0.1 }), { message: /rates must grow/ })
})
