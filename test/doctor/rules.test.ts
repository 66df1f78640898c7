// Each rule is triggered by a program that has what it looks for, and silent on a twin that has not.
import test from 'ava'
import { manualSeed, nn, optim, randn, randperm, type Tensor, tensor } from 'glorot'
import { type DiagnoseOptions, diagnose, type Finding, type Report } from 'glorot/doctor'
import { adam, linears, mlp, sgd } from './collection/nets.js'
import { bars, blobs, circle, halves, plane, surface } from './collection/tasks.js'

/** All findings, symptoms among them. */
function all(report: Report): Finding[] {
  const within = (f: Finding): Finding[] => [f, ...(f.symptoms ?? []).flatMap(within)]
  return report.findings.flatMap(within)
}

type Make = () => DiagnoseOptions

interface Case {
  readonly severity: Finding['severity']
  readonly sick: Make
  readonly twin: Make
}

const mse = () => new nn.MSELoss()
const ce = () => new nn.CrossEntropyLoss()
const bce = () => new nn.BCEWithLogitsLoss()

/** Options for a task, a network and what else is said. */
function program(
  [X, y]: readonly [Tensor, Tensor],
  criterion: nn.Module,
  model: nn.Module,
  rest: Partial<DiagnoseOptions> & { lr?: number } = {},
): DiagnoseOptions {
  const { lr = 0.01, ...others } = rest
  return { model, criterion, optimizer: adam(model, lr), data: [X, y], epochs: 15, batchSize: 32, ...others }
}

const regression = (change: (X: Tensor, y: Tensor) => readonly [Tensor, Tensor] = (X, y) => [X, y], rest = {}) =>
  program(change(...surface(400, 5, 1)), mse(), mlp([5, 32, 1], 'relu', 1), rest)
const classes = (rest = {}, last: nn.Module[] = []) =>
  program(blobs(400, 6, 4, 1), ce(), mlp([6, 24, 4], 'relu', 1, ...last), rest)
const binary = (rest = {}, last: nn.Module[] = [], criterion: nn.Module = bce()) =>
  program(halves(400, 6, 1), criterion, mlp([6, 24, 1], 'tanh', 1, ...last), rest)
const withInit = (fn: (l: nn.Linear, i: number) => void, kind: 'tanh' | 'relu' | 'sigmoid' = 'tanh', rest = {}) => {
  const model = mlp([8, 24, 24, 1], kind, 1)
  linears(model, fn)
  return program(surface(400, 8, 1), mse(), model, rest)
}
const withOptimizer = (make: (m: nn.Module) => optim.Optimizer, task = surface(400, 5, 1)) => {
  const model = mlp([task[0].size(1), 32, 1], 'tanh', 1)
  return program(task, mse(), model, { optimizer: make(model) })
}
const sorted = (shuffle: boolean) => {
  const [X, y] = blobs(400, 6, 4, 1)
  const labels = y.toTypedArray()
  const index = tensor(Int32Array.from([...labels.keys()].sort((a, b) => labels[a] - labels[b])))
  return program([X.indexSelect(0, index), y.indexSelect(0, index)], ce(), mlp([6, 24, 4], 'relu', 1), {
    shuffle,
    batchSize: 20,
  })
}
const imbalanced = (every: number) => {
  const [X, y] = halves(3000, 8, 1, 1.5)
  const labels = y.toTypedArray()
  const index = tensor(Int32Array.from([...labels.keys()].filter(i => labels[i] === 0 || i % every === 0)))
  return program([X.indexSelect(0, index), y.indexSelect(0, index)], bce(), mlp([8, 16, 1], 'relu', 1), {
    epochs: 5,
    batchSize: 64,
  })
}
const overlapping = (shared: boolean) => {
  const [X, y] = surface(400, 5, 1)
  const validation = shared ? ([X.narrow(0, 0, 100), y.narrow(0, 0, 100)] as const) : surface(100, 5, 2)
  return program([X, y], mse(), mlp([5, 32, 1], 'relu', 1), { validation })
}

