// Bad arguments to layers, losses, optimizers, schedulers and loaders: each position in turn, and each option in turn.
import test from 'ava'
import * as glorot from 'glorot'
import { data, eye, GlorotError, linspace, nn, ones, optim, rand, randn, type Tensor, tensor, zeros } from 'glorot'

// biome-ignore lint/suspicious/noExplicitAny: called with what its types forbid
type Callable = (...args: any[]) => unknown
type Case = readonly [call: Callable, args: () => unknown[]]

const junk: Record<string, unknown> = {
  undefined: undefined,
  null: null,
  string: 'x',
  nan: Number.NaN,
  negative: -1,
  fraction: 1.5,
  bigint: 1n,
  record: {},
  array: [],
  nested: [[[[1]]]],
  mixed: [1, 'a'],
  function: () => {},
  date: new Date(),
  'typed array': new Float32Array(3),
  int32: zeros([2, 3], { dtype: 'int32' }),
  bool: zeros([2, 3], { dtype: 'bool' }),
  scalar: tensor(1),
  empty: zeros([0]),
}

/** What escapes as JavaScript's own complaint about our code, not as a word about the argument. */
const accident =
  /undefined is not|is not a function|Cannot read|is not iterable|Cannot convert|Invalid typed array|Maximum call stack/

function complaint(error: unknown): string | undefined {
  const known = error instanceof GlorotError || error instanceof TypeError
  return known && !accident.test((error as Error).message) ? undefined : String(error)
}

const x = () => rand([2, 3])
const classes = () => zeros([2], { dtype: 'int32' })
const learned = () => [new nn.Parameter(ones([2]))]
const withGradient = () => {
  const [p] = learned()
  p.grad = ones([2])
  return [p]
}
const images = (n: number) => rand([1, 2, ...new Array<number>(n).fill(8)])
const dataset = () => new data.TensorDataset(ones([10, 2]), ones([10, 1]))
const sgd = () => new optim.SGD(learned(), { lr: 0.1, momentum: 0.9 })

const cases = new Map<string, Case>()
const layers = nn as unknown as Record<string, new (...args: unknown[]) => { forward: Callable }>

function layer(name: string, args: unknown[], inputs: () => unknown[]): void {
  cases.set(`new ${name}`, [(...a) => new layers[name](...a), () => args.slice()])
  cases.set(`${name}.forward`, [(...a) => new layers[name](...args).forward(...a), inputs])
}

for (const n of [1, 2, 3]) {
  const input = () => [images(n)]
  for (const name of ['Conv', 'ConvTranspose']) layer(`${name}${n}d`, [2, 2, 3], input)
  for (const name of ['MaxPool', 'AvgPool', 'AdaptiveAvgPool', 'AdaptiveMaxPool', 'BatchNorm', 'InstanceNorm'])
    layer(`${name}${n}d`, [2], input)
  for (const name of ['Circular', 'Reflection', 'Replication', 'Zero']) layer(`${name}Pad${n}d`, [1], input)
  layer(`ConstantPad${n}d`, [1, 0], input)
  layer(`Dropout${n}d`, [], input)
}
for (const name of ['LPPool1d', 'LPPool2d']) layer(name, [2, 2], () => [images(Number(name.at(-2)))])
const activations =
  'ELU CELU SELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid LogSoftmax Mish PReLU ReLU ReLU6 SiLU Sigmoid Softmax Softmin Softplus Softshrink Softsign Tanh Tanhshrink Flatten Dropout AlphaDropout FeatureAlphaDropout'
for (const name of activations.split(' ')) layer(name, [], () => [rand([2, 4])])
const pairLosses =
  'BCELoss BCEWithLogitsLoss HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss MSELoss MultiLabelSoftMarginLoss PoissonNLLLoss SmoothL1Loss SoftMarginLoss CosineSimilarity PairwiseDistance'
