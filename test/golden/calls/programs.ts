// The training programs of the golden cases, as their PyTorch originals are written. Each returns what it leaves behind.
import { data, nn, noGrad, optim, rand, randint, randn, type Tensor, tensor } from 'glorot'
import type { Args } from '../../harness/golden.js'
import { convnet, Sequence } from './composed.js'

export interface Trace {
  losses: number[]
  model?: nn.Module
  initial?: Record<string, Tensor>
  data?: Record<string, Tensor>
  evalLoss?: number
  predictions?: number[]
  correct?: number[]
}

type OptimizerName = 'SGD' | 'Adam' | 'AdamW'

function optimizerFor(model: nn.Module, name: OptimizerName, options: { lr: number; momentum?: number; weightDecay?: number }): optim.Optimizer {
  const defined = Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined)) as { lr: number }
  return new optim[name](model.parameters(), defined)
}

function snapshot(model: nn.Module): Record<string, Tensor> {
  return Object.fromEntries([...model.namedParameters()].map(([name, p]) => [name, p.detach().clone()]))
}

/** Full-batch steps. */
function train(model: nn.Module, criterion: nn.Module, optimizer: optim.Optimizer, X: Tensor, y: Tensor, epochs: number): number[] {
  return Array.from({ length: epochs }, () => {
    optimizer.zeroGrad()
    const loss = criterion.forward(model.forward(X), y)
    loss.backward()
    optimizer.step()
    return loss.item()
  })
}

function founding1({ inputs, hidden, samples, lr, epochs, fill }: Args): Trace {
  const model = new nn.Sequential(new nn.Linear(inputs, hidden), new nn.Sigmoid(), new nn.Linear(hidden, 1))
  for (const p of model.parameters()) nn.init.constant_(p, fill)
  const X = randn([samples, inputs])
  const y = randn([samples, 1])
  const initial = snapshot(model)
  const losses = train(model, new nn.MSELoss(), new optim.SGD(model.parameters(), { lr }), X, y, epochs)
  return { losses, model, initial, data: { X, y } }
}

function founding2({ inputs, hidden, samples, lr, epochs }: Args): Trace {
  const model = new nn.Sequential(new nn.Linear(inputs, hidden), new nn.ReLU(), new nn.Linear(hidden, 1), new nn.Sigmoid())
  for (const m of model.modules()) if (m instanceof nn.Linear) nn.init.xavierUniform_(m.weight)
  const X = randn([samples, inputs])
  const y = randint(0, 2, [samples, 1]).float()
  const initial = snapshot(model)
  const losses = train(model, new nn.BCELoss(), new optim.Adam(model.parameters(), { lr }), X, y, epochs)
  return { losses, model, initial, data: { X, y } }
}

class Net extends nn.Module {
  fc1: nn.Linear
  relu = new nn.ReLU()
  fc2: nn.Linear
  sigmoid = new nn.Sigmoid()

  constructor(inputs: number, hidden: number) {
    super()
    this.fc1 = new nn.Linear(inputs, hidden)
    this.fc2 = new nn.Linear(hidden, 1)
  }

  override forward(x: Tensor): Tensor {
    return this.sigmoid.forward(this.fc2.forward(this.relu.forward(this.fc1.forward(x))))
  }
}

function founding3({ inputs, hidden, batch, lr, epochs, before, from }: Args): Trace {
  const { X, y } = from ?? founding2(before).data
  const normalized = X.sub(X.mean(0)).div(X.std(0))
  const loader = new data.DataLoader(new data.TensorDataset(normalized, y), { batchSize: batch, shuffle: true })
  const model = new Net(inputs, hidden)
  const initial = snapshot(model)
  const criterion = new nn.BCELoss()
  const optimizer = new optim.Adam(model.parameters(), { lr })
  const losses = Array.from({ length: epochs }, () => {
    let last = 0
    for (const [xb, yb] of loader) [last] = train(model, criterion, optimizer, xb, yb, 1)
    return last
  })
  return { losses, model, initial, data: { Xnormalized: normalized, y } }
}

