// Programs of other layers than linear ones: convolutions, normalisation, recurrence, embeddings, attention.
import { manualSeed, nn, optim, rand, randint, randn, type Tensor, tensor } from 'glorot'
import type { DiagnoseOptions } from 'glorot/doctor'
import { adam, sgd } from './nets.js'
import type { Program } from './program.js'
import { surface } from './tasks.js'

/** Pictures of 8 x 8 with one bright row or column, faint or strong: four classes. */
function lines(n: number, seed: number): readonly [Tensor, Tensor] {
  manualSeed(seed)
  const X = rand([n, 1, 8, 8]).mul(0.3)
  const at = randint(0, 8, [n]).toTypedArray()
  const pixels = X.typedArray()
  const y = Int32Array.from({ length: n }, (_, i) => i % 4)
  y.forEach((c, i) => {
    for (let k = 0; k < 8; k++) pixels[i * 64 + (c < 2 ? at[i] * 8 + k : k * 8 + at[i])] = c % 2 ? 1 : 0.6
  })
  return [X, tensor(y)]
}

function convnet(seed: number, normalised: boolean): nn.Sequential {
  manualSeed(seed)
  const block = (from: number, to: number) => [
    new nn.Conv2d(from, to, 3, { padding: 1 }),
    ...(normalised ? [new nn.BatchNorm2d(to)] : []),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
  ]
  return new nn.Sequential(...block(1, 8), ...block(8, 16), new nn.Flatten(), new nn.Linear(64, 4))
}

const pictures = (
  s: number,
  normalised: boolean,
  optimizer: (m: nn.Module) => optim.Optimizer = m => adam(m, 0.003),
) => {
  const model = convnet(s, normalised)
  return {
    model,
    criterion: new nn.CrossEntropyLoss(),
    optimizer: optimizer(model),
    data: lines(480, s),
    epochs: 10,
    batchSize: 32,
  }
}

class Recurrent extends nn.Module {
  rnn: nn.Module
  fc: nn.Linear
  constructor(kind: 'RNN' | 'LSTM' | 'GRU') {
    super()
    this.rnn = new nn[kind](3, 16, { batchFirst: true })
    this.fc = new nn.Linear(16, 1)
  }
  override forward(x: Tensor): Tensor {
    const [out] = this.rnn.forward(x) as [Tensor]
    return this.fc.forward(out.select(1, -1))
  }
}

/** Sums of sequences: positive or not. */
function sequences(
  s: number,
  kind: 'RNN' | 'LSTM' | 'GRU',
  optimizer: (m: nn.Module) => optim.Optimizer = m => adam(m),
): DiagnoseOptions {
  manualSeed(s)
  const X = randn([400, 10, 3])
  const y = X.sum(1).sum(1, { keepdim: true }).gt(0).float()
  const model = new Recurrent(kind)
  return {
    model,
    criterion: new nn.BCEWithLogitsLoss(),
    optimizer: optimizer(model),
    data: [X, y],
    epochs: 20,
    batchSize: 32,
  }
}

class Words extends nn.Module {
  embedding = new nn.Embedding(50, 16)
  fc1 = new nn.Linear(16, 24)
  fc2 = new nn.Linear(24, 1)
  override forward(x: Tensor): Tensor {
    return this.fc2.forward(this.fc1.forward(this.embedding.forward(x).mean(1)).relu())
  }
}

class Attending extends nn.Module {
  inner = new nn.Linear(4, 16)
  attention = new nn.MultiheadAttention(16, 2, { batchFirst: true })
  norm = new nn.LayerNorm(16)
  out = new nn.Linear(16, 3)
  override forward(x: Tensor): Tensor {
    const h = this.inner.forward(x)
    const [seen] = this.attention.forward(h, h, h)
    return this.out.forward(this.norm.forward(h.add(seen)).mean(1))
  }
}

const raw = (s: number): readonly [Tensor, Tensor] => {
  const [X, y] = surface(400, 6, s)
  return [X.mul(tensor([100, 1, 1000, 5, 1, 20])).add(50), y]
}

const program = (name: string, sickness: readonly string[], make: (seed: number) => DiagnoseOptions): Program => ({
  name,
  sickness,
  make,
})

export const sickLayers: readonly Program[] = [
  program('convnet of zeros', ['symmetric-init'], s => {
    const options = pictures(s, false, m => sgd(m, 0.1))
    for (const p of options.model.parameters()) nn.init.zeros_(p)
    return options
  }),
  program('convnet, pixels of 0 to 255', ['unscaled-features'], s => {
    const options = pictures(s, false)
    return { ...options, data: [options.data[0].mul(255), options.data[1]] }
  }),
  program('convnet, sgd of 1e-5', ['lr-too-low'], s => pictures(s, false, m => sgd(m, 1e-5))),
  program('convnet, adam of 1', ['lr-too-high', 'dead-relu'], s => pictures(s, false, m => adam(m, 1))),
  program('batch norm in evaluation mode', ['eval-mode-training'], s => {
    const options = pictures(s, true)
    options.model.eval()
    return options
  }),
  program('a last batch of one row', ['batch-size-extreme'], s => {
    const options = pictures(s, true)
    const [X, y] = options.data
    return { ...options, data: [X.narrow(0, 0, 449).contiguous(), y.narrow(0, 0, 449).contiguous()] }
  }),
  program('lstm, sgd of 1e-5', ['lr-too-low'], s => sequences(s, 'LSTM', m => sgd(m, 1e-5))),
  program('gru, adam of 5', ['lr-too-high'], s => sequences(s, 'GRU', m => adam(m, 5))),
]

export const healthyLayers: readonly Program[] = [
  program('convnet', [], s => pictures(s, false)),
  program('convnet with batch norm', [], s => pictures(s, true)),
  program('raw data into batch norm', [], s => {
    manualSeed(s)
    const model = new nn.Sequential(new nn.BatchNorm1d(6), new nn.Linear(6, 32), new nn.ReLU(), new nn.Linear(32, 1))
    return { model, criterion: new nn.MSELoss(), optimizer: adam(model), data: raw(s), epochs: 30, batchSize: 32 }
  }),
  program('raw data into layer norm', [], s => {
    manualSeed(s)
    const model = new nn.Sequential(new nn.LayerNorm(6), new nn.Linear(6, 32), new nn.ReLU(), new nn.Linear(32, 1))
    const [X, y] = surface(400, 6, s)
    return {
      model,
      criterion: new nn.MSELoss(),
      optimizer: adam(model),
      data: [X.mul(40), y],
      epochs: 40,
      batchSize: 20,
    }
  }),
  program('rnn', [], s => sequences(s, 'RNN')),
  program('lstm', [], s => sequences(s, 'LSTM')),
  program('gru', [], s => sequences(s, 'GRU')),
  program('embedding', [], s => {
    manualSeed(s)
    const X = randint(0, 50, [500, 8]).int()
    const y = X.float().mean(1).gt(25).float().reshape([500, 1])
    const model = new Words()
    return {
      model,
      criterion: new nn.BCEWithLogitsLoss(),
      optimizer: adam(model),
      data: [X, y],
      epochs: 30,
      batchSize: 32,
    }
  }),
  program('attention', [], s => {
    manualSeed(s)
    const X = randn([400, 6, 4])
    const y = X.sum(1).narrow(1, 0, 3).argmax(1)
    const model = new Attending()
    const optimizer = new optim.AdamW(model.parameters(), { lr: 0.005 })
    return { model, criterion: new nn.CrossEntropyLoss(), optimizer, data: [X, y], epochs: 20, batchSize: 32 }
  }),
]
