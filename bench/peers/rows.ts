// What is compared: the rows of the table, by group. A work is described by its name and arguments; works.ts and the peers' workers
// turn that into a program.
import type { Args } from './worker.js'

export const SIDES = ['glorot', 'PyTorch', 'TensorFlow.js wasm', 'TensorFlow.js cpu', 'js-pytorch', 'numpy'] as const
export type Side = (typeof SIDES)[number]

export interface Run {
  readonly side: Side
  readonly work: string
  readonly args: Args
  readonly threads: number
}

export interface Row {
  readonly title: string
  readonly ours: Run
  readonly theirs: Run
  /** The ratio to reach, where the row is judged by itself. */
  readonly target?: number
}

export interface Group {
  readonly name: string
  readonly rows: readonly Row[]
  /** The ratio that the geometric mean of the rows is to reach. */
  readonly target?: number
}

/** One work on both sides, one thread each. */
function row(title: string, work: string, args: Args, target?: number): Row {
  const run = { work, args, threads: 1 }
  return { title, ours: { side: 'glorot', ...run }, theirs: { side: 'PyTorch', ...run }, target }
}

const FOUNDING = { layers: [10, 10, 1], batch: 100 }
const MLP = {
  layers: [784, 512, 256, 10],
  batch: 128,
  hidden: 'ReLU',
  loss: 'CrossEntropyLoss',
  optimizer: 'Adam',
  lr: 0.001,
}

function threads(title: string, work: string, args: Args, target: number): Row {
  return {
    title,
    ours: { side: 'glorot', work, args, threads: 2 },
    theirs: { side: 'glorot', work, args, threads: 1 },
    target,
  }
}

const training: Group = {
  name: 'Training',
  rows: [
    row(
      'founding network 10-10-1, batch 100: a step of MSE and SGD',
      'network',
      { ...FOUNDING, hidden: 'Sigmoid', loss: 'MSELoss', optimizer: 'SGD', lr: 0.01, fill: 10 },
      12,
    ),
    row(
      'founding network 10-10-1, batch 100: a step of BCE and Adam',
      'network',
      { ...FOUNDING, hidden: 'ReLU', output: 'Sigmoid', loss: 'BCELoss', optimizer: 'Adam', lr: 0.001, xavier: true },
      12,
    ),
    row(
      'founding network, DataLoader of 4 shuffled batches: an epoch of BCE and Adam',
      'loader',
      { samples: 100, inputs: 10, hidden: 10, batch: 32, lr: 0.0001 },
      8,
    ),
    row('8 layers of 64 with sigmoid, batch 64: a step of MSE and SGD', 'network', {
      layers: [64, 64, 64, 64, 64, 64, 64, 64, 64],
      batch: 64,
      hidden: 'Sigmoid',
      loss: 'MSELoss',
      optimizer: 'SGD',
      lr: 0.01,
    }),
    row('MLP 784-512-256-10, batch 128: a step of cross entropy and Adam', 'network', MLP, 1),
    threads('the same, glorot on two threads against one', 'network', MLP, 1.6),
    row('MLP 1024-2048-2048-1024, batch 256: a step of MSE and SGD', 'network', {
      layers: [1024, 2048, 2048, 1024],
      batch: 256,
      hidden: 'ReLU',
      loss: 'MSELoss',
      optimizer: 'SGD',
      lr: 0.01,
    }),
  ],
}

/** The row's work, on our side compiled. */
function compiled({ title, ours, theirs }: Row, target?: number): Row {
  return { title, ours: { ...ours, args: { ...ours.args, compiled: true } }, theirs, target }
}

/** The row's work, two threads a side. */
function onTwoThreads({ ours, theirs, target }: Row): Row {
  return {
    title: 'the same, two threads each',
    ours: { ...ours, threads: 2 },
    theirs: { ...theirs, threads: 2 },
    target,
  }
}

const [sgd, adam, epoch, deep, mlp, , wide] = training.rows