class Mixing extends nn.Module {
  fc1 = new nn.Linear(5, 32)
  fc2 = new nn.Linear(32, 1)
  constructor(readonly mixes: boolean) {
    super()
  }
  override forward(x: Tensor): Tensor {
    const h = this.fc1.forward(x).relu()
    return this.fc2.forward(this.mixes ? h.sub(h.mean(0)) : h)
  }
}

class Detached extends nn.Module {
  body = new nn.Linear(6, 24)
  head = new nn.Linear(24, 1)
  constructor(readonly cut: boolean) {
    super()
  }
  override forward(x: Tensor): Tensor {
    const h = this.body.forward(x).tanh()
    return this.head.forward(this.cut ? h.detach() : h)
  }
}

class Deaf extends nn.Module {
  fc1 = new nn.Linear(5, 16)
  fc2 = new nn.Linear(16, 1)
  constructor(readonly loudness: number) {
    super()
  }
  override forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x.mul(this.loudness)).tanh())
  }
}

const withNorm = (batchSize: number, momentum: number) => {
  manualSeed(1)
  const model = new nn.Sequential(
    new nn.Linear(5, 16),
    new nn.BatchNorm1d(16, { momentum }),
    new nn.Tanh(),
    new nn.Linear(16, 1),
  )
  return program(surface(400, 5, 1), mse(), model, { batchSize, epochs: 10 })
}

const deep = (kind: 'sigmoid' | 'relu', make: (m: nn.Module) => optim.Optimizer) => {
  const model = mlp([6, 20, 20, 20, 20, 20, 20, 4], kind, 1)
  return program(blobs(480, 6, 4, 1), ce(), model, { optimizer: make(model), epochs: 30 })
}

