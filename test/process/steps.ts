// A program, not a test: trains the founding network in one synchronous loop and prints the resident memory after a thousand
// steps and at the end. memory.test.ts runs it in a process of its own.
import { manualSeed, nn, optim, randn } from 'glorot'

const steps = Number(process.argv[2])

manualSeed(0)
const model = new nn.Sequential(new nn.Linear(10, 10), new nn.Sigmoid(), new nn.Linear(10, 1))
const X = randn([100, 10])
const y = randn([100, 1])
const criterion = new nn.MSELoss()
const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 })

let early = 0
let most = 0
for (let i = 1; i <= steps; i++) {
  optimizer.zeroGrad()
  const loss = criterion.forward(model.forward(X), y)
  loss.backward()
  optimizer.step()
  if (i === 1000) early = process.memoryUsage.rss()
  if (i % 10_000 === 0) most = Math.max(most, process.memoryUsage.rss())
}
console.log(JSON.stringify({ early, most, end: process.memoryUsage.rss() }))