for (const name of pairLosses.split(' ')) layer(name, [], () => [x(), x()])
for (const name of ['CrossEntropyLoss', 'NLLLoss', 'MultiMarginLoss']) layer(name, [], () => [x(), classes()])
layer('CosineEmbeddingLoss', [], () => [x(), x(), ones([2])])
layer('GaussianNLLLoss', [], () => [x(), x(), ones([2, 3])])
layer('MarginRankingLoss', [], () => [ones([2]), ones([2]), ones([2])])
layer('TripletMarginLoss', [], () => [x(), x(), x()])
layer('Softmax2d', [], () => [images(2)])
layer('Upsample', [{ scaleFactor: 2 }], () => [images(2)])
layer('Linear', [3, 2], () => [x()])
layer('Bilinear', [3, 3, 2], () => [x(), x()])
layer('Embedding', [4, 2], () => [classes()])
layer('LayerNorm', [[3]], () => [x()])
layer('RMSNorm', [[3]], () => [x()])
layer('GroupNorm', [2, 4], () => [rand([2, 4])])
layer('LocalResponseNorm', [2], () => [images(1)])
layer('Fold', [[4, 4], 2], () => [rand([1, 4, 9])])
layer('Unfold', [2], () => [images(2)])
layer('PixelShuffle', [2], () => [rand([1, 4, 2, 2])])
for (const name of ['RNN', 'LSTM', 'GRU']) layer(name, [3, 2], () => [rand([4, 2, 3])])
layer('MultiheadAttention', [4, 2], () => [rand([2, 1, 4]), rand([2, 1, 4]), rand([2, 1, 4])])
layer('TransformerEncoderLayer', [4, 2], () => [rand([2, 1, 4])])
for (const name of ['ModuleList', 'ParameterList']) cases.set(`new ${name}`, [a => new layers[name](a), () => [[]]])
for (const name of ['ModuleDict', 'ParameterDict']) cases.set(`new ${name}`, [a => new layers[name](a), () => [{}]])
cases.set('Module.apply', [a => new nn.Linear(2, 2).apply(a), () => [() => {}]])
cases.set('Module.to', [a => new nn.Linear(2, 2).to(a), () => ['float64']])

for (const [name, fn] of Object.entries(nn.init) as [string, Callable][]) {
  const more = name === 'constant_' ? [1] : name === 'sparse_' ? [0.1] : []
  cases.set(`init.${name}`, [fn, () => (name === 'calculateGain' ? ['relu'] : [ones([4, 4]), ...more])])
}
cases.set('scaledDotProductAttention', [
  nn.functional.scaledDotProductAttention,
  () => [rand([2, 1, 4]), rand([2, 1, 4]), rand([2, 1, 4])],
])
cases.set('clipGradNorm_', [nn.utils.clipGradNorm_, () => [withGradient(), 1]])
cases.set('vectorToParameters', [nn.utils.vectorToParameters, () => [ones([2]), learned()]])
const { parametrize } = nn.utils
cases.set('registerParametrization', [
  parametrize.registerParametrization,
  () => [new nn.Linear(2, 2), 'weight', new nn.Identity()],
])
cases.set('isParametrized', [parametrize.isParametrized, () => [new nn.Linear(2, 2)]])

type Optimizers = Record<string, new (...args: unknown[]) => { step: Callable; loadStateDict: Callable }>
const optimizers = optim as unknown as Optimizers
for (const name of Object.keys(optim).filter(k => /^[A-Z]/.test(k) && k !== 'Optimizer')) {
  cases.set(`new ${name}`, [(...a) => new optimizers[name](...a), () => [learned(), { lr: 0.1 }]])
  cases.set(`${name}.loadStateDict`, [a => new optimizers[name](learned(), { lr: 0.1 }).loadStateDict(a), () => [{}]])
}
const schedules: Record<string, object> = {
  CosineAnnealingLR: { TMax: 5 },
  CyclicLR: { baseLr: 0.1, maxLr: 0.2 },
  ExponentialLR: { gamma: 0.5 },
  LambdaLR: { lrLambda: () => 1 },
  OneCycleLR: { maxLr: 0.1, totalSteps: 10 },
  ReduceLROnPlateau: {},
  StepLR: { stepSize: 2 },
}
type Schedulers = Record<string, new (...args: unknown[]) => { loadStateDict: Callable }>
const schedulers = optim.lrScheduler as unknown as Schedulers
for (const [name, needed] of Object.entries(schedules)) {
  cases.set(`new ${name}`, [(...a) => new schedulers[name](...a), () => [sgd(), needed]])
  cases.set(`${name}.loadStateDict`, [a => new schedulers[name](sgd(), needed).loadStateDict(a), () => [{}]])
}
cases.set('new DataLoader', [(...a) => new data.DataLoader(...(a as [never])), () => [dataset()]])
cases.set('randomSplit', [data.randomSplit, () => [dataset(), [5, 5]]])
cases.set('collate', [data.collate, () => [[1, 2]]])
const recorded = () => rand([2], { requiresGrad: true })
cases.set('autograd.grad', [glorot.autograd.grad, () => [recorded().sum(), [recorded()]]])
cases.set('gradcheck', [glorot.autograd.gradcheck, () => [(z: Tensor) => z.mul(z), [recorded()]]])

