// Watching changes nothing, and sees what the loop does.
import test from 'ava'
import { compile, data, manualSeed, nn, optim, randn, type Tensor } from 'glorot'
import { type Watcher, watch } from 'glorot/doctor'

const bits = (t: Tensor) => Buffer.from(t.toTypedArray().slice().buffer).toString('hex')

interface Trained {
  readonly weights: string
  readonly losses: string
  readonly watcher: Watcher | null
}

type Way = 'eager' | 'compiled' | 'epochs'

/** Trains with dropout, Adam and a scheduler, in one of three ways. */
function trained(way: Way, looked: boolean): Trained {
  manualSeed(5)
  const model = new nn.Sequential(new nn.Linear(6, 20), new nn.ReLU(), new nn.Dropout({ p: 0.2 }), new nn.Linear(20, 1))
  const [X, y] = [randn([120, 6]), randn([120, 1])]
  const criterion = new nn.MSELoss()
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 })
  const schedule = new optim.lrScheduler.StepLR(optimizer, { stepSize: 3, gamma: 0.5 })
  const loader = new data.DataLoader(new data.TensorDataset(X, y), { batchSize: 20, shuffle: true })
  const watcher = looked
    ? watch({ model, criterion, optimizer, epochs: 12, stepsPerEpoch: 6, validation: [X, y] })
    : null
  const plain = (a: Tensor, b: Tensor) => {
    optimizer.zeroGrad()
    const loss = criterion.forward(model.forward(a), b)
    loss.backward()
    nn.utils.clipGradNorm_(model.parameters(), 1)
    optimizer.step()
    return loss
  }
  const step = compile(plain)
  const losses: number[] = []
  for (let epoch = 0; epoch < 12; epoch++) {
    if (way === 'epochs') losses.push(...(step.runEpochSync(loader) as Tensor).toTypedArray())
    else for (const [a, b] of loader) losses.push((way === 'eager' ? plain(a, b) : step(a, b)).item())
    schedule.step()
    watcher?.epoch({ validationAccuracy: 0.5 })
    if (epoch === 6) watcher?.report({ quick: true })
    if (epoch === 8) watcher?.report()
  }
  return { weights: [...model.parameters()].map(bits).join(), losses: losses.join(), watcher }
}

for (const way of ['eager', 'compiled', 'epochs'] as const)
  test(`${way}: weights and losses are to the bit those of a run that nobody watched`, t => {
    const [alone, watched] = [trained(way, false), trained(way, true)]
    t.is(watched.losses, alone.losses)
    t.is(watched.weights, alone.weights)
    const { trace, meta } = watched.watcher!.report()
    t.is(meta.steps, 72)
    t.is(meta.plannedSteps, 72)
    t.is(trace.losses.length, 72)
    t.is(trace.losses.map(p => p.loss).join(), alone.losses)
    t.is(trace.validation.length, 12)
    t.deepEqual(
      trace.rates.map(r => r.lr),
      [0.01, 0.005, 0.0025, 0.00125],
    )
    t.deepEqual(
      trace.layers.map(l => l.name),
      ['0', '3'],
    )
    t.true(trace.layers[0].samples.length > 5)
    t.true(trace.layers[0].samples.some(s => s.activation?.kind === 'relu'))
    t.true(
      trace.layers.every(l => l.samples.every(s => s.updateRatio !== null && s.updateRatio > 0 && s.gradNorm! > 0)),
    )
    watched.watcher!.stop()
  })

test('eager, compiled and whole epochs show the same run', t => {
  const seen = (way: Way) => {
    const { watcher } = trained(way, true)
    const { trace } = watcher!.report()
    watcher!.stop()
    const first = trace.layers[0].samples.find(s => s.step === 3)!
    return [trace.losses.length, first.weightNorm, first.updateRatio, first.travel]
  }
  t.deepEqual(seen('compiled'), seen('eager'))
  t.deepEqual(seen('epochs'), seen('eager'))
})

test('nothing is seen after stop, and hooks are gone', t => {
  manualSeed(1)
  const model = new nn.Linear(3, 1)
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
  const criterion = new nn.MSELoss()
  const watcher = watch({ model, criterion, optimizer })
  const step = () => {
    optimizer.zeroGrad()
    criterion.forward(model.forward(randn([8, 3])), randn([8, 1])).backward()
    optimizer.step()
  }
  step()
  t.is(watcher.report().meta.steps, 1)
  watcher.stop()
  step()
  t.is(watcher.report().meta.steps, 1)
})

test('a loop without a criterion module is watched by the operation of its loss', t => {
  manualSeed(2)
  const model = new nn.Sequential(new nn.Linear(4, 16), new nn.Tanh(), new nn.Linear(16, 3))
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 })
  const watcher = watch({ model, optimizer })
  const X = randn([90, 4])
  const y = X.narrow(1, 0, 3).argmax(1)
  for (let i = 0; i < 80; i++) {
    optimizer.zeroGrad()
    nn.functional.crossEntropy(model.forward(X), y).backward()
    optimizer.step()
  }
  const { trace, healthy } = watcher.report()
  t.deepEqual(
    trace.data?.classes?.reduce((a, b) => a + b, 0),
    90,
  )
  t.true(trace.baseline! > 0.9 && trace.baseline! < 1.11)
  t.true(trace.probe.at(-1)!.loss < 0.5 * trace.probe[0].loss)
  t.true(healthy)
  watcher.stop()
})

test("the user's hooks run as often as without a watcher", t => {
  const calls = (looked: boolean) => {
    manualSeed(1)
    const model = new nn.Sequential(new nn.Linear(3, 8), new nn.ReLU(), new nn.Linear(8, 1))
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
    const watcher = looked ? watch({ model, optimizer }) : null
    let n = 0
    model.at(0).registerForwardHook(() => {
      n++
    })
    for (let i = 0; i < 60; i++) {
      optimizer.zeroGrad()
      nn.functional.mseLoss(model.forward(randn([8, 3])), randn([8, 1])).backward()
      optimizer.step()
    }
    watcher?.stop()
    return n
  }
  t.is(calls(true), calls(false))
})

test('options of the wrong kind are refused', t => {
  const model = new nn.Linear(3, 1)
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
  t.throws(() => watch({ model, optimizer, epoch: 3 } as never), {
    message: /unknown option 'epoch', did you mean 'epochs'/,
  })
  t.throws(() => watch({ model: 3 as never, optimizer }), { message: /model must be a Module/ })
  t.throws(() => watch({ model, optimizer, epochs: 0 }), { message: /epochs must be a whole number >= 1/ })
})
