// diagnose leaves everything as it was, to the bit.
import test from 'ava'
import { data, defaultGenerator, manualSeed, nn, optim, randn, type Tensor } from 'glorot'
import { diagnose } from 'glorot/doctor'

const bits = (t: Tensor) => Buffer.from(t.toTypedArray().buffer.slice(0)).toString('hex')

/** All that belongs to a program, as text. */
function stateOf(model: nn.Module, optimizer: optim.Optimizer): string {
  const parts: string[] = [Buffer.from(defaultGenerator.getState()).toString('hex')]
  for (const [name, p] of model.namedParameters())
    parts.push(`${name} ${bits(p)} ${p.grad === null ? 'none' : bits(p.grad)} ${p.storage.version} ${p.requiresGrad}`)
  for (const [name, b] of model.namedBuffers()) parts.push(`${name} ${bits(b)}`)
  for (const [name, m] of model.namedModules()) parts.push(`${name} ${m.constructor.name} ${m.training}`)
  for (const [p, state] of optimizer.state)
    for (const [name, value] of Object.entries(state)) parts.push(`${p.shape} ${name} ${bits(value as Tensor)}`)
  parts.push(optimizer.toString(), model.toString())
  return parts.join('\n')
}

/** A program in the middle of its training, with modes and state of all kinds. */
function program(lr: number) {
  manualSeed(3)
  const model = new nn.Sequential(
    new nn.Linear(6, 24),
    new nn.Sigmoid(),
    new nn.Dropout({ p: 0.3 }),
    new nn.Linear(24, 1),
  )
  model.registerBuffer('seen', randn([4]))
  const optimizer = new optim.Adam(model.parameters(), { lr })
  const criterion = new nn.MSELoss()
  const [X, y] = [randn([300, 6]), randn([300, 1])]
  for (let i = 0; i < 3; i++) {
    optimizer.zeroGrad()
    criterion.forward(model.forward(X), y).backward()
    optimizer.step()
  }
  model.at(2).eval()
  return { model, criterion, optimizer, X, y }
}

for (const lr of [1e-6, 0.01, 3])
  test(`model, gradients, optimizer, modes and random numbers stay, with a rate of ${lr}`, t => {
    const { model, criterion, optimizer, X, y } = program(lr)
    const before = stateOf(model, optimizer)
    const [x0, y0] = [bits(X), bits(y)]
    diagnose({ model, criterion, optimizer, data: [X, y], epochs: 5, batchSize: 30 })
    t.is(stateOf(model, optimizer), before)
    t.is(bits(X), x0)
    t.is(bits(y), y0)
  })

test('a loader gives the same batches after a diagnosis as without one', t => {
  const batches = (look: boolean) => {
    const { model, criterion, optimizer, X, y } = program(0.01)
    const loader = new data.DataLoader(new data.TensorDataset(X, y), { batchSize: 50, shuffle: true })
    if (look) diagnose({ model, criterion, optimizer, data: loader, epochs: 2 })
    return [...loader].map(([x]) => bits(x)).join()
  }
  t.is(batches(true), batches(false))
})

test('training goes on as if there had been no diagnosis', t => {
  const weights = (look: boolean) => {
    const { model, criterion, optimizer, X, y } = program(0.05)
    model.train()
    if (look) diagnose({ model, criterion, optimizer, data: [X, y], epochs: 50 })
    for (let i = 0; i < 5; i++) {
      optimizer.zeroGrad()
      criterion.forward(model.forward(X), y).backward()
      optimizer.step()
    }
    return stateOf(model, optimizer).replaceAll(/ \d+ (true|false)$/gm, '')
  }
  t.is(weights(true), weights(false))
})

test('the same program gives the same report', t => {
  const ids = () => {
    const { model, criterion, optimizer, X, y } = program(1e-5)
    const { findings, trace } = diagnose({ model, criterion, optimizer, data: [X, y], epochs: 20, batchSize: 30 })
    return JSON.stringify([findings.map(f => [f.id, f.evidence]), trace.losses, trace.counterfactuals])
  }
  t.is(ids(), ids())
})

test('an error in the middle leaves everything as it was', t => {
  const { model, criterion, optimizer, X, y } = program(0.01)
  const before = stateOf(model, optimizer)
  let calls = 0
  model.registerForwardHook(() => {
    if (++calls === 7) throw new Error('the seventh call')
  })
  t.notThrows(() => diagnose({ model, criterion, optimizer, data: [X, y], epochs: 5, batchSize: 30 }))
  t.is(stateOf(model, optimizer), before)
})
