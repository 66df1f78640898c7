// A worker's program: trains from a seed and posts its losses. workers.test.ts starts several at once.
import { parentPort, workerData } from 'node:worker_threads'
import { data, manualSeed, nn, optim, randint, randn } from 'glorot'

export function train(seed: number, epochs: number): number[] {
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
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (const [inputs, labels] of loader) {
      optimizer.zeroGrad()
      const loss = criterion.forward(model.forward(inputs), labels)
      loss.backward()
      optimizer.step()
      losses.push(loss.item())
    }
  }
  return losses
}

if (workerData?.train) parentPort?.postMessage(train(workerData.seed, workerData.epochs))