const cases: Record<string, Case> = {
  'nonfinite-data': {
    severity: 'error',
    sick: () => regression((X, y) => [X.mul(tensor([1, 1, Number.POSITIVE_INFINITY, 1, 1])), y]),
    twin: () => regression(),
  },
  'shape-broadcast': {
    severity: 'error',
    sick: () => regression((X, y) => [X, y.reshape([400])]),
    twin: () => regression(),
  },
  'bad-targets': {
    severity: 'error',
    sick: () => ({ ...classes(), data: [blobs(400, 6, 4, 1)[0], blobs(400, 6, 4, 1)[1].add(1)] }),
    twin: () => classes(),
  },
  'unscaled-features': {
    severity: 'warning',
    sick: () => regression((X, y) => [X.mul(tensor([1, 1, 900, 1, 1])), y]),
    twin: () => regression((X, y) => [X.mul(tensor([1, 3, 0.5, 2, 1])).add(2), y]),
  },
  'features-too-small': {
    severity: 'warning',
    sick: () =>
      program([bars(400, 5, 1)[0].div(255), bars(400, 5, 1)[1]], ce(), mlp([25, 32, 10], 'relu', 1), { lr: 0.001 }),
    twin: () => program(bars(400, 5, 1), ce(), mlp([25, 32, 10], 'relu', 1)),
  },
  'unscaled-targets': {
    severity: 'warning',
    sick: () => regression((X, y) => [X, y.mul(500).add(3000)]),
    twin: () => regression((X, y) => [X, y.mul(2).add(3)]),
  },
  'constant-feature': {
    severity: 'info',
    sick: () => regression((X, y) => [X.mul(tensor([1, 0, 1, 1, 1])).add(1), y]),
    twin: () => regression(),
  },
  'class-imbalance': { severity: 'warning', sick: () => imbalanced(60), twin: () => imbalanced(2) },
  'unshuffled-data': { severity: 'warning', sick: () => sorted(false), twin: () => sorted(true) },
  'no-signal': {
    severity: 'warning',
    sick: () => regression((X, y) => [X, y.indexSelect(0, randperm(400))]),
    twin: () => regression(),
  },
  'train-val-overlap': { severity: 'info', sick: () => overlapping(true), twin: () => overlapping(false) },
  'batch-size-extreme': {
    severity: 'info',
    sick: () => regression(undefined, { batchSize: 1, epochs: 3 }),
    twin: () => regression(),
  },
  'sigmoid-before-logits-loss': {
    severity: 'error',
    sick: () => binary({}, [new nn.Sigmoid()]),
    twin: () => binary({}, [new nn.Sigmoid()], new nn.BCELoss()),
  },
  'logits-into-prob-loss': {
    severity: 'error',
    sick: () => binary({}, [], new nn.BCELoss()),
    twin: () => binary({}, [new nn.Sigmoid()], new nn.BCELoss()),
  },
  'single-output-softmax': {
    severity: 'error',
    sick: () => binary({}, [new nn.Softmax({ dim: 1 })], new nn.BCELoss()),
    twin: () => classes({ criterion: new nn.NLLLoss() }, [new nn.LogSoftmax({ dim: 1 })]),
  },
  'mse-classification': {
    severity: 'warning',
    sick: () => {
      const options = binary({ lr: 0.0005 }, [new nn.Sigmoid()], mse())
      linears(options.model, (l, i) => i === 1 && nn.init.constant_(l.bias!, 6))
      return options
    },
    twin: () =>
      program([bars(400, 5, 1)[0], bars(400, 5, 1)[0]], mse(), mlp([25, 16, 25], 'relu', 1, new nn.Sigmoid()), {
        epochs: 60,
      }),
  },
  'output-range': {
    severity: 'error',
    sick: () => program(surface(400, 5, 1), mse(), mlp([5, 32, 1], 'relu', 1, new nn.Sigmoid())),
    twin: () =>
      program(
        [surface(400, 5, 1)[0], surface(400, 5, 1)[1].sigmoid()],
        mse(),
        mlp([5, 32, 1], 'relu', 1, new nn.Sigmoid()),
        { epochs: 40 },
      ),
  },
  'clipped-output': { severity: 'warning', sick: () => classes({}, [new nn.ReLU()]), twin: () => classes() },
  'missing-nonlinearity': {
    severity: 'warning',
    sick: () => {
      manualSeed(1)
      return program(circle(400, 1), bce(), new nn.Sequential(new nn.Linear(2, 32), new nn.Linear(32, 1)))
    },
    twin: () => program(halves(400, 6, 1), bce(), mlp([6, 1], 'relu', 1), { lr: 0.05 }),
  },
  'deep-saturating-stack': {
    severity: 'info',
    sick: () => deep('sigmoid', m => sgd(m, 0.1)),
    twin: () => deep('relu', m => adam(m, 0.003)),
  },
  'high-dropout': {
    severity: 'warning',
    sick: () => classes({}, [new nn.Dropout({ p: 0.4 })]),
    twin: () => {
      manualSeed(1)
      const model = new nn.Sequential(
        new nn.Linear(6, 48),
        new nn.ReLU(),
        new nn.Dropout({ p: 0.5 }),
        new nn.Linear(48, 4),
      )
      return program(blobs(400, 6, 4, 1), ce(), model)
    },
  },
  'lr-invalid': {
    severity: 'error',
    sick: () => withOptimizer(m => sgd(m, 0)),
    twin: () => withOptimizer(m => sgd(m, 0.1, 0.9)),
  },
  'optimizer-config': {
    severity: 'info',
    sick: () => withOptimizer(m => new optim.Adam(m.parameters(), { lr: 0.01, eps: 0.01 })),
    twin: () => withOptimizer(m => adam(m)),
  },
  'momentum-extreme': {
    severity: 'warning',
    sick: () => withOptimizer(m => sgd(m, 0.1, 0.999)),
    twin: () => withOptimizer(m => sgd(m, 0.05, 0.9)),
  },
  'params-not-in-optimizer': {
    severity: 'error',
    sick: () => withOptimizer(m => adam((m as nn.Sequential).at(2))),
    twin: () => withOptimizer(m => adam(m)),
  },
  'nothing-trainable': {
    severity: 'error',
    sick: () => withOptimizer(m => adam(m.requiresGrad_(false))),
    twin: () =>
      withOptimizer(m => {
        ;(m as nn.Sequential).at(0).requiresGrad_(false)
        return new optim.Adam(
          [...m.parameters()].filter(p => p.requiresGrad),
          { lr: 0.01 },
        )
      }),
  },
  'params-not-updated': {
    severity: 'error',
    sick: () => program(halves(400, 6, 1), bce(), new Detached(true)),
    twin: () => program(halves(400, 6, 1), bce(), new Detached(false)),
  },
  'eval-mode-training': {
    severity: 'error',
    sick: () => {
      const options = withNorm(32, 0.1)
      options.model.eval()
      return options
    },
    twin: () => withNorm(32, 0.1),
  },
  'loss-sum-reduction': {
    severity: 'info',
    sick: () => program(surface(400, 5, 1), new nn.MSELoss({ reduction: 'sum' }), mlp([5, 32, 1], 'relu', 1)),
    twin: () => regression(),
  },
  'batch-mixing': {
    severity: 'info',
    sick: () => program(surface(400, 5, 1), mse(), new Mixing(true)),
    twin: () => program(surface(400, 5, 1), mse(), new Mixing(false)),
  },
  'symmetric-init': {
    severity: 'error',
    sick: () => withInit(l => nn.init.constant_(l.weight, 0.3) && nn.init.zeros_(l.bias!)),
    // A last layer of zeros is a common choice.
    twin: () => withInit((l, i) => i === 2 && nn.init.zeros_(l.weight)),
  },
  'init-too-large': {
    severity: 'warning',
    sick: () => withInit(l => nn.init.normal_(l.weight, 0, 4)),
    twin: () => withInit(l => nn.init.kaimingNormal_(l.weight), 'relu', { epochs: 30 }),
  },
  'init-too-small': {
    severity: 'warning',
    sick: () => withInit(l => nn.init.normal_(l.weight, 0, 1e-5), 'tanh', { lr: 1e-4 }),
    twin: () => withInit(l => nn.init.normal_(l.weight, 0, 0.1), 'tanh', { epochs: 30 }),
  },
  'initial-loss-off': {
    severity: 'warning',
    sick: () => {
      const options = classes({ lr: 0.0003 })
      linears(
        options.model,
        (l, i) => i === 1 && nn.init.constant_(l.bias!, 0) && l.bias!.typedArray().set([30, 0, 0, 0]),
      )
      return options
    },
    twin: () => classes(),
  },
  'saturated-activations': {
    severity: 'warning',
    sick: () =>
      regression((X, y) => [X.mul(15), y], { model: undefined }) &&
      withInit((l, i) => i === 0 && nn.init.normal_(l.weight, 0, 30), 'sigmoid'),
    twin: () => withInit(() => {}, 'sigmoid', { epochs: 40 }),
  },
  'dead-relu': {
    severity: 'error',
    sick: () => withInit((l, i) => i === 1 && nn.init.constant_(l.bias!, -30), 'relu'),
    twin: () => withInit(() => {}, 'relu'),
  },
  'vanishing-gradient': {
    severity: 'warning',
    sick: () => deep('sigmoid', m => sgd(m, 0.1)),
    twin: () => deep('relu', m => adam(m, 0.003)),
  },
  'exploding-gradient': {
    severity: 'warning',
    sick: () => withOptimizer(m => adam(m, 3)),
    twin: () => withOptimizer(m => adam(m)),
  },
  'input-ignored': {
    severity: 'error',
    sick: () => program(plane(400, 5, 1), mse(), new Deaf(0)),
    twin: () => program(plane(400, 5, 1), mse(), new Deaf(1)),
  },
  'constant-prediction': {
    severity: 'warning',
    sick: () => program(plane(400, 5, 1), mse(), new Deaf(0)),
    twin: () => program(plane(400, 5, 1), mse(), new Deaf(1)),
  },
  'cannot-overfit-batch': {
    severity: 'warning',
    sick: sums,
    twin: () => regression(),
  },
  'lr-too-high': {
    severity: 'warning',
    sick: () => withOptimizer(m => sgd(m, 30)),
    twin: () => withOptimizer(m => sgd(m, 0.2)),
  },
  'lr-too-low': {
    severity: 'warning',
    sick: () => withOptimizer(m => adam(m, 1e-6)),
    twin: () => withOptimizer(m => adam(m, 0.003)),
  },
  'over-regularised': {
    severity: 'warning',
    sick: () => withOptimizer(m => new optim.SGD(m.parameters(), { lr: 0.05, weightDecay: 1 })),
    twin: () => withOptimizer(m => new optim.AdamW(m.parameters(), { lr: 0.01, weightDecay: 0.1 })),
  },
  'loss-diverging': {
    severity: 'error',
    sick: () => program(blobs(500, 8, 6, 1), ce(), mlp([8, 32, 32, 32, 6], 'tanh', 1), { lr: 2 }),
    twin: () => withOptimizer(m => adam(m)),
  },
  'nonfinite-training': {
    severity: 'error',
    sick: () => largeStep(20),
    twin: () => largeStep(0.05),
  },
  'loss-oscillating': {
    severity: 'warning',
    sick: () => {
      const model = mlp([5, 32, 32, 1], 'tanh', 1)
      const optimizer = new optim.RMSprop(model.parameters(), { lr: 0.2 })
      return program(surface(400, 5, 1), mse(), model, { optimizer, epochs: 20, batchSize: 16 })
    },
    twin: () => withOptimizer(m => adam(m)),
  },
  'stuck-at-baseline': {
    severity: 'warning',
    sick: sums,
    twin: () => binary(),
  },
  overfitting: {
    severity: 'warning',
    sick: () =>
      program(halves(60, 20, 1, 2), bce(), mlp([20, 96, 96, 1], 'relu', 1), {
        validation: halves(300, 20, 1, 2),
        epochs: 60,
        batchSize: 20,
      }),
    twin: held,
  },
  'underfit-epochs': {
    severity: 'warning',
    sick: () => short(1),
    twin: () => short(40),
  },
  'train-eval-gap': { severity: 'info', sick: () => withNorm(32, 1e-4), twin: () => withNorm(32, 0.1) },
}

