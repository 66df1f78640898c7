// What each pass over a recording gains: the same function compiled with it and without it, in turns.
import {
  buildInfo,
  type CompileOptions,
  compile,
  manualSeed,
  nn,
  optim,
  randn,
  setNumThreads,
  type Tensor,
} from 'glorot'
import { measure } from './peers/clock.js'
import { compareRounds, median } from './peers/statistics.js'

manualSeed(0)

type Fn = (...inputs: Tensor[]) => Tensor

/** A step of training; `more` looks at the output. */
function training(model: nn.Module, optimizer: optim.Optimizer, more?: (output: Tensor) => void): Fn {
  const criterion = new nn.MSELoss()
  return (x, y) => {
    optimizer.zeroGrad()
    const output = model.forward(x)
    more?.(output)
    const loss = criterion.forward(output, y)
    loss.backward()
    optimizer.step()
    return loss
  }
}

function perceptron(...layers: number[]): nn.Sequential {
  const parts = layers.slice(1).flatMap((n, i) => [new nn.Linear(layers[i], n), new nn.Sigmoid()])
  return new nn.Sequential(...parts.slice(0, -1))
}

function unread() {
  const model = perceptron(10, 10, 10)
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 })
  const [x, y] = [randn([100, 10]), randn([100, 10])]
  const classes = y.argmax(1)
  const accuracy = (output: Tensor) => output.argmax(1).eq(classes).float().mean()
  return [training(model, optimizer, accuracy), [x, y]] as const
}

function deep() {
  const model = perceptron(...new Array<number>(9).fill(64))
  return [training(model, new optim.SGD(model.parameters(), { lr: 0.01 })), [randn([64, 64]), randn([64, 64])]] as const
}

function groups() {
  const model = perceptron(10, 10, 1)
  const [weights, biases] = [2, 1].map(dims => [...model.parameters()].filter(p => p.shape.length === dims))
  const optimizer = new optim.AdamW([{ params: weights }, { params: biases, weightDecay: 0 }], { lr: 0.001 })
  return [training(model, optimizer), [randn([100, 10]), randn([100, 1])]] as const
}

function manyParameters() {
  const model = perceptron(...new Array<number>(26).fill(10))
  return [
    training(model, new optim.Adam(model.parameters(), { lr: 0.001 })),
    [randn([10, 10]), randn([10, 10])],
  ] as const
}

function formula() {
  const fn = (x: Tensor) => x.add(x.pow(3).mul(0.044715)).mul(0.7978845608).tanh().add(1).mul(x).mul(0.5)
  return [fn, [randn([4_000_000])]] as const
}

type Make = () => readonly [fn: Fn, inputs: readonly Tensor[]]

const cases: (readonly [pass: keyof CompileOptions, title: string, make: Make])[] = [
  ['prune', '10-10-10, batch 100, an accuracy that nobody reads', unread],
  ['fuse', '8 layers of 64, batch 64', deep],
  ['merge', '10-10-1, batch 100, AdamW with two groups', groups],
  ['merge', '25 layers of 10, batch 10, Adam', manyParameters],
  ['chain', 'gelu of 4,000,000 elements by its formula', formula],
  ['reuseMemory', '8 layers of 64, batch 64', deep],
]

/** The function compiled, and replayed. */
function ready(make: Make, options: CompileOptions): () => unknown {
  const [fn, inputs] = make()
  const step = compile(fn, options)
  const call = () => step(...inputs)
  for (let i = 0; i < 3; i++) call()
  return call
}

const ROUNDS = 15
const SECONDS = 0.1
const microseconds = (times: readonly number[]) => `${(1e6 * median(times)).toFixed(2)} us`

setNumThreads(1)
console.log(`Compiled functions with a pass and without it (${buildInfo().isa}, one thread, ${ROUNDS} turns each):`)
for (const [pass, title, make] of cases) {
  const sides = [true, false].map(on => ({ step: ready(make, { [pass]: on }), times: [] as number[] }))
  for (let i = 0; i < ROUNDS; i++) {
    for (const { step, times } of i % 2 === 0 ? sides : sides.toReversed()) times.push(median(measure(step, SECONDS)))
  }
  const [on, off] = sides.map(side => side.times)
  const { ratio, low, high } = compareRounds(on, off)
  const turns = `${low.toFixed(2)}-${high.toFixed(2)}`
  console.log(
    `${pass}: ${title}: ${microseconds(off)} without, ${microseconds(on)} with: ${ratio.toFixed(3)}x (${turns})`,
  )
}
