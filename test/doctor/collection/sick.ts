// Programs that cannot learn, or hardly, each for one reason. Sizes, optimizers and losses vary on purpose.
import { data, manualSeed, nn, optim, rand, randn, randperm, type Tensor, tensor } from 'glorot'
import type { DiagnoseOptions } from 'glorot/doctor'
import { adam, linears, mlp, sgd } from './nets.js'
import type { Program } from './program.js'
import { bars, blobs, circle, halves, moons, oneHotRows, plane, surface } from './tasks.js'

const ce = () => new nn.CrossEntropyLoss()
const bceLogits = () => new nn.BCEWithLogitsLoss()
const mse = () => new nn.MSELoss()

/** A program by its parts. */
function program(name: string, sickness: string | readonly string[], make: (seed: number) => DiagnoseOptions): Program {
  return { name, sickness: typeof sickness === 'string' ? [sickness] : sickness, make }
}

const dataPrograms: Program[] = [
  program('nan in a row', 'nonfinite-data', s => {
    const [X, y] = surface(400, 6, s)
    X.typedArray()[37] = Number.NaN
    const model = mlp([6, 32, 1], 'relu', s)
    return { model, criterion: mse(), optimizer: adam(model), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('infinite target', 'nonfinite-data', s => {
    const [X, y] = plane(300, 4, s)
    y.typedArray()[299] = Number.POSITIVE_INFINITY
    const model = mlp([4, 16, 1], 'tanh', s)
    return { model, criterion: mse(), optimizer: sgd(model, 0.05), data: [X, y], epochs: 50, batchSize: 50 }
  }),
  program('targets without their dimension', 'shape-broadcast', s => {
    const [X, y] = surface(300, 5, s)
    const model = mlp([5, 24, 1], 'relu', s)
    return { model, criterion: mse(), optimizer: adam(model), data: [X, y.reshape([300])], epochs: 20, batchSize: 30 }
  }),
  program('broadcast that was asked for', 'shape-broadcast', s => {
    const [X, y] = plane(256, 8, s)
    const model = mlp([8, 16, 1], 'tanh', s)
    const criterion = new nn.MSELoss({ broadcast: true })
    return {
      model,
      criterion,
      optimizer: sgd(model, 0.05, 0.9),
      data: [X, y.reshape([256])],
      epochs: 40,
      batchSize: 32,
    }
  }),
  program('labels of -1 and 1 in cross entropy', 'bad-targets', s => {
    const [X, y] = halves(300, 6, s)
    const model = mlp([6, 16, 1], 'relu', s)
    return {
      model,
      criterion: bceLogits(),
      optimizer: adam(model),
      data: [X, y.mul(2).sub(1)],
      epochs: 20,
      batchSize: 32,
    }
  }),
  program('classes counted from 1', 'bad-targets', s => {
    const [X, y] = blobs(400, 5, 4, s)
    const model = mlp([5, 32, 4], 'relu', s)
    return { model, criterion: ce(), optimizer: adam(model), data: [X, y.add(1)], epochs: 15, batchSize: 32 }
  }),
  program('column of incomes', ['unscaled-features'], s => {
    const [X, y] = surface(500, 6, s)
    const scale = tensor([50000, 1, 1, 20, 1, 1])
    const model = mlp([6, 32, 1], 'tanh', s)
    return {
      model,
      criterion: mse(),
      optimizer: sgd(model, 0.05),
      data: [X.mul(scale).add(scale), y],
      epochs: 30,
      batchSize: 32,
    }
  }),
  program('pixels of 0 to 255, sigmoid', ['unscaled-features', 'saturated-activations'], s => {
    const [X, y] = bars(600, 6, s)
    const model = mlp([36, 48, 12], 'sigmoid', s)
    return { model, criterion: ce(), optimizer: sgd(model, 0.5), data: [X.mul(255), y], epochs: 25, batchSize: 32 }
  }),
  program('years and shares', ['unscaled-features'], s => {
    const [X, y] = halves(400, 4, s)
    const model = mlp([4, 16, 1], 'sigmoid', s)
    const raw = X.mul(tensor([15, 0.1, 1, 300])).add(tensor([2000, 0.5, 0, 1000]))
    return { model, criterion: bceLogits(), optimizer: adam(model, 0.005), data: [raw, y], epochs: 40, batchSize: 40 }
  }),
  program('scaled twice', ['features-too-small'], s => {
    const [X, y] = bars(600, 5, s)
    const model = mlp([25, 32, 10], 'relu', s)
    return { model, criterion: ce(), optimizer: sgd(model, 0.1), data: [X.div(255), y], epochs: 20, batchSize: 32 }
  }),
  program('prices as targets', ['unscaled-targets', 'initial-loss-off', 'lr-too-high'], s => {
    const [X, y] = surface(400, 6, s)
    const model = mlp([6, 32, 1], 'relu', s)
    return {
      model,
      criterion: mse(),
      optimizer: adam(model, 0.001),
      data: [X, y.mul(80000).add(250000)],
      epochs: 40,
      batchSize: 32,
    }
  }),
  program('sorted by class', ['unshuffled-data'], s => {
    const [X, y] = blobs(600, 6, 6, s)
    const order = [...y.toTypedArray().keys()].sort((a, b) => y.toTypedArray()[a] - y.toTypedArray()[b])
    const index = tensor(Int32Array.from(order))
    const model = mlp([6, 24, 6], 'relu', s)
    const rows = [X.indexSelect(0, index), y.indexSelect(0, index)] as const
    return { model, criterion: ce(), optimizer: sgd(model, 0.1), data: rows, epochs: 10, batchSize: 20, shuffle: false }
  }),
  program('sorted, in a loader', ['unshuffled-data'], s => {
    const [X, y] = halves(320, 5, s)
    const index = tensor(
      Int32Array.from([...y.toTypedArray().keys()].sort((a, b) => y.toTypedArray()[a] - y.toTypedArray()[b])),
    )
    const model = mlp([5, 16, 1], 'tanh', s)
    const set = new data.TensorDataset(X.indexSelect(0, index), y.indexSelect(0, index))
    return {
      model,
      criterion: bceLogits(),
      optimizer: adam(model),
      data: new data.DataLoader(set, { batchSize: 16 }),
      epochs: 10,
    }
  }),
  program('labels by a coin', ['no-signal'], s => {
    manualSeed(s)
    const [X, y] = [randn([400, 10]), rand([400, 1]).gt(0.5).float()]
    const model = mlp([10, 32, 1], 'relu', s)
    return { model, criterion: bceLogits(), optimizer: adam(model), data: [X, y], epochs: 30, batchSize: 32 }
  }),
  program('targets shuffled against inputs', ['no-signal'], s => {
    const [X, y] = surface(600, 8, s)
    const model = mlp([8, 32, 1], 'tanh', s)
    return {
      model,
      criterion: mse(),
      optimizer: adam(model, 0.003),
      data: [X, y.indexSelect(0, randperm(600))],
      epochs: 20,
      batchSize: 32,
    }
  }),
  program('one row in sixty', ['class-imbalance'], s => {
    const [X, y] = halves(3000, 8, s, 1.5)
    const labels = y.toTypedArray()
    const chosen = [...labels.keys()].filter(i => labels[i] === 0 || i % 60 === 0)
    const index = tensor(Int32Array.from(chosen))
    const model = mlp([8, 16, 1], 'relu', s)
    return {
      model,
      criterion: bceLogits(),
      optimizer: sgd(model, 0.05),
      data: [X.indexSelect(0, index), y.indexSelect(0, index)],
      epochs: 5,
      batchSize: 64,
    }
  }),
]

/** Its activations and layers are calls within forward. */
class Functional extends nn.Module {
  fc1: nn.Linear
  fc2: nn.Linear
  constructor(
    readonly inputs: number,
    readonly outputs: number,
    readonly end: (x: Tensor) => Tensor,
  ) {
    super()
    this.fc1 = new nn.Linear(inputs, 24)
    this.fc2 = new nn.Linear(24, outputs)
  }
  override forward(x: Tensor): Tensor {
    return this.end(this.fc2.forward(this.fc1.forward(x).relu()))
  }
}

/** A layer that is left out of forward's graph. */
class Detached extends nn.Module {
  body: nn.Linear
  head: nn.Linear
  constructor(inputs: number) {
    super()
    this.body = new nn.Linear(inputs, 16)
    this.head = new nn.Linear(16, 1)
  }
  override forward(x: Tensor): Tensor {
    return this.head.forward(this.body.forward(x).relu().detach())
  }
}

/** Adds up zeros: nothing of x arrives. */
class Deaf extends nn.Module {
  fc1: nn.Linear
  fc2: nn.Linear
  constructor(inputs: number) {
    super()
    this.fc1 = new nn.Linear(inputs, 16)
    this.fc2 = new nn.Linear(16, 1)
  }
  override forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(x.mul(0)).tanh())
  }
}

const structure: Program[] = [
  program('sigmoid before the logits loss', ['sigmoid-before-logits-loss'], s => {
    const [X, y] = circle(400, s)
    const model = mlp([2, 16, 16, 1], 'relu', s, new nn.Sigmoid())
    return { model, criterion: bceLogits(), optimizer: adam(model), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('softmax before cross entropy', ['sigmoid-before-logits-loss'], s => {
    const [X, y] = blobs(500, 6, 5, s)
    const model = mlp([6, 32, 5], 'relu', s, new nn.Softmax({ dim: 1 }))
    return { model, criterion: ce(), optimizer: sgd(model, 0.1), data: [X, y], epochs: 15, batchSize: 25 }
  }),
  program('sigmoid before the logits loss, called', ['sigmoid-before-logits-loss'], s => {
    const [X, y] = halves(300, 6, s)
    manualSeed(s)
    const model = new Functional(6, 1, x => x.sigmoid())
    return { model, criterion: bceLogits(), optimizer: adam(model), data: [X, y], epochs: 20, batchSize: 30 }
  }),
  program('scores into BCELoss', ['logits-into-prob-loss'], s => {
    const [X, y] = moons(300, s)
    const model = mlp([2, 16, 1], 'tanh', s)
    return { model, criterion: new nn.BCELoss(), optimizer: adam(model), data: [X, y], epochs: 20, batchSize: 30 }
  }),
  program('scores into NLLLoss', ['logits-into-prob-loss'], s => {
    const [X, y] = blobs(400, 8, 4, s)
    const model = mlp([8, 24, 4], 'relu', s)
    return {
      model,
      criterion: new nn.NLLLoss(),
      optimizer: adam(model, 0.003),
      data: [X, y],
      epochs: 10,
      batchSize: 32,
    }
  }),
  program('probabilities into NLLLoss', ['logits-into-prob-loss'], s => {
    const [X, y] = bars(500, 5, s)
    const model = mlp([25, 32, 10], 'tanh', s, new nn.Softmax({ dim: 1 }))
    return {
      model,
      criterion: new nn.NLLLoss(),
      optimizer: sgd(model, 0.1, 0.9),
      data: [X, y],
      epochs: 10,
      batchSize: 25,
    }
  }),
  program('softmax over one output', ['single-output-softmax'], s => {
    const [X, y] = halves(400, 5, s)
    const model = mlp([5, 16, 1], 'relu', s, new nn.Softmax({ dim: 1 }))
    return { model, criterion: new nn.BCELoss(), optimizer: adam(model), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('squared error of a sigmoid, sure at first', ['mse-classification'], s => {
    const [X, y] = halves(400, 6, s)
    const model = mlp([6, 16, 1], 'tanh', s, new nn.Sigmoid())
    linears(model, (l, i) => i === 1 && nn.init.constant_(l.bias!, 6))
    return { model, criterion: mse(), optimizer: sgd(model, 0.1), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('squared error of a softmax', ['mse-classification'], s => {
    const [X, y] = bars(600, 6, s)
    const model = mlp([36, 32, 12], 'sigmoid', s, new nn.Softmax({ dim: 1 }))
    return {
      model,
      criterion: mse(),
      optimizer: sgd(model, 0.1),
      data: [X, oneHotRows(y, 12)],
      epochs: 20,
      batchSize: 32,
    }
  }),
  program('sigmoid for a quantity', ['output-range'], s => {
    const [X, y] = surface(400, 5, s)
    const model = mlp([5, 32, 1], 'relu', s, new nn.Sigmoid())
    return { model, criterion: mse(), optimizer: adam(model), data: [X, y.mul(3)], epochs: 20, batchSize: 32 }
  }),
  program('tanh for a quantity', ['output-range'], s => {
    const [X, y] = plane(300, 7, s)
    const model = mlp([7, 16, 1], 'tanh', s, new nn.Tanh())
    return {
      model,
      criterion: new nn.L1Loss(),
      optimizer: sgd(model, 0.05, 0.9),
      data: [X, y.mul(4).add(2)],
      epochs: 30,
      batchSize: 30,
    }
  }),
  program('relu at the end of a regression', ['clipped-output'], s => {
    const [X, y] = surface(400, 6, s)
    const model = mlp([6, 32, 1], 'relu', s, new nn.ReLU())
    return { model, criterion: mse(), optimizer: adam(model), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('relu before cross entropy', ['clipped-output'], s => {
    const [X, y] = blobs(400, 6, 4, s)
    const model = mlp([6, 16, 4], 'relu', s, new nn.ReLU())
    return { model, criterion: ce(), optimizer: sgd(model, 0.05), data: [X, y], epochs: 10, batchSize: 32 }
  }),
  program('three linear layers in a row', ['missing-nonlinearity'], s => {
    const [X, y] = circle(500, s)
    manualSeed(s)
    const model = new nn.Sequential(new nn.Linear(2, 32), new nn.Linear(32, 32), new nn.Linear(32, 1))
    return { model, criterion: bceLogits(), optimizer: adam(model), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('dropout of nine in ten', ['high-dropout'], s => {
    const [X, y] = blobs(500, 8, 5, s)
    manualSeed(s)
    const model = new nn.Sequential(
      new nn.Linear(8, 24),
      new nn.ReLU(),
      new nn.Dropout({ p: 0.95 }),
      new nn.Linear(24, 5),
    )
    return { model, criterion: ce(), optimizer: sgd(model, 0.05), data: [X, y], epochs: 10, batchSize: 32 }
  }),
  program('dropout of the answers', ['high-dropout'], s => {
    const [X, y] = surface(400, 5, s)
    const model = mlp([5, 24, 1], 'relu', s, new nn.Dropout({ p: 0.5 }))
    return { model, criterion: mse(), optimizer: adam(model), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('rate of 0', ['lr-invalid'], s => {
    const [X, y] = halves(300, 5, s)
    const model = mlp([5, 16, 1], 'relu', s)
    return { model, criterion: bceLogits(), optimizer: sgd(model, 0), data: [X, y], epochs: 30, batchSize: 30 }
  }),
  program('climbs', ['lr-invalid'], s => {
    const [X, y] = plane(300, 5, s)
    const model = mlp([5, 16, 1], 'tanh', s)
    return {
      model,
      criterion: mse(),
      optimizer: new optim.Adam(model.parameters(), { lr: 0.01, maximize: true }),
      data: [X, y],
      epochs: 10,
      batchSize: 30,
    }
  }),
  program('momentum of 0.999', ['momentum-extreme', 'lr-too-high'], s => {
    const [X, y] = surface(400, 6, s)
    const model = mlp([6, 32, 1], 'tanh', s)
    return { model, criterion: mse(), optimizer: sgd(model, 0.1, 0.999), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('only the first layer is optimized', ['params-not-in-optimizer'], s => {
    const [X, y] = blobs(400, 6, 4, s)
    const model = mlp([6, 16, 4], 'relu', s)
    return { model, criterion: ce(), optimizer: adam(model.at(0)), data: [X, y], epochs: 10, batchSize: 32 }
  }),
  program('the optimizer has another model', ['params-not-in-optimizer'], s => {
    const [X, y] = moons(300, s)
    const model = mlp([2, 16, 1], 'relu', s)
    return {
      model,
      criterion: bceLogits(),
      optimizer: adam(mlp([2, 16, 1], 'relu', s)),
      data: [X, y],
      epochs: 20,
      batchSize: 32,
    }
  }),
  program('all frozen', ['nothing-trainable'], s => {
    const [X, y] = plane(300, 5, s)
    const model = mlp([5, 8, 1], 'relu', s)
    model.requiresGrad_(false)
    return { model, criterion: mse(), optimizer: sgd(model), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('detached body', ['params-not-updated'], s => {
    const [X, y] = circle(400, s, 3)
    manualSeed(s)
    const model = new Detached(3)
    return { model, criterion: bceLogits(), optimizer: adam(model), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('deaf', ['input-ignored'], s => {
    const [X, y] = plane(300, 5, s)
    manualSeed(s)
    const model = new Deaf(5)
    return { model, criterion: mse(), optimizer: adam(model), data: [X, y], epochs: 20, batchSize: 32 }
  }),
]

const flow: Program[] = [
  program('all weights alike', ['symmetric-init'], s => {
    const [X, y] = surface(300, 6, s)
    const model = mlp([6, 16, 1], 'sigmoid', s)
    for (const p of model.parameters()) nn.init.constant_(p, 0.5)
    return { model, criterion: mse(), optimizer: sgd(model, 0.1), data: [X, y], epochs: 40, batchSize: 30 }
  }),
  program('all weights 0', ['symmetric-init'], s => {
    const [X, y] = blobs(400, 6, 4, s)
    const model = mlp([6, 24, 4], 'relu', s)
    for (const p of model.parameters()) nn.init.zeros_(p)
    return { model, criterion: ce(), optimizer: adam(model), data: [X, y], epochs: 15, batchSize: 32 }
  }),
  program('all weights 10, deep', ['symmetric-init'], s => {
    const [X, y] = circle(300, s, 4)
    const model = mlp([4, 12, 12, 1], 'tanh', s)
    for (const p of model.parameters()) nn.init.constant_(p, 10)
    return { model, criterion: bceLogits(), optimizer: sgd(model, 0.1, 0.9), data: [X, y], epochs: 30, batchSize: 30 }
  }),
  program('weights drawn 20 times too large', ['init-too-large', 'saturated-activations'], s => {
    const [X, y] = surface(400, 8, s)
    const model = mlp([8, 32, 32, 1], 'tanh', s)
    linears(model, (l, i) => i < 2 && nn.init.normal_(l.weight, 0, 5))
    return { model, criterion: mse(), optimizer: sgd(model, 0.05), data: [X, y], epochs: 30, batchSize: 32 }
  }),
  program('large weights, sigmoid', ['init-too-large', 'saturated-activations'], s => {
    const [X, y] = bars(600, 6, s)
    const model = mlp([36, 32, 32, 12], 'sigmoid', s)
    linears(model, l => nn.init.normal_(l.weight, 0, 4))
    return { model, criterion: ce(), optimizer: sgd(model, 0.1), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('weights of nothing', ['init-too-small', 'vanishing-gradient'], s => {
    const [X, y] = surface(400, 8, s)
    const model = mlp([8, 32, 32, 32, 1], 'tanh', s)
    linears(model, l => nn.init.normal_(l.weight, 0, 1e-4))
    return { model, criterion: mse(), optimizer: sgd(model, 0.05), data: [X, y], epochs: 30, batchSize: 32 }
  }),
  program('dead from the start', ['dead-relu'], s => {
    const [X, y] = blobs(400, 6, 4, s)
    const model = mlp([6, 24, 24, 4], 'relu', s)
    linears(model, (l, i) => i === 1 && nn.init.constant_(l.bias!, -30))
    return { model, criterion: ce(), optimizer: adam(model, 0.001), data: [X, y], epochs: 15, batchSize: 32 }
  }),
  program('eight sigmoids, sgd', ['vanishing-gradient', 'deep-saturating-stack'], s => {
    const [X, y] = blobs(500, 8, 4, s)
    const model = mlp([8, 24, 24, 24, 24, 24, 24, 24, 4], 'sigmoid', s)
    return { model, criterion: ce(), optimizer: sgd(model, 0.1), data: [X, y], epochs: 30, batchSize: 32 }
  }),
  program('five sigmoids, regression', ['vanishing-gradient', 'deep-saturating-stack'], s => {
    const [X, y] = surface(400, 6, s)
    const model = mlp([6, 20, 20, 20, 20, 20, 1], 'sigmoid', s)
    return { model, criterion: mse(), optimizer: sgd(model, 0.05), data: [X, y], epochs: 40, batchSize: 40 }
  }),
]

const training: Program[] = [
  program('sgd of 50', ['lr-too-high', 'loss-diverging', 'nonfinite-training'], s => {
    const [X, y] = surface(400, 6, s)
    const model = mlp([6, 32, 1], 'relu', s)
    return { model, criterion: mse(), optimizer: sgd(model, 50), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('sgd of 2, regression', ['lr-too-high', 'loss-diverging', 'nonfinite-training'], s => {
    const [X, y] = plane(500, 12, s)
    const model = mlp([12, 48, 48, 1], 'relu', s)
    return { model, criterion: mse(), optimizer: sgd(model, 2), data: [X, y], epochs: 10, batchSize: 25 }
  }),
  program('adam of 2', ['lr-too-high'], s => {
    const [X, y] = blobs(500, 8, 6, s)
    const model = mlp([8, 32, 32, 32, 6], 'tanh', s)
    return { model, criterion: ce(), optimizer: adam(model, 2), data: [X, y], epochs: 15, batchSize: 32 }
  }),
  program('rmsprop of 1', ['lr-too-high'], s => {
    const [X, y] = surface(400, 5, s)
    const model = mlp([5, 32, 32, 1], 'tanh', s)
    return {
      model,
      criterion: mse(),
      optimizer: new optim.RMSprop(model.parameters(), { lr: 1 }),
      data: [X, y],
      epochs: 20,
      batchSize: 32,
    }
  }),
  program('sgd of 1e-5', ['lr-too-low'], s => {
    const [X, y] = blobs(500, 8, 5, s)
    const model = mlp([8, 32, 5], 'relu', s)
    return { model, criterion: ce(), optimizer: sgd(model, 1e-5), data: [X, y], epochs: 20, batchSize: 32 }
  }),
  program('adam of 1e-6', ['lr-too-low'], s => {
    const [X, y] = surface(400, 6, s)
    const model = mlp([6, 48, 1], 'tanh', s)
    return { model, criterion: mse(), optimizer: adam(model, 1e-6), data: [X, y], epochs: 30, batchSize: 20 }
  }),
  program('sgd of 1e-4, binary', ['lr-too-low'], s => {
    const [X, y] = circle(600, s)
    const model = mlp([2, 24, 24, 1], 'relu', s)
    return { model, criterion: bceLogits(), optimizer: sgd(model, 1e-4), data: [X, y], epochs: 30, batchSize: 32 }
  }),
  program('weight decay of 1', ['over-regularised', 'optimizer-config'], s => {
    const [X, y] = surface(400, 6, s)
    const model = mlp([6, 32, 1], 'tanh', s)
    return {
      model,
      criterion: mse(),
      optimizer: new optim.SGD(model.parameters(), { lr: 0.05, weightDecay: 1 }),
      data: [X, y],
      epochs: 30,
      batchSize: 32,
    }
  }),
  program('weight decay of 0.5 in adam', ['over-regularised', 'optimizer-config'], s => {
    const [X, y] = blobs(400, 8, 4, s, 2)
    const model = mlp([8, 24, 4], 'relu', s)
    return {
      model,
      criterion: ce(),
      optimizer: new optim.Adam(model.parameters(), { lr: 0.005, weightDecay: 0.5 }),
      data: [X, y],
      epochs: 20,
      batchSize: 32,
    }
  }),
  program('one epoch', ['underfit-epochs', 'lr-too-low'], s => {
    const [X, y] = bars(640, 6, s)
    const model = mlp([36, 32, 12], 'relu', s)
    return { model, criterion: ce(), optimizer: sgd(model, 0.1), data: [X, y], epochs: 2, batchSize: 32 }
  }),
  program('by heart', ['overfitting'], s => {
    const [X, y] = halves(60, 20, s, 2)
    const [Xv, yv] = halves(300, 20, s, 2)
    const model = mlp([20, 128, 128, 1], 'relu', s)
    return {
      model,
      criterion: bceLogits(),
      optimizer: adam(model),
      data: [X, y],
      validation: [Xv, yv],
      epochs: 60,
      batchSize: 20,
    }
  }),
  program('by heart, regression', ['overfitting'], s => {
    const [X, y] = plane(240, 30, s, 1.5)
    const rows = (from: number, n: number) =>
      [X.narrow(0, from, n).contiguous(), y.narrow(0, from, n).contiguous()] as const
    const model = mlp([30, 128, 1], 'tanh', s)
    return {
      model,
      criterion: mse(),
      optimizer: adam(model),
      data: rows(0, 80),
      validation: rows(80, 160),
      epochs: 80,
      batchSize: 20,
    }
  }),
]

export const sick: readonly Program[] = [...dataPrograms, ...structure, ...flow, ...training]
