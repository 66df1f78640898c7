// Replays give, to the bit, what the function gives: losses, parameters, gradients, optimizer state and random numbers.
import test from 'ava'
import { compile, getNumThreads, manualSeed, nn, optim, rand, randint, randn, setNumThreads, type Tensor } from 'glorot'

type Step = (x: Tensor, y: Tensor) => Tensor

interface Program {
  readonly model: nn.Module
  readonly optimizer: optim.Optimizer
  readonly step: Step
  after?(call: number, loss: Tensor): void
}

const bits = (x: Tensor) => Buffer.from(x.toTypedArray().slice().buffer).toString('hex')

/** Everything a program leaves behind, in bits. */
function run(make: () => Program, compiled: boolean, batches: readonly number[]): string[] {
  manualSeed(3)
  const { model, optimizer, step, after } = make()
  const call = compiled ? compile(step) : step
  const found: string[] = []
  batches.forEach((n, i) => {
    const loss = call(randn([n, 6]), randn([n, 2]))
    found.push(bits(loss))
    after?.(i, loss)
  })
  for (const [name, p] of model.namedParameters())
    found.push(`${name} ${bits(p)} ${p.grad === null ? null : bits(p.grad)}`)
  for (const state of optimizer.state.values())
    for (const [name, v] of Object.entries(state)) found.push(`${name} ${bits(v as Tensor)}`)
  found.push(bits(rand([4])))
  return found
}

const perceptron = () => new nn.Sequential(new nn.Linear(6, 16), new nn.Sigmoid(), new nn.Linear(16, 2))

function training(model: nn.Module, optimizer: optim.Optimizer, between?: () => void): Step {
  const criterion = new nn.MSELoss()
  return (x, y) => {
    optimizer.zeroGrad()
    const loss = criterion.forward(model.forward(x), y)
    loss.backward()
    between?.()
    optimizer.step()
    return loss
  }
}

/** Sizes of batches with a smaller last one, three epochs and more. */
const batches = [8, 8, 3, 8, 8, 3, 8, 8, 3, 8, 8, 3, 8, 8, 3]

function same(name: string, make: () => Program): void {
  test(name, t => {
    t.deepEqual(run(make, true, batches), run(make, false, batches))
  })
}

const optimizers: Record<string, (p: Iterable<nn.Parameter>) => optim.Optimizer> = {
  SGD: p => new optim.SGD(p, { lr: 0.1 }),
  'SGD, Nesterov': p => new optim.SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  Adam: p => new optim.Adam(p, { lr: 0.01 }),
  'Adam, AMSGrad': p => new optim.Adam(p, { lr: 0.01, amsgrad: true, weightDecay: 0.1 }),
  AdamW: p => new optim.AdamW(p, { lr: 0.01 }),
  Adamax: p => new optim.Adamax(p, { lr: 0.01 }),
  NAdam: p => new optim.NAdam(p, { lr: 0.01 }),
  RAdam: p => new optim.RAdam(p, { lr: 0.01 }),
  RMSprop: p => new optim.RMSprop(p, { lr: 0.01, centered: true, momentum: 0.5 }),
  Adagrad: p => new optim.Adagrad(p, { lr: 0.1, lrDecay: 0.1 }),
  Adadelta: p => new optim.Adadelta(p, { lr: 1 }),
  ASGD: p => new optim.ASGD(p, { lr: 0.1 }),
  Rprop: p => new optim.Rprop(p, { lr: 0.01 }),
}

test('the list of optimizers is whole, but for LBFGS, whose closure is compiled', t => {
  const all = Object.entries(optim).filter(([, v]) => typeof v === 'function' && v.prototype instanceof optim.Optimizer)
  const tested = new Set(Object.keys(optimizers).map(name => name.split(',')[0]))
  t.deepEqual(
    all.map(([name]) => name).filter(name => !tested.has(name) && name !== 'KernelOptimizer'),
    ['LBFGS'],
  )
})