function foundingAll({ first, second, third }: Args): Trace {
  const one = founding1(first)
  const two = founding2(second)
  const three = founding3({ ...third, from: two.data })
  return { losses: [...one.losses, ...two.losses, ...three.losses] }
}

function xor({ hidden, lr, epochs, activation, optimizer }: Args): Trace {
  const act = activation === 'Tanh' ? new nn.Tanh() : new nn.Sigmoid()
  const model = new nn.Sequential(new nn.Linear(2, hidden), act, new nn.Linear(hidden, 1), new nn.Sigmoid())
  const X = tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
  const y = tensor([[0], [1], [1], [0]])
  const initial = snapshot(model)
  const losses = train(model, new nn.BCELoss(), optimizerFor(model, optimizer, { lr }), X, y, epochs)
  return { losses, model, initial, data: { X, y }, predictions: model.forward(X).flatten().tolist() }
}

/** Batches until `steps` steps are done; an epoch may be broken off. */
function steps(loader: data.DataLoader, count: number, step: (xb: Tensor, yb: Tensor) => void): void {
  for (let done = 0; done < count; ) {
    for (const [xb, yb] of loader) {
      step(xb, yb)
      if (++done === count) break
    }
  }
}

function fit(model: nn.Module, X: Tensor, y: Tensor, batch: number, count: number, optimizer: optim.Optimizer): Trace {
  const trace: Trace = { losses: [], correct: [], model, initial: snapshot(model), data: { X, y } }
  const criterion = new nn.CrossEntropyLoss()
  const loader = new data.DataLoader(new data.TensorDataset(X, y), { batchSize: batch, shuffle: true })
  model.train()
  steps(loader, count, (xb, yb) => {
    optimizer.zeroGrad()
    const out = model.forward(xb)
    const loss = criterion.forward(out, yb)
    loss.backward()
    optimizer.step()
    trace.losses.push(loss.item())
    const want = yb.tolist()
    trace.correct!.push(out.argmax(1).tolist().filter((k: number, i: number) => k === want[i]).length)
  })
  model.eval()
  trace.evalLoss = noGrad(() => criterion.forward(model.forward(X), y).item())
  return trace
}

function classifier(args: Args): Trace {
  const { inputs = 784, hidden, classes = 10, samples, batch, steps: count, optimizer, lr, momentum, dropout = 0, weightDecay } = args
  const middle = dropout > 0 ? [new nn.Dropout({ p: dropout })] : []
  const model = new nn.Sequential(new nn.Linear(inputs, hidden), new nn.ReLU(), ...middle, new nn.Linear(hidden, classes))
  const X = randn([samples, inputs])
  const y = randint(0, classes, [samples])
  return fit(model, X, y, batch, count, optimizerFor(model, optimizer, { lr, momentum, weightDecay }))
}

function convolutional({ samples, size, channels, classes = 3, batch = 8, steps: count = 12, lr = 0.01 }: Args): Trace {
  const model = convnet(channels, size, classes)
  const X = rand([samples, 1, size, size])
  const y = randint(0, classes, [samples])
  return fit(model, X, y, batch, count, new optim.Adam(model.parameters(), { lr }))
}

function sequence({ kind, inputs = 2, hidden, length, samples = 20, steps: count = 40, lr, clip = 1 }: Args): Trace {
  const model = new Sequence(kind, inputs, hidden)
  const X = rand([samples, length, inputs])
  const y = X.select(2, 0).sum(1, { keepdim: true }).div(length)
  const initial = snapshot(model)
  const criterion = new nn.MSELoss()
  const optimizer = new optim.Adam(model.parameters(), { lr })
  const losses = Array.from({ length: count }, () => {
    optimizer.zeroGrad()
    const loss = criterion.forward(model.forward(X), y)
    loss.backward()
    nn.utils.clipGradNorm_(model.parameters(), clip)
    optimizer.step()
    return loss.item()
  })
  return { losses, model, initial, data: { X, y } }
}

export const programs: Record<string, (args: Args) => Trace> = {
  founding1,
  founding2,
  founding3,
  foundingAll,
  xor,
  classifier,
  convnet: convolutional,
  sequence,
}