const replayed: Group = {
  name: 'Training, compiled',
  rows: [
    compiled(sgd, 50),
    compiled(adam, 50),
    compiled(epoch, 40),
    compiled(deep, 8),
    compiled(mlp, 1.7),
    onTwoThreads(compiled(mlp, 1.7)),
    threads('the same, compiled on two threads against one', 'network', { ...MLP, compiled: true }, 1.7),
    compiled(wide, 1.1),
  ],
}

/** A row with another peer and further arguments for both. */
function against(side: Side, { title, ours, theirs }: Row, target?: number, more: Args = {}): Row {
  return {
    title,
    ours: { ...ours, args: { ...ours.args, ...more } },
    theirs: { ...theirs, side, args: { ...theirs.args, ...more } },
    target,
  }
}

const whole = replayed.rows.filter(r => r.theirs.side !== 'glorot' && r.theirs.threads === 1)
// A step takes so long there that one must do.
const patient = (r: Row): Args => (r.title === wide.title ? { checked: 1 } : {})

// js-pytorch's Adam leaves its bias as it is: the losses agree until the first update.
const FIRST = { checked: 1 }
const founding = row('founding network 10-10-1, batch 100, with ReLU: a step of MSE and its Adam', 'network', {
  ...FOUNDING,
  hidden: 'ReLU',
  loss: 'MSELoss',
  optimizer: 'Adam',
  lr: 0.001,
})

const elsewhere: readonly Group[] = [
  {
    name: 'Training, compiled, against TensorFlow.js wasm',
    rows: whole.map(r => against('TensorFlow.js wasm', r, 30, patient(r))),
  },
  {
    name: 'Training, compiled, against TensorFlow.js cpu',
    rows: whole.map(r => against('TensorFlow.js cpu', r, undefined, patient(r))),
  },
  {
    name: 'Training, compiled, against js-pytorch',
    rows: [compiled(sgd), compiled(adam), compiled(founding), compiled(mlp)].map(r =>
      against('js-pytorch', r, undefined, FIRST),
    ),
  },
  {
    name: 'Square products from JavaScript, against numpy',
    rows: [64, 128, 256, 512, 1024, 2048].map(n => against('numpy', row(`matmul ${n}x${n}x${n}`, 'matmul', { n }))),
  },
]

const ACTIVATIONS =
  'ReLU Sigmoid Tanh GELU SiLU Softplus ELU LeakyReLU SELU Mish Hardtanh Hardswish Hardsigmoid LogSigmoid'.split(' ')
const DIRECTIONS = ['forward', 'backward'] as const

const power = (n: number) => `1e${Math.log10(n)}`

const activations = [1e5, 1e7].map(
  (n): Group => ({
    name: `Activations on ${power(n)} floats`,
    target: 1,
    rows: ACTIVATIONS.flatMap(op =>
      DIRECTIONS.map(direction => row(`${op} ${direction}`, 'activation', { op, n, direction })),
    ),
  }),
)

const curve = (op: string, n: number) =>
  DIRECTIONS.map(direction =>
    op === 'Softmax'
      ? row(`softmax ${direction}, ${n / 100}x100`, 'rows', { op: 'softmax', shape: [n / 100, 100], direction })
      : row(`${op} ${direction}, ${power(n)}`, 'activation', { op, n, direction }),
  )

const curves: Group = {
  name: 'Sigmoid, tanh, GELU and softmax, forward and backward',
  target: 1.3,
  rows: [1e3, 1e5, 1e7].flatMap(n => ['Sigmoid', 'Tanh', 'GELU', 'Softmax'].flatMap(op => curve(op, n))),
}

const softmax: Group = {
  name: 'Softmax',
  rows: ['softmax', 'logSoftmax'].flatMap(op =>
    [
      [128, 10],
      [1000, 100],
      [1000, 1000],
    ].flatMap(shape =>
      DIRECTIONS.map(direction => row(`${op} ${direction}, ${shape.join('x')}`, 'rows', { op, shape, direction })),
    ),
  ),
}