test('LBFGS: its closure is compiled, and the same to the bit', t => {
  const train = (wrap: (fn: Step) => Step) => {
    manualSeed(3)
    const model = perceptron()
    const optimizer = new optim.LBFGS(model.parameters(), { lr: 0.5, lineSearchFn: 'strong_wolfe' })
    const criterion = new nn.MSELoss()
    const [x, y] = [randn([8, 6]), randn([8, 2])]
    const evaluate = wrap((x, y) => {
      optimizer.zeroGrad()
      const loss = criterion.forward(model.forward(x), y)
      loss.backward()
      return loss
    })
    const losses = Array.from({ length: 4 }, () => bits(optimizer.step(() => evaluate(x, y))))
    return [...losses, ...[...model.parameters()].map(bits)]
  }
  t.deepEqual(
    train(compile),
    train(fn => fn),
  )
})

for (const [name, make] of Object.entries(optimizers)) {
  same(name, () => {
    const model = perceptron()
    const optimizer = make(model.parameters())
    return { model, optimizer, step: training(model, optimizer) }
  })
}

/** Weights and biases apart, learned at different speeds. */
for (const [name, make] of Object.entries(optimizers)) {
  same(`${name}, groups of which one begins later`, () => {
    const model = perceptron()
    const [weights, biases] = [2, 1].map(dims => [...model.parameters()].filter(p => p.shape.length === dims))
    const optimizer = make(weights)
    const [{ lr }] = optimizer.paramGroups as unknown as { lr: number }[]
    optimizer.addParamGroup({ params: biases, lr: lr / 3 } as never)
    for (const p of biases) p.requiresGrad_(false)
    const after = (call: number) => {
      if (call === 4) for (const p of biases) p.requiresGrad_(true)
      optimizer.paramGroups[call % 2].lr = 1 / (call + 10)
    }
    return { model, optimizer, step: training(model, optimizer), after }
  })
}

same('more parameters than a launch takes', () => {
  const layers = Array.from({ length: 50 }, () => [new nn.Linear(6, 6), new nn.Tanh()]).flat()
  const model = new nn.Sequential(...layers, new nn.Linear(6, 2))
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 })
  return { model, optimizer, step: training(model, optimizer) }
})

same('dropout', () => {
  const model = new nn.Sequential(new nn.Linear(6, 32), new nn.ReLU(), new nn.Dropout({ p: 0.4 }), new nn.Linear(32, 2))
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 })
  return { model, optimizer, step: training(model, optimizer) }
})

for (const [name, clip] of Object.entries({
  norm: (m: nn.Module) => nn.utils.clipGradNorm_(m.parameters(), 0.1),
  value: (m: nn.Module) => nn.utils.clipGradValue_(m.parameters(), 0.05),
})) {
  same(`clipping by ${name}`, () => {
    const model = perceptron()
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.5, momentum: 0.9 })
    return { model, optimizer, step: training(model, optimizer, () => clip(model)) }
  })
}

