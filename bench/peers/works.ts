// glorot's side of the works; torch_worker.py has the same ones under the same names, drawing the same numbers in the same order. The
// peers in JavaScript start from what is drawn here.
import type { Tensor } from 'glorot'
import * as glorot from 'glorot'
import type { Prepared } from './serve.js'

// biome-ignore lint/suspicious/noExplicitAny: works name classes and functions by PyTorch's words, to be looked up
type Named = Record<string, any>
const { autograd, compile, data, nn, noGrad, optim, rand, randint, randn } = glorot
const modules = nn as Named
const optimizers = optim as Named

/** Mean absolute value; summed here, so that a wrong kernel cannot agree with itself. */
function meanSize(t: Tensor): number {
  const values = t.detach().toTypedArray() as Float32Array
  return values.reduce((sum, v) => sum + Math.abs(v), 0) / values.length
}

export interface Network {
  layers: readonly number[]
  batch: number
  hidden: string
  output?: string
  loss: string
  optimizer: string
  lr: number
  fill?: number
  xavier?: boolean
  compiled?: boolean
  /** The step whose loss the sides must agree on: the second shows that the first one's update was the same. */
  checked?: number
}

function targets(loss: string, batch: number, outputs: number): Tensor {
  if (loss === 'CrossEntropyLoss') return randint(0, outputs, [batch])
  if (loss === 'BCELoss') return randint(0, 2, [batch, outputs]).float()
  return randn([batch, outputs])
}

/** A network with its first weights, the inputs and the targets. */
export function drawNetwork({ layers, batch, hidden, output, loss, fill, xavier }: Network) {
  const parts: glorot.nn.Module[] = []
  for (let i = 0; i + 1 < layers.length; i++) {
    if (i > 0) parts.push(new modules[hidden]())
    parts.push(new nn.Linear(layers[i], layers[i + 1]))
  }
  if (output !== undefined) parts.push(new modules[output]())
  noGrad(() => {
    for (const layer of parts) {
      if (!(layer instanceof nn.Linear)) continue
      if (fill !== undefined) {
        layer.weight.fill_(fill)
        layer.bias!.fill_(fill)
      } else if (xavier) nn.init.xavierUniform_(layer.weight)
    }
  })
  const x = randn([batch, layers[0]])
  return { parts, x, y: targets(loss, batch, layers[layers.length - 1]) }
}

/** The result of the last of `times` steps. */
export function last<T>(times: number, step: () => T): T {
  for (let i = 1; i < times; i++) step()
  return step()
}

/** One step of full-batch training. */
function network(args: Network): Prepared {
  const { loss, optimizer, lr, compiled, checked = 2 } = args
  const { parts, x, y } = drawNetwork(args)
  const model = new nn.Sequential(...parts)
  const criterion = new modules[loss]()
  const opt = new optimizers[optimizer](model.parameters(), { lr })
  const fn = (inputs: Tensor, labels: Tensor): Tensor => {
    opt.zeroGrad()
    const value = criterion.forward(model.forward(inputs), labels)
    value.backward()
    opt.step()
    return value
  }
  const call = compiled ? compile(fn) : fn
  const step = () => call(x, y)
  return { step, value: () => last(checked, step).item() }
}

class Net extends nn.Module {
  fc1: glorot.nn.Linear
  relu = new nn.ReLU()
  fc2: glorot.nn.Linear
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

export interface Loader {
  samples: number
  inputs: number
  hidden: number
  batch: number
  lr: number
  compiled?: boolean
}

/** The samples, and a network with its first weights. */
export function drawLoader({ samples, inputs, hidden }: Loader) {
  const raw = randn([samples, inputs])
  const y = randint(0, 2, [samples, 1]).float()
  const x = raw.sub(raw.mean(0)).div(raw.std(0))
  return { x, y, model: new Net(inputs, hidden) }
}

/** One epoch over a shuffled DataLoader. */
function loader(args: Loader): Prepared {
  const { batch, lr, compiled } = args
  const { x, y, model } = drawLoader(args)
  const batches = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: batch, shuffle: true })
  const criterion = new nn.BCELoss()
  const opt = new optim.Adam(model.parameters(), { lr })
  const step = (features: Tensor, labels: Tensor): Tensor => {
    opt.zeroGrad()
    const loss = criterion.forward(model.forward(features), labels)
    loss.backward()
    opt.step()
    return loss
  }
  if (compiled) {
    const whole = compile(step)
    const once = () => whole.runEpochSync(batches)
    return { step: once, value: () => once().tolist().at(-1) }
  }
  const epoch = (): Tensor => {
    let loss!: Tensor
    for (const [features, labels] of batches) loss = step(features, labels)
    return loss
  }
  return { step: epoch, value: () => epoch().item() }
}

type Direction = 'forward' | 'backward'

/** Forward: op(x), nothing recorded. Backward: the gradient of an op(x) that was recorded once. */
function passes(op: (x: Tensor) => Tensor, x: Tensor, direction: Direction): Prepared {
  if (direction === 'forward') return { step: () => op(x), value: () => meanSize(op(x)) }
  x.requiresGrad_(true)
  const y = op(x)
  const gradOutputs = randn(y.shape)
  const backward = () => autograd.grad(y, x, { gradOutputs, retainGraph: true })[0]
  return { step: backward, value: () => meanSize(backward()) }
}