const losses: Group = {
  name: 'Losses, forward and backward, on 1000x100',
  rows: 'MSELoss L1Loss SmoothL1Loss HuberLoss BCELoss BCEWithLogitsLoss CrossEntropyLoss NLLLoss'
    .split(' ')
    .map(op => row(op, 'loss', { op, shape: [1000, 100] })),
}

const TENSORS = { tensors: 10, n: 1e5, lr: 0.001 }

const optimizers: Group = {
  name: 'Optimizers, a step over 10 x 1e5 parameters',
  rows: [
    row('SGD', 'optimizer', { op: 'SGD', ...TENSORS }),
    row('SGD with momentum', 'optimizer', { op: 'SGD', ...TENSORS, momentum: 0.9 }),
    row('Adam', 'optimizer', { op: 'Adam', ...TENSORS }, 3),
    row('AdamW', 'optimizer', { op: 'AdamW', ...TENSORS }),
    row('RMSprop', 'optimizer', { op: 'RMSprop', ...TENSORS }),
  ],
}

const elementwise: Group = {
  name: 'Arithmetic',
  rows: [
    row('add, 1', 'elementwise', { op: 'add', shapes: [[1], [1]] }),
    row('add, 100x10', 'elementwise', {
      op: 'add',
      shapes: [
        [100, 10],
        [100, 10],
      ],
    }),
    row('mul, 1e5', 'elementwise', { op: 'mul', shapes: [[1e5], [1e5]] }),
    row('add, 1000x100 and a row', 'elementwise', { op: 'add', shapes: [[1000, 100], [100]] }),
    row('div, 1000x100 and a column', 'elementwise', {
      op: 'div',
      shapes: [
        [1000, 100],
        [1000, 1],
      ],
    }),
  ],
}

const normal = (title: string, op: string, args: (number | number[])[], shape: number[], target?: number) =>
  row(`${title}, ${shape.join('x')}`, 'layer', { op, args, shape }, target)

const normalisation: Group = {
  name: 'Normalisation, forward and backward',
  target: 1.3,
  rows: [
    normal('LayerNorm', 'LayerNorm', [128], [1024, 128], 1.3),
    normal('LayerNorm', 'LayerNorm', [64], [32, 64], 1.3),
    normal('LayerNorm', 'LayerNorm', [768], [2048, 768], 1.3),
    normal('BatchNorm1d', 'BatchNorm1d', [256], [128, 256], 1.3),
    normal('BatchNorm1d', 'BatchNorm1d', [512], [1024, 512], 1.3),
    normal('BatchNorm2d', 'BatchNorm2d', [16], [64, 16, 14, 14], 1.3),
    normal('BatchNorm2d', 'BatchNorm2d', [64], [32, 64, 28, 28], 1.3),
    normal('GroupNorm', 'GroupNorm', [8, 64], [32, 64, 14, 14]),
    normal('InstanceNorm2d', 'InstanceNorm2d', [64], [32, 64, 14, 14]),
    normal('RMSNorm', 'RMSNorm', [128], [1024, 128]),
  ],
}

const normalisationCompiled: Group = {
  name: 'Normalisation, forward and backward, compiled',
  target: 1.3,
  rows: normalisation.rows.filter(r => /^(Layer|Batch)Norm/.test(r.title)).map(r => compiled(r, 1.3)),
}

const embeddings: Group = {
  name: 'Embeddings, forward and backward',
  rows: [
    row('Embedding 1000 x 64, 32x50 indices', 'layer', {
      op: 'Embedding',
      args: [1000, 64],
      shape: [32, 50],
      below: 1000,
    }),
    row('EmbeddingBag 1000 x 64, 32x50 indices', 'layer', {
      op: 'EmbeddingBag',
      args: [1000, 64],
      shape: [32, 50],
      below: 1000,
    }),
  ],
}

const window = (
  title: string,
  op: string,
  args: (number | number[])[],
  options: object,
  shape: number[],
  target?: number,
) => row(`${title}, ${shape.join('x')}`, 'layer', { op, args, options, shape }, target)