const { lrScheduler } = optim
const schedulers: Record<string, (o: optim.Optimizer) => { step(metric?: number): void }> = {
  StepLR: o => new lrScheduler.StepLR(o, { stepSize: 2, gamma: 0.5 }),
  MultiStepLR: o => new lrScheduler.MultiStepLR(o, { milestones: [3, 7], gamma: 0.5 }),
  ConstantLR: o => new lrScheduler.ConstantLR(o, { factor: 0.5, totalIters: 5 }),
  LinearLR: o => new lrScheduler.LinearLR(o, { startFactor: 0.2, totalIters: 6 }),
  PolynomialLR: o => new lrScheduler.PolynomialLR(o, { totalIters: 12, power: 2 }),
  LambdaLR: o => new lrScheduler.LambdaLR(o, { lrLambda: epoch => 1 / (1 + epoch) }),
  MultiplicativeLR: o => new lrScheduler.MultiplicativeLR(o, { lrLambda: () => 0.9 }),
  CosineAnnealingLR: o => new lrScheduler.CosineAnnealingLR(o, { TMax: 10 }),
  CosineAnnealingWarmRestarts: o => new lrScheduler.CosineAnnealingWarmRestarts(o, { T0: 4 }),
  CyclicLR: o => new lrScheduler.CyclicLR(o, { baseLr: 0.01, maxLr: 0.1, stepSizeUp: 3 }),
  OneCycleLR: o => new lrScheduler.OneCycleLR(o, { maxLr: 0.1, totalSteps: 40 }),
  ExponentialLR: o => new lrScheduler.ExponentialLR(o, { gamma: 0.9 }),
  ReduceLROnPlateau: o => new lrScheduler.ReduceLROnPlateau(o, { patience: 1 }),
  SequentialLR: o =>
    new lrScheduler.SequentialLR(o, {
      schedulers: [
        new lrScheduler.LinearLR(o, { startFactor: 0.1, totalIters: 4 }),
        new lrScheduler.ExponentialLR(o, { gamma: 0.9 }),
      ],
      milestones: [4],
    }),
  ChainedScheduler: o =>
    new lrScheduler.ChainedScheduler([
      new lrScheduler.ConstantLR(o, { factor: 0.5, totalIters: 3 }),
      new lrScheduler.ExponentialLR(o, { gamma: 0.9 }),
    ]),
}

test('the list of schedulers is whole', t => {
  const all = Object.keys(lrScheduler).filter(name => name !== 'LRScheduler')
  t.deepEqual(Object.keys(schedulers).sort(), all.sort())
})

for (const [name, make] of Object.entries(schedulers)) {
  same(`scheduler ${name}`, () => {
    const model = perceptron()
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
    const scheduler = make(optimizer)
    const watches = scheduler instanceof lrScheduler.ReduceLROnPlateau
    const after = (_: number, loss: Tensor) => scheduler.step(watches ? loss.item() : undefined)
    return { model, optimizer, step: training(model, optimizer), after }
  })
}

same('modes, rates and loaded state changed between calls', () => {
  const model = new nn.Sequential(new nn.Linear(6, 16), new nn.Tanh(), new nn.Dropout({ p: 0.3 }), new nn.Linear(16, 2))
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 })
  let kept = optimizer.stateDict()
  return {
    model,
    optimizer,
    step: training(model, optimizer),
    after: i => {
      if (i === 4) model.eval()
      if (i === 6) optimizer.paramGroups[0].lr = 0.05
      if (i === 7) kept = structuredCloneState(optimizer)
      if (i === 9) optimizer.loadStateDict(kept)
      if (i === 10) model.train()
      if (i === 12) optimizer.paramGroups[0].betas = [0.8, 0.9]
    },
  }
})

/** A state dict whose tensors are copies. */
function structuredCloneState(optimizer: optim.Optimizer): ReturnType<optim.Optimizer['stateDict']> {
  const { state, ...others } = optimizer.stateDict()
  const copy = Object.fromEntries(
    Object.entries(state).map(([k, v]) => [
      k,
      Object.fromEntries(Object.entries(v).map(([n, x]) => [n, (x as Tensor).clone?.() ?? x])),
    ]),
  )
  return { state: copy, ...others } as never
}

same('gradients accumulated over two calls', () => {
  const model = perceptron()
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
  const criterion = new nn.MSELoss()
  return {
    model,
    optimizer,
    step: (x, y) => {
      const loss = criterion.forward(model.forward(x), y)
      loss.backward()
      return loss
    },
    after: i => {
      if (i % 2 === 0) return
      optimizer.step()
      optimizer.zeroGrad()
    },
  }
})

