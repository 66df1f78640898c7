// Schedulers beyond their formulas: options, resuming, composition, order of calls.
import { spawnSync } from 'node:child_process'
import test from 'ava'
import { nn, optim, tensor, ValueError, zeros } from 'glorot'

const { lrScheduler } = optim
const sgd = (lr = 1, groups = 1) => {
  const params = Array.from({ length: groups }, () => ({ params: [new nn.Parameter(zeros([1]))] }))
  return new optim.SGD(params, { lr, momentum: 0.9 })
}
/** Rates of the first group over some steps. */
function rates(optimizer: optim.Optimizer, scheduler: optim.lrScheduler.LRScheduler, steps: number): number[] {
  return Array.from({ length: steps }, () => {
    const { lr } = optimizer.paramGroups[0]
    optimizer.step()
    scheduler.step()
    return lr
  })
}

test('required and unknown options, and values that cannot be', t => {
  const o = sgd()
  t.throws(() => new lrScheduler.StepLR(o, {} as never), {
    instanceOf: TypeError,
    message: 'StepLR: stepSize must be a number, got undefined',
  })
  t.throws(() => new lrScheduler.StepLR(o, undefined as never), { instanceOf: TypeError })
  t.throws(() => new lrScheduler.StepLR(o, { stepSize: 0 }), {
    instanceOf: ValueError,
    message: /stepSize must be a whole number >= 1, got 0/,
  })
  t.throws(() => new lrScheduler.StepLR(o, { stepSize: 1, gama: 1 } as never), { message: /did you mean 'gamma'/ })
  t.throws(() => new lrScheduler.StepLR({} as never, { stepSize: 1 }), {
    instanceOf: TypeError,
    message: /expected an Optimizer/,
  })
  t.throws(() => new lrScheduler.CosineAnnealingLR(o, {} as never), { message: /TMax must be a number/ })
  t.throws(() => new lrScheduler.MultiStepLR(o, {} as never), { message: /milestones must be an array/ })
  t.throws(() => new lrScheduler.LinearLR(o, { startFactor: 0 }), { instanceOf: ValueError })
  t.throws(() => new lrScheduler.ConstantLR(o, { factor: 1.5 }), { message: /factor must be between 0 and 1, got 1.5/ })
  t.throws(() => new lrScheduler.LambdaLR(o, { lrLambda: [e => e, e => e] }), {
    message: /2 functions, the optimizer 1/,
  })
  t.throws(() => new lrScheduler.LambdaLR(o, { lrLambda: 3 as never }), { instanceOf: TypeError })
  t.throws(() => new lrScheduler.OneCycleLR(o, { maxLr: 1 }), {
    message: /needs totalSteps, or epochs and stepsPerEpoch/,
  })
  t.throws(() => new lrScheduler.CyclicLR(o, { baseLr: [0.1, 0.2], maxLr: 1 }), {
    message: /baseLr has 2 numbers, the optimizer 1/,
  })
  t.throws(() => new lrScheduler.CyclicLR(o, { baseLr: 0.1, maxLr: 1, mode: 'triangle' as never }), {
    message: /did you mean 'triangular'/,
  })
  t.throws(() => new lrScheduler.ReduceLROnPlateau(o, { factor: 1 }), { message: /factor must be below 1, got 1/ })
  t.throws(() => new lrScheduler.ReduceLROnPlateau(o).step(), { instanceOf: TypeError, message: /needs the measure/ })
  const adagrad = new optim.Adagrad(o.paramGroups[0].params)
  t.throws(() => new lrScheduler.OneCycleLR(adagrad, { maxLr: 1, totalSteps: 9 }), {
    message: /Adagrad has neither momentum nor betas/,
  })
})

test('a measure may be a tensor of one element', t => {
  const o = sgd()
  const plateau = new lrScheduler.ReduceLROnPlateau(o, { patience: 0, factor: 0.5 })
  plateau.step(tensor(1))
  plateau.step(tensor([1]))
  t.is(o.paramGroups[0].lr, 0.5)
})

test('past its last step OneCycleLR throws', t => {
  const o = sgd()
  const s = new lrScheduler.OneCycleLR(o, { maxLr: 1, totalSteps: 4 })
  rates(o, s, 4)
  t.throws(() => s.step(), {
    instanceOf: ValueError,
    message: 'OneCycleLR: step 5 is past the 4 steps of the schedule',
  })
})