function activation({ op, n, direction }: { op: string; n: number; direction: Direction }): Prepared {
  const layer = new modules[op]()
  return passes(x => layer.forward(x), randn([n]), direction)
}

/** An operation along the last dimension. */
function rows({ op, shape, direction }: { op: string; shape: number[]; direction: Direction }): Prepared {
  return passes(x => (x as Tensor & Named)[op](-1), randn(shape), direction)
}

function elementwise({ op, shapes }: { op: string; shapes: [number[], number[]] }): Prepared {
  const a: Tensor & Named = randn(shapes[0])
  const b = randn(shapes[1])
  return { step: () => a[op](b), value: () => meanSize(a[op](b)) }
}

interface Layer {
  op: string
  args: (number | number[])[]
  options?: object
  shape: number[]
  /** The input is whole numbers below this. */
  below?: number
  compiled?: boolean
}

/** Forward and backward of a layer, to its parameters and, where it is floats, its input. */
function layer({ op, args, options, shape, below, compiled }: Layer): Prepared {
  const module = options === undefined ? new modules[op](...args) : new modules[op](...args, options)
  const x = below === undefined ? randn(shape).requiresGrad_() : randint(0, below, shape)
  const gradient = randn(module.forward(x).shape)
  const learned: Tensor[] = [...module.parameters()]
  const all = below === undefined ? [x, ...learned] : learned
  const both = (): Tensor[] => {
    for (const t of all) t.grad = null
    module.forward(x).backward(gradient)
    return []
  }
  const call = compiled ? compile(both) : both
  const value = () => {
    call()
    return meanSize(all[0].grad!)
  }
  return { step: () => call(), value }
}

/** A step of Adam and cross entropy for a network of LeNet's kind, as examples/lenet has it. */
function lenet({ batch, compiled }: { batch: number; compiled?: boolean }): Prepared {
  const model = new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.ReLU(),
    new nn.Linear(120, 84),
    new nn.ReLU(),
    new nn.Linear(84, 10),
  )
  const x = randn([batch, 1, 28, 28])
  const y = randint(0, 10, [batch])
  const criterion = new nn.CrossEntropyLoss()
  const opt = new optim.Adam(model.parameters(), { lr: 0.001 })
  const fn = (images: Tensor, labels: Tensor): Tensor => {
    opt.zeroGrad()
    const value = criterion.forward(model.forward(images), labels)
    value.backward()
    opt.step()
    return value
  }
  const call = compiled ? compile(fn) : fn
  const step = () => call(x, y)
  return { step, value: () => step().item() }
}

interface SequenceLayer {
  op: string
  args: number[]
  options?: object
  shape: number[]
  compiled?: boolean
}

/** Forward and backward of a layer over sequences, to its parameters, which are the only ones that want gradients. */
function sequence({ op, args, options, shape, compiled }: SequenceLayer): Prepared {
  const module = new modules[op](...args, options)
  const x = randn(shape)
  const learned: Tensor[] = [...module.parameters()]
  const fn = (input: Tensor): Tensor => {
    for (const p of learned) p.grad = null
    const result = module.forward(input)
    const size = (Array.isArray(result) ? result[0] : result).square().mean()
    size.backward()
    return size
  }
  const call = compiled ? compile(fn) : fn
  const step = () => call(x)
  const value = () => {
    step()
    return meanSize(learned[0].grad!)
  }
  return { step, value }
}

/** Forward and backward of a loss. */
function loss({ op, shape }: { op: string; shape: [number, number] }): Prepared {
  const criterion = new modules[op]()
  const x = op === 'BCELoss' ? rand(shape) : randn(shape)
  const y = op === 'CrossEntropyLoss' || op === 'NLLLoss' ? randint(0, shape[1], [shape[0]]) : rand(shape)
  x.requiresGrad_(true)
  const both = (): Tensor => {
    x.grad = null
    criterion.forward(x, y).backward()
    return x.grad!
  }
  return { step: both, value: () => meanSize(both()) }
}

/** [n, n] times [n, n], of small whole numbers that need no draws. */
function matmul({ n }: { n: number }): Prepared {
  const ramp = (period: number, least: number) => {
    const values = Float32Array.from({ length: n * n }, (_, i) => (i % period) + least)
    return glorot.tensor(values).reshape([n, n])
  }
  const [a, b] = [ramp(17, -8), ramp(13, -6)]
  return { step: () => a.matmul(b), value: () => meanSize(a.matmul(b)) }
}

/** One step of an optimizer over gradients that stay. */
function optimizer({ op, tensors, n, ...options }: { op: string; tensors: number; n: number }): Prepared {
  const parameters = Array.from({ length: tensors }, () => new nn.Parameter(randn([n])))
  for (const p of parameters) p.grad = randn([n])
  const opt = new optimizers[op](parameters, options)
  const value = () => {
    opt.step()
    return meanSize(parameters[tensors - 1])
  }
  return { step: () => opt.step(), value }
}

// biome-ignore lint/suspicious/noExplicitAny: each work checks its own arguments by failing
export const works: Record<string, (args: any) => Prepared> = {
  network,
  loader,
  activation,
  rows,
  elementwise,
  layer,
  lenet,
  sequence,
  loss,
  matmul,
  optimizer,
}