test('gradients that are returned, read, or those of two parameters at once keep their own memory', t => {
  const make = () => {
    manualSeed(2)
    const w = new nn.Parameter(randn([4]))
    const v = new nn.Parameter(randn([4]))
    const step = (x: Tensor) => {
      const before = w.grad?.clone() ?? w.detach().clone()
      w.grad = v.grad = null
      w.mul(v).mul(x.sum()).sum().backward()
      // One memory for both, and a part of it.
      if (x.shape[0] > 2) v.grad = w.grad!.mul(2)
      if (x.shape[0] > 4) w.grad = v.grad
      return { before, moved: w.grad!.sub(before), grad: v.grad! }
    }
    return { w, v, step }
  }
  const train = (compiled: boolean) => {
    const { w, v, step } = make()
    const call = compiled ? compile(step) : step
    return Array.from({ length: 40 }, (_, i) => {
      const { before, moved, grad } = call(randn([[2, 3, 5, 6][(i * i + (i >> 2)) % 4]]))
      return [before, moved, grad, w.grad!, v.grad!].map(bits)
    })
  }
  t.deepEqual(train(true), train(false))
})

test('classification by crossEntropy with integer targets', t => {
  const losses = [true, false].map(compiled => {
    manualSeed(1)
    const model = perceptron()
    const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 })
    const criterion = new nn.CrossEntropyLoss()
    const whole: Step = (x, y) => {
      optimizer.zeroGrad()
      const loss = criterion.forward(model.forward(x), y)
      loss.backward()
      optimizer.step()
      return loss
    }
    const call = compiled ? compile(whole) : whole
    return Array.from({ length: 10 }, () => bits(call(randn([9, 6]), randint(0, 2, [9]))))
  })
  t.deepEqual(losses[0], losses[1])
})

test.serial('any number of threads', t => {
  const before = getNumThreads()
  const wide = () => {
    const model = new nn.Sequential(new nn.Linear(6, 512), new nn.GELU(), new nn.Linear(512, 2))
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 })
    return { model, optimizer, step: training(model, optimizer) }
  }
  try {
    const all = [1, 2, 4].map(n => {
      setNumThreads(n)
      return run(wide, true, [256, 256, 256, 256, 256])
    })
    setNumThreads(1)
    const eager = run(wide, false, [256, 256, 256, 256, 256])
    for (const found of all) t.deepEqual(found, eager)
  } finally {
    setNumThreads(before)
  }
})

test('a program without shared memory gives the same', t => {
  manualSeed(0)
  const model = perceptron()
  const loss = (x: Tensor) => model.forward(x).square().mean()
  const reusing = compile(loss)
  const plain = compile(loss, { reuseMemory: false })
  for (let i = 0; i < 6; i++) {
    const x = randn([64, 6])
    t.is(bits(reusing(x)), bits(plain(x)))
  }
  t.true(reusing.memory < plain.memory)
})

for (const [name, activation] of Object.entries({ ReLU: nn.ReLU, Sigmoid: nn.Sigmoid, Tanh: nn.Tanh })) {
  test(`${name} within the linear layer gives the same, forward and backward`, t => {
    for (const [inputs, width, batch] of [
      [6, 16, 8],
      [1, 1, 1],
      [7, 100, 3],
      [300, 70, 130],
      [900, 33, 64],
    ]) {
      manualSeed(width)
      const model = new nn.Sequential(
        new nn.Linear(inputs, width),
        new activation(),
        new nn.Linear(width, 3),
        new activation(),
      )
      const step = (x: Tensor) => {
        model.zeroGrad()
        const y = model.forward(x)
        y.square().sum().backward()
        return y
      }
      const fused = compile(step)
      const apart = compile(step, { fuse: false, reuseMemory: false })
      for (let i = 0; i < 5; i++) {
        const x = randn([batch, inputs])
        const want = [step(x), ...[...model.parameters()].map(p => p.grad!)].map(bits)
        for (const call of [fused, apart])
          t.deepEqual([call(x), ...[...model.parameters()].map(p => p.grad!)].map(bits), want)
      }
      if (width > 16) t.true(fused.memory < apart.memory)
    }
  })
}