const LENET = row('LeNet, batch 64: a step of cross entropy and Adam', 'lenet', { batch: 64 })

const convolutions: Group = {
  name: 'Convolutions and pooling, forward and backward',
  rows: [
    window('Conv2d 16 -> 32, 3x3', 'Conv2d', [16, 32, 3], { padding: 1 }, [64, 16, 14, 14], 1),
    window('Conv2d 64 depthwise, 3x3', 'Conv2d', [64, 64, 3], { padding: 1, groups: 64 }, [32, 64, 28, 28], 1.5),
    window('Conv2d 64 -> 64, 1x1', 'Conv2d', [64, 64, 1], {}, [32, 64, 28, 28]),
    window('Conv2d 64 -> 64, 3x3', 'Conv2d', [64, 64, 3], { padding: 1 }, [8, 64, 28, 28]),
    window('Conv2d 16 -> 32, 3x3, stride 2', 'Conv2d', [16, 32, 3], { padding: 1, stride: 2 }, [64, 16, 14, 14]),
    window('Conv1d 32 -> 32, 5', 'Conv1d', [32, 32, 5], { padding: 2 }, [32, 32, 128]),
    window(
      'ConvTranspose2d 32 -> 16, 4x4, stride 2',
      'ConvTranspose2d',
      [32, 16, 4],
      { padding: 1, stride: 2 },
      [16, 32, 14, 14],
    ),
    window('MaxPool2d 2x2', 'MaxPool2d', [2], {}, [64, 16, 28, 28]),
    window('AvgPool2d 2x2', 'AvgPool2d', [2], {}, [64, 16, 28, 28]),
    window('AvgPool2d 7x7', 'AvgPool2d', [7], {}, [32, 64, 14, 14]),
    window('AdaptiveAvgPool2d to 1x1', 'AdaptiveAvgPool2d', [1], {}, [32, 64, 14, 14]),
    window('Upsample by 2, bilinear', 'Upsample', [], { scaleFactor: 2, mode: 'bilinear' }, [16, 16, 28, 28]),
    LENET,
    { ...compiled(LENET, 2), title: 'the same, compiled' },
  ],
}

const LENGTH = 'sequence 50, batch 32'
const steps = (inputs: number) => [50, 32, inputs]
const encoder = (dimFeedforward: number, dropout: number) =>
  row(
    `TransformerEncoderLayer 128, 4 heads, ${dimFeedforward} between, dropout ${dropout}, sequence 64, batch 16`,
    'sequence',
    {
      op: 'TransformerEncoderLayer',
      args: [128, 4],
      options: { dimFeedforward, dropout, batchFirst: true },
      shape: [16, 64, 128],
    },
  )

const sequenceLayers = [
  row(`LSTM 1 -> 64, ${LENGTH}`, 'sequence', { op: 'LSTM', args: [1, 64], shape: steps(1) }),
  row(`LSTM 64 -> 64, ${LENGTH}`, 'sequence', { op: 'LSTM', args: [64, 64], shape: steps(64) }),
  row(`GRU 64 -> 64, ${LENGTH}`, 'sequence', { op: 'GRU', args: [64, 64], shape: steps(64) }),
  row(`RNN 64 -> 64, ${LENGTH}`, 'sequence', { op: 'RNN', args: [64, 64], shape: steps(64) }),
  encoder(512, 0),
  encoder(2048, 0.1),
]

const sequences: Group = { name: 'Sequences, forward and backward', rows: sequenceLayers }
const replayedSequences: Group = {
  name: 'Sequences, compiled',
  rows: sequenceLayers.map((r, i) => compiled(r, i < 4 ? 2 : 1.3)),
}

export const groups: readonly Group[] = [
  training,
  replayed,
  ...elsewhere,
  ...activations,
  curves,
  softmax,
  normalisation,
  normalisationCompiled,
  embeddings,
  convolutions,
  sequences,
  replayedSequences,
  losses,
  optimizers,
  elementwise,
]