test('an argument of a wrong kind: an error that speaks of it', t => {
  const found: string[] = []
  for (const [name, [call, args]] of cases) {
    for (let i = 0; i < Math.max(args().length, 1); i++) {
      for (const [what, value] of Object.entries(junk)) {
        const given = args()
        given[i] = value
        try {
          call(...given)
        } catch (error) {
          const why = complaint(error)
          if (why !== undefined) found.push(`${name}, argument ${i} ${what}: ${why}`)
        }
      }
    }
  }
  t.deepEqual(found, [])
})

/** Option keys, as the error for an unknown one lists them. */
function keysOf(call: (options: object) => unknown): string[] {
  const unknown = '@'.repeat(24)
  try {
    call({ [unknown]: 1 })
  } catch (error) {
    const list = /it takes (.*)$/m.exec((error as Error).message)?.[1]
    if (error instanceof TypeError && list !== undefined) return list === 'none' ? [] : list.split(', ')
    throw error
  }
  throw new Error('an unknown option was accepted')
}

test('an option of a wrong type is refused where it is given', t => {
  const y = x()
  const takers: Record<string, (options: never) => unknown> = {
    zeros: o => zeros([2], o),
    eye: o => eye(2, o),
    linspace: o => linspace(0, 1, 3, o),
    tensor: o => tensor([1, 2], o),
    rand: o => rand([2], o),
    randnLike: o => glorot.randnLike(y, o),
    normal: o => glorot.normal(0, 1, [2], o),
    multinomial: o => glorot.multinomial(y, 2, o),
    sum: o => y.sum(1, o),
    var: o => y.var(1, o),
    logsumexp: o => y.logsumexp(1, o),
    argmax: o => y.argmax(1, o),
    sort: o => y.sort(1, o),
    topk: o => y.topk(2, 1, o),
    isclose: o => y.isclose(y, o),
    indexPut: o => y.indexPut([[0]], ones([3]), o),
    pad: o => glorot.pad(y, [1, 1], o),
    div_: o => x().div_(y, o),
    'autograd.grad': o => {
      const a = recorded()
      glorot.autograd.grad(a.mul(a).sum(), [a], o)
    },
    clipGradNorm_: o => nn.utils.clipGradNorm_(withGradient(), 1, o),
    padSequence: o => nn.utils.rnn.padSequence([ones([3]), ones([2])], o),
    summary: o => glorot.summary(new nn.Linear(2, 2), [1, 2], o),
    'Module.zeroGrad': o => new nn.Linear(2, 2).zeroGrad(o),
    'Module.loadStateDict': o => new nn.Linear(2, 2).loadStateDict(new nn.Linear(2, 2).stateDict(), o),
    'Optimizer.zeroGrad': o => sgd().zeroGrad(o),
    DataLoader: o => new data.DataLoader(dataset(), o),
    'MultiheadAttention.forward': o => {
      const z = randn([2, 1, 4])
      new nn.MultiheadAttention(4, 2).forward(z, z, z, o)
    },
    // Wherever a layer, an optimizer or a scheduler takes options after what it needs.
    ...Object.fromEntries(
      [...cases]
        .filter(([name]) => name.startsWith('new ') && !/(List|Dict|Upsample|DataLoader)$/.test(name))
        .map(([name, [call, args]]) => {
          const needed = name.slice(4) in optim || name.slice(4) in schedules ? args().slice(0, 1) : args()
          const more = schedules[name.slice(4)] ?? (name === 'new SGD' ? { lr: 0.1 } : {})
          return [name, (o: object) => call(...(needed.length === args().length ? args() : needed), { ...more, ...o })]
        }),
    ),
    'new Upsample': o => new nn.Upsample(o),
  }
  const found: string[] = []
  for (const [name, call] of Object.entries(takers) as [string, (options: object) => unknown][]) {
    if (/Pad\dd|AdaptiveAvg|PixelShuffle/.test(name)) continue // no options
    for (const key of keysOf(call)) {
      for (const value of ['x', {}, Symbol('s'), 1n]) {
        if (key === 'dtypes' && value === 'x') continue // a list of dtypes may be shorter than the inputs
        try {
          call({ [key]: value })
          found.push(`${name} takes ${key}: ${String(value)}`)
        } catch (error) {
          const why = complaint(error)
          if (why !== undefined) found.push(`${name}, ${key} ${String(value)}: ${why}`)
        }
      }
    }
  }
  t.deepEqual(found, [])
})
