// Programs that learn, among them every trap that makes other tools cry wolf.
import { data, manualSeed, nn, optim, rand, randn, type Tensor, tensor } from 'glorot'
import type { DiagnoseOptions } from 'glorot/doctor'
import { adam, type Kind, linears, mlp, sgd } from './nets.js'
import type { Program } from './program.js'
import { bars, blobs, circle, halves, moons, oneHotRows, plane, surface } from './tasks.js'

const ce = () => new nn.CrossEntropyLoss()
const bceLogits = () => new nn.BCEWithLogitsLoss()
const mse = () => new nn.MSELoss()

const program = (name: string, make: (seed: number) => DiagnoseOptions): Program => ({ name, sickness: [], make })

/** Plain programs over activations, depths, optimizers and losses. */
function grid(): Program[] {
  const kinds: Kind[] = ['relu', 'tanh', 'sigmoid', 'leaky', 'gelu', 'elu']
  return kinds.flatMap((kind, i) => [
    program(`${kind}, classes, adam`, s => {
      const [X, y] = blobs(300 + 100 * i, 4 + i, 3 + i, s)
      const model = mlp([4 + i, 16 + 8 * i, 3 + i], kind, s)
      return { model, criterion: ce(), optimizer: adam(model), data: [X, y], epochs: 15, batchSize: 32 }
    }),
    program(`${kind}, two layers, regression`, s => {
      const [X, y] = surface(400, 3 + i, s)
      const model = mlp([3 + i, 32, 32, 1], kind, s)
      return { model, criterion: mse(), optimizer: adam(model, 0.005), data: [X, y], epochs: 30, batchSize: 20 + 4 * i }
    }),
    program(`${kind}, binary, sgd`, s => {
      const [X, y] = halves(300, 5 + i, s)
      const model = mlp([5 + i, 24, 1], kind, s)
      return { model, criterion: bceLogits(), optimizer: sgd(model, 0.2, 0.9), data: [X, y], epochs: 30, batchSize: 30 }
    }),
  ])
}

/** A residual network whose branches end in zeros. */
class Residual extends nn.Module {
  inner: nn.Linear
  a: nn.Linear
  b: nn.Linear
  out: nn.Linear
  constructor(inputs: number) {
    super()
    this.inner = new nn.Linear(inputs, 16)
    this.a = new nn.Linear(16, 16)
    this.b = new nn.Linear(16, 16)
    nn.init.zeros_(this.b.weight)
    this.out = new nn.Linear(16, 1)
  }
  override forward(x: Tensor): Tensor {
    const h = this.inner.forward(x)
    return this.out.forward(h.add(this.b.forward(this.a.forward(h).relu())))
  }
}

/** Scales the pixels itself. */
class Scaling extends nn.Module {
  fc1: nn.Linear
  fc2: nn.Linear
  constructor(inputs: number, outputs: number) {
    super()
    this.fc1 = new nn.Linear(inputs, 32)
    this.fc2 = new nn.Linear(32, outputs)
  }
  override forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x.div(255)).relu())
  }
}

