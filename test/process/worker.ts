// A worker's program: trains from a seed and posts its losses. workers.test.ts starts several at once.
import { parentPort, workerData } from 'node:worker_threads'
import { compile, data, manualSeed, nn, optim, randint, randn, type Tensor } from 'glorot'

export function train(seed: number, epochs: number, compiled = false): number[] {
  manualSeed(seed)
  const model = new nn.Sequential(
    new nn.Linear(64, 96),
    new nn.ReLU(),
    new nn.Dropout({ p: 0.2 }),
    new nn.Linear(96, 5),
  )
  const X = randn([256, 64])
  const y = randint(0, 5, [256])
  const loader = new data.DataLoader(new data.TensorDataset(X, y), { batchSize: 64, shuffle: true })
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 })
  const criterion = new nn.CrossEntropyLoss()
  const losses: number[] = []
  const eager = (inputs: Tensor, labels: Tensor) => {
    optimizer.zeroGrad()
    const loss = criterion.forward(model.forward(inputs), labels)
    loss.backward()
    optimizer.step()
    return loss
  }
  const step = compiled ? compile(eager) : eager
  for (let epoch = 0; epoch < epochs; epoch++)
    for (const [inputs, labels] of loader) losses.push(step(inputs, labels).item())
  return losses
}

/** Runs of a compiled function on another thread, without end. Half the time goes into starting them, when termination is felt most. */
async function endless(): Promise<void> {
  const model = new nn.Linear(64, 64)
  const run = compile((x: Tensor) => model.forward(x).relu().sum())
  const x = randn([512, 64])
  for (let i = 0; ; i++) {
    await run.runAsync(x)
    if (i === 5) parentPort?.postMessage('running')
  }
}

if (workerData?.train) parentPort?.postMessage(train(workerData.seed, workerData.epochs, workerData.compiled))
if (workerData?.endless) await endless()
