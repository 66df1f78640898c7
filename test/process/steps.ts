// A program, not a test: trains the founding network in one synchronous loop and prints the resident memory after a thousand
// steps and at the end; `compiled` as second argument replays the step. memory.test.ts runs it in a process of its own.
import { compile, manualSeed, nn, optim, randn, type Tensor } from 'glorot'

const steps = Number(process.argv[2])

manualSeed(0)
const model = new nn.Sequential(new nn.Linear(10, 10), new nn.Sigmoid(), new nn.Linear(10, 1))
const X = randn([100, 10])
const y = randn([100, 1])
const criterion = new nn.MSELoss()
const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 })

let early = 0
let most = 0
const eager = (inputs: Tensor, targets: Tensor) => {
  optimizer.zeroGrad()
  const loss = criterion.forward(model.forward(inputs), targets)
  loss.backward()
  optimizer.step()
  return loss
}
const step = process.argv[3] === 'compiled' ? compile(eager) : eager
for (let i = 1; i <= steps; i++) {
  step(X, y)
  if (i === 1000) early = process.memoryUsage.rss()
  if (i % 10_000 === 0) most = Math.max(most, process.memoryUsage.rss())
}
console.log(JSON.stringify({ early, most, end: process.memoryUsage.rss() }))