const kinds: Record<string, (o: optim.Optimizer) => optim.lrScheduler.LRScheduler> = {
  StepLR: o => new lrScheduler.StepLR(o, { stepSize: 3, gamma: 0.5 }),
  MultiStepLR: o => new lrScheduler.MultiStepLR(o, { milestones: [2, 7], gamma: 0.5 }),
  ExponentialLR: o => new lrScheduler.ExponentialLR(o, { gamma: 0.9 }),
  LinearLR: o => new lrScheduler.LinearLR(o, { startFactor: 0.1, totalIters: 8 }),
  PolynomialLR: o => new lrScheduler.PolynomialLR(o, { totalIters: 9, power: 2 }),
  LambdaLR: o => new lrScheduler.LambdaLR(o, { lrLambda: e => 1 / (1 + e) }),
  CosineAnnealingLR: o => new lrScheduler.CosineAnnealingLR(o, { TMax: 6, etaMin: 0.01 }),
  CosineAnnealingWarmRestarts: o => new lrScheduler.CosineAnnealingWarmRestarts(o, { T0: 3, TMult: 2 }),
  OneCycleLR: o => new lrScheduler.OneCycleLR(o, { maxLr: 2, totalSteps: 12 }),
  CyclicLR: o => new lrScheduler.CyclicLR(o, { baseLr: 0.1, maxLr: 1, stepSizeUp: 3, mode: 'exp_range', gamma: 0.9 }),
  SequentialLR: o =>
    new lrScheduler.SequentialLR(o, {
      schedulers: [
        new lrScheduler.ConstantLR(o, { factor: 0.1, totalIters: 4 }),
        new lrScheduler.ExponentialLR(o, { gamma: 0.9 }),
      ],
      milestones: [4],
    }),
  ChainedScheduler: o =>
    new lrScheduler.ChainedScheduler([
      new lrScheduler.StepLR(o, { stepSize: 2 }),
      new lrScheduler.ExponentialLR(o, { gamma: 0.9 }),
    ]),
}

for (const [name, make] of Object.entries(kinds)) {
  test(`${name}: state dicts of optimizer and scheduler go on where they were taken`, t => {
    const straight = sgd()
    const expected = rates(straight, make(straight), 10)
    const [first, second] = [sgd(), sgd()]
    const before = make(first)
    const head = rates(first, before, 5)
    const saved = JSON.parse(JSON.stringify(before.stateDict()))
    const after = make(second)
    after.loadStateDict(saved)
    second.loadStateDict(first.stateDict())
    t.deepEqual(after.getLastLr(), before.getLastLr())
    t.deepEqual([...head, ...rates(second, after, 5)], expected)
  })
}

test("state dicts have PyTorch's keys", t => {
  const o = sgd()
  const { T_max, eta_min, base_lrs, last_epoch, _step_count, _last_lr } = new lrScheduler.CosineAnnealingLR(o, {
    TMax: 6,
  }).stateDict()
  t.deepEqual([T_max, eta_min, base_lrs, last_epoch, _step_count, _last_lr], [6, 0, [1], 0, 1, [1]])
  const restarts = new lrScheduler.CosineAnnealingWarmRestarts(o, { T0: 3 }).stateDict()
  t.deepEqual([restarts.T_0, restarts.T_i, restarts.T_mult, restarts.T_cur], [3, 3, 1, 0])
  t.false('optimizer' in restarts)
})

test('lastEpoch goes on from a loaded optimizer only', t => {
  const o = sgd()
  t.throws(() => new lrScheduler.StepLR(o, { stepSize: 2, lastEpoch: 3 }), {
    instanceOf: ValueError,
    message: /group 0 has no initialLr/,
  })
  o.paramGroups[0].initialLr = 1
  o.paramGroups[0].lr = 0.1
  const s = new lrScheduler.StepLR(o, { stepSize: 2, lastEpoch: 3 })
  t.is(s.lastEpoch, 4)
  t.is(o.paramGroups[0].lr, 0.1 * 0.1)
})

test('a warm restart can be set to any point, also between epochs', t => {
  const o = sgd()
  const s = new lrScheduler.CosineAnnealingWarmRestarts(o, { T0: 2, TMult: 2 })
  const at = (epoch: number) => {
    s.step(epoch)
    return o.paramGroups[0].lr
  }
  t.is(at(2), 1)
  t.is(at(6), 1)
  t.true(Math.abs(at(1) - 0.5) < 1e-12)
  t.true(Math.abs(at(4) - 0.5) < 1e-12)
  t.true(Math.abs(at(0.5) - (1 + Math.SQRT1_2) / 2) < 1e-12)
  t.throws(() => s.step(-1), { instanceOf: ValueError })
})

test('composites refuse what they cannot step', t => {
  const [a, b] = [sgd(), sgd()]
  const step = new lrScheduler.StepLR(a, { stepSize: 1 })
  const plateau = new lrScheduler.ReduceLROnPlateau(a)
  const { SequentialLR, ChainedScheduler } = lrScheduler
  t.throws(() => new ChainedScheduler([]), { message: /expected an array of schedulers/ })
  t.throws(() => new ChainedScheduler([step, plateau]), { message: /scheduler 1 is a ReduceLROnPlateau/ })
  t.throws(() => new SequentialLR(b, { schedulers: [step], milestones: [] }), {
    message: /scheduler 0 belongs to another optimizer/,
  })
  t.throws(() => new SequentialLR(a, { schedulers: [step], milestones: [3] }), {
    message: /1 schedulers need 0 milestones, got 1/,
  })
})

test('a scheduler that steps first warns, once', t => {
  const script = `
    import { nn, optim, zeros } from 'glorot'
    const o = new optim.SGD([new nn.Parameter(zeros([1]))])
    const s = new optim.lrScheduler.StepLR(o, { stepSize: 1 })
    ORDER; s.step(); s.step()`
  const run = (order: string) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script.replace('ORDER', order)], { encoding: 'utf8' })
      .stderr
  t.is(run('').match(/SCHEDULER_BEFORE_OPTIMIZER/g)?.length, 1)
  t.is(run('o.step()'), '')
})