const traps: Program[] = [
  program('logistic regression, sgd of 1', s => {
    const [X, y] = halves(400, 6, s)
    const model = mlp([6, 1], 'relu', s)
    return { model, criterion: bceLogits(), optimizer: sgd(model, 1), data: [X, y], epochs: 20, batchSize: 40 }
  }),
  program('linear regression, all rows a step', s => {
    const [X, y] = plane(200, 5, s)
    const model = mlp([5, 1], 'relu', s)
    return { model, criterion: mse(), optimizer: sgd(model, 0.1), data: [X, y], epochs: 200 }
  }),
  program('sigmoid and BCELoss', s => {
    const [X, y] = moons(400, s)
    const model = mlp([2, 24, 24, 1], 'relu', s, new nn.Sigmoid())
    return { model, criterion: new nn.BCELoss(), optimizer: adam(model), data: [X, y], epochs: 30, batchSize: 32 }
  }),
  program('log softmax and NLLLoss', s => {
    const [X, y] = blobs(500, 6, 5, s)
    const model = mlp([6, 32, 5], 'tanh', s, new nn.LogSoftmax({ dim: 1 }))
    return { model, criterion: new nn.NLLLoss(), optimizer: adam(model), data: [X, y], epochs: 15, batchSize: 32 }
  }),
  program('autoencoder of values from 0 to 1', s => {
    const [X] = bars(400, 5, s)
    const model = mlp([25, 16, 25], 'relu', s, new nn.Sigmoid())
    return { model, criterion: mse(), optimizer: adam(model), data: [X, X], epochs: 60, batchSize: 32 }
  }),
  program('autoencoder of zeros and ones', s => {
    const [X] = bars(400, 5, s)
    const bits = X.gt(0.5).float()
    const model = mlp([25, 20, 25], 'relu', s, new nn.Sigmoid())
    return { model, criterion: mse(), optimizer: adam(model), data: [bits, bits], epochs: 60, batchSize: 32 }
  }),
  program('one-hot columns beside quantities', s => {
    const [X, y] = surface(500, 4, s)
    manualSeed(s)
    const kind = oneHotRows(tensor(Int32Array.from({ length: 500 }, (_, i) => (i * 7) % 5)), 5)
    const model = mlp([9, 32, 1], 'relu', s)
    const joined = tensor(
      Float32Array.from({ length: 500 * 9 }, (_, i) => {
        const [r, c] = [Math.floor(i / 9), i % 9]
        return c < 4 ? X.toTypedArray()[r * 4 + c] : kind.toTypedArray()[r * 5 + c - 4]
      }),
    ).reshape([500, 9])
    return { model, criterion: mse(), optimizer: adam(model), data: [joined, y], epochs: 25, batchSize: 32 }
  }),
  program('pixels that the model scales', s => {
    const [X, y] = bars(500, 6, s)
    manualSeed(s)
    const model = new Scaling(36, 12)
    return { model, criterion: ce(), optimizer: adam(model), data: [X.mul(255), y], epochs: 15, batchSize: 32 }
  }),
  program('four sigmoids under adam', s => {
    const [X, y] = blobs(600, 6, 3, s)
    const model = mlp([6, 24, 24, 24, 24, 3], 'sigmoid', s)
    return { model, criterion: ce(), optimizer: adam(model), data: [X, y], epochs: 40, batchSize: 32 }
  }),
  program('narrow deep relu', s => {
    const [X, y] = halves(400, 6, s)
    const model = mlp([6, 16, 16, 16, 16, 1], 'relu', s)
    return { model, criterion: bceLogits(), optimizer: adam(model), data: [X, y], epochs: 30, batchSize: 32 }
  }),
  program('He initialisation', s => {
    const [X, y] = surface(400, 8, s)
    const model = mlp([8, 64, 64, 1], 'relu', s)
    linears(model, l => nn.init.kaimingNormal_(l.weight))
    return { model, criterion: mse(), optimizer: adam(model, 0.003), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('Xavier initialisation, tanh', s => {
    const [X, y] = circle(500, s, 3)
    const model = mlp([3, 32, 32, 1], 'tanh', s)
    linears(model, l => nn.init.xavierNormal_(l.weight))
    return { model, criterion: bceLogits(), optimizer: adam(model, 0.003), data: [X, y], epochs: 30, batchSize: 32 }
  }),
  program('weights of deviation 0.02', s => {
    const [X, y] = bars(600, 6, s)
    const model = mlp([36, 64, 12], 'gelu', s)
    linears(model, l => nn.init.normal_(l.weight, 0, 0.02))
    return { model, criterion: ce(), optimizer: adam(model, 0.003), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('last layer of zeros', s => {
    const [X, y] = surface(400, 5, s)
    const model = mlp([5, 32, 1], 'tanh', s)
    linears(model, (l, i) => i === 1 && nn.init.zeros_(l.weight))
    return { model, criterion: mse(), optimizer: adam(model), data: [X, y], epochs: 25, batchSize: 32 }
  }),
  program('residual branch of zeros', s => {
    const [X, y] = surface(400, 5, s)
    manualSeed(s)
    const model = new Residual(5)
    return { model, criterion: mse(), optimizer: adam(model), data: [X, y], epochs: 25, batchSize: 32 }
  }),
  program('targets of mean 8 and deviation 2', s => {
    const [X, y] = surface(400, 5, s)
    const model = mlp([5, 32, 1], 'relu', s)
    return { model, criterion: mse(), optimizer: adam(model), data: [X, y.mul(2).add(8)], epochs: 30, batchSize: 32 }
  }),
  program('frozen first layer', s => {
    const [X, y] = blobs(400, 6, 4, s)
    const model = mlp([6, 64, 4], 'relu', s)
    model.at(0).requiresGrad_(false)
    const trainable = [...model.parameters()].filter(p => p.requiresGrad)
    return {
      model,
      criterion: ce(),
      optimizer: new optim.Adam(trainable, { lr: 0.01 }),
      data: [X, y],
      epochs: 15,
      batchSize: 32,
    }
  }),
  program('the four rows of xor', s => {
    const model = mlp([2, 8, 1], 'tanh', s)
    const X = tensor([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ])
    return {
      model,
      criterion: bceLogits(),
      optimizer: adam(model, 0.05),
      data: [X, tensor([[0], [1], [1], [0]])],
      epochs: 500,
    }
  }),
  program('dropout of a half', s => {
    const [X, y] = blobs(500, 8, 5, s)
    manualSeed(s)
    const model = new nn.Sequential(
      new nn.Linear(8, 64),
      new nn.ReLU(),
      new nn.Dropout({ p: 0.5 }),
      new nn.Linear(64, 5),
    )
    return { model, criterion: ce(), optimizer: adam(model), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('noisy targets that half can be learned of', s => {
    const [X, y] = plane(800, 6, s, 1.2)
    const model = mlp([6, 16, 1], 'tanh', s)
    return { model, criterion: mse(), optimizer: adam(model, 0.003), data: [X, y], epochs: 15, batchSize: 32 }
  }),
  program('bottleneck without activation', s => {
    const [X, y] = bars(500, 6, s)
    manualSeed(s)
    const model = new nn.Sequential(
      new nn.Linear(36, 8, { bias: false }),
      new nn.Linear(8, 32),
      new nn.ReLU(),
      new nn.Linear(32, 12),
    )
    return { model, criterion: ce(), optimizer: adam(model), data: [X, y], epochs: 25, batchSize: 32 }
  }),
  program('adamw with decay 0.1', s => {
    const [X, y] = bars(500, 5, s)
    const model = mlp([25, 48, 10], 'gelu', s)
    return {
      model,
      criterion: ce(),
      optimizer: new optim.AdamW(model.parameters(), { lr: 0.003, weightDecay: 0.1 }),
      data: [X, y],
      epochs: 20,
      batchSize: 25,
    }
  }),
  program('a loader, shuffled, with validation', s => {
    const [X, y] = blobs(600, 6, 4, s)
    const model = mlp([6, 32, 4], 'relu', s)
    const rows = (from: number, n: number) =>
      [X.narrow(0, from, n).contiguous(), y.narrow(0, from, n).contiguous()] as const
    const loader = new data.DataLoader(new data.TensorDataset(...rows(0, 480)), { batchSize: 32, shuffle: true })
    return { model, criterion: ce(), optimizer: adam(model), data: loader, validation: rows(480, 120), epochs: 15 }
  }),
  program('in order, but mixed', s => {
    const [X, y] = blobs(400, 6, 4, s)
    const model = mlp([6, 32, 4], 'relu', s)
    const loader = new data.DataLoader(new data.TensorDataset(X, y), { batchSize: 20 })
    return { model, criterion: ce(), optimizer: sgd(model, 0.1, 0.9), data: loader, epochs: 15 }
  }),
  program('sum of losses, small rate', s => {
    const [X, y] = surface(400, 5, s)
    const model = mlp([5, 32, 1], 'tanh', s)
    return {
      model,
      criterion: new nn.MSELoss({ reduction: 'sum' }),
      optimizer: sgd(model, 0.002),
      data: [X, y],
      epochs: 40,
      batchSize: 25,
    }
  }),
  program("a loss of one's own", s => {
    const [X, y] = surface(400, 4, s)
    const model = mlp([4, 32, 1], 'relu', s)
    const criterion = (a: Tensor, b: Tensor) => a.sub(b).square().mean()
    return { model, criterion, optimizer: adam(model), data: [X, y], epochs: 25, batchSize: 32 }
  }),
  program('squared error of a sigmoid that learns', s => {
    const [X, y] = circle(500, s)
    const model = mlp([2, 32, 1], 'tanh', s, new nn.Sigmoid())
    return { model, criterion: mse(), optimizer: adam(model), data: [X, y], epochs: 60, batchSize: 25 }
  }),
  program('one class in twelve', s => {
    const [X, y] = blobs(1200, 6, 12, s, 0.7)
    const labels = y.gt(0).float().reshape([1200, 1])
    const model = mlp([6, 32, 1], 'relu', s)
    return { model, criterion: bceLogits(), optimizer: adam(model), data: [X, labels], epochs: 15, batchSize: 32 }
  }),
  program('lbfgs', s => {
    const [X, y] = surface(150, 3, s)
    const model = mlp([3, 16, 1], 'tanh', s)
    return {
      model,
      criterion: mse(),
      optimizer: new optim.LBFGS(model.parameters(), { lr: 0.5 }),
      data: [X, y],
      epochs: 20,
    }
  }),
  program('huber loss and outliers', s => {
    const [X, y] = surface(500, 5, s)
    manualSeed(s)
    const outliers = rand([500, 1])
      .gt(0.97)
      .float()
      .mul(randn([500, 1]).mul(10))
    const model = mlp([5, 32, 1], 'relu', s)
    return {
      model,
      criterion: new nn.HuberLoss(),
      optimizer: adam(model),
      data: [X, y.add(outliers)],
      epochs: 30,
      batchSize: 32,
    }
  }),
  program('label smoothing', s => {
    const [X, y] = blobs(500, 6, 5, s)
    const model = mlp([6, 32, 5], 'relu', s)
    return {
      model,
      criterion: new nn.CrossEntropyLoss({ labelSmoothing: 0.1 }),
      optimizer: adam(model),
      data: [X, y],
      epochs: 15,
      batchSize: 32,
    }
  }),
  program('weighted classes', s => {
    const [X, y] = blobs(500, 6, 4, s)
    const model = mlp([6, 32, 4], 'tanh', s)
    const criterion = new nn.CrossEntropyLoss({ weight: tensor([1, 2, 1, 3]) })
    return { model, criterion, optimizer: adam(model), data: [X, y], epochs: 15, batchSize: 32 }
  }),
]

export const healthy: readonly Program[] = [...grid(), ...traps]