/** The same plane for both parts. */
function held(): DiagnoseOptions {
  const [X, y] = halves(800, 4, 1)
  const rows = (from: number, n: number) =>
    [X.narrow(0, from, n).contiguous(), y.narrow(0, from, n).contiguous()] as const
  return program(rows(0, 600), bce(), mlp([4, 8, 1], 'tanh', 1), { validation: rows(600, 200), epochs: 20 })
}

function largeStep(lr: number): DiagnoseOptions {
  const model = mlp([8, 32, 1], 'relu', 1)
  return program(plane(400, 8, 1), mse(), model, { optimizer: sgd(model, lr) })
}

function short(epochs: number): DiagnoseOptions {
  const model = mlp([36, 32, 12], 'relu', 1)
  return program(bars(640, 6, 1), ce(), model, { optimizer: sgd(model, 0.1), epochs })
}

/** Of 20 numbers all but the sign of their sum is thrown away. */
class Sums extends nn.Module {
  fc1 = new nn.Linear(1, 100)
  fc2 = new nn.Linear(100, 1)
  override forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x.sum(1, { keepdim: true }).sign()).relu())
  }
}

function sums(): DiagnoseOptions {
  manualSeed(1)
  const X = randn([400, 20])
  return program(
    [
      X,
      X.narrow(1, 0, 1)
        .mul(X.narrow(1, 1, 1).sign())
        .contiguous(),
    ],
    mse(),
    new Sums(),
  )
}

for (const [id, { severity, sick, twin }] of Object.entries(cases)) {
  test(id, t => {
    const report = diagnose(sick())
    const found = all(report).find(f => f.id === id)
    t.truthy(found, `only ${all(report).map(f => f.id)}`)
    t.is(found!.severity, severity)
    t.true(found!.cause.length > 40 && found!.fix.summary.length > 8)
    t.true(Object.keys(found!.evidence).length > 0)
    for (const value of Object.values(found!.evidence)) t.true(typeof value === 'string' || Number.isFinite(value))
    const silent = diagnose(twin())
    t.false(
      all(silent).some(f => f.id === id && f.severity !== 'info') ||
        (severity === 'info' && all(silent).some(f => f.id === id)),
      `the twin: ${all(silent).map(f => `${f.id} ${JSON.stringify(f.evidence)}`)}`,
    )
  })
}
