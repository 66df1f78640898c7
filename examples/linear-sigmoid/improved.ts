// The same network made to learn: weights from Xavier's distribution, so that no unit starts saturated and no two are alike; ReLU in
// the hidden layer, whose gradient does not vanish; a loss made for probabilities; Adam.
import { manualSeed, nn, optim, randint, randn } from 'glorot'

manualSeed(0)

const model = new nn.Sequential(new nn.Linear(10, 10), new nn.ReLU(), new nn.Linear(10, 1), new nn.Sigmoid())
for (const module of model.modules()) {
  if (module instanceof nn.Linear) nn.init.xavierUniform_(module.weight)
}

// 100 samples of 10 features, each of class 0 or 1.
export const X = randn([100, 10])
export const y = randint(0, 2, [100, 1]).float()

const criterion = new nn.BCELoss()
const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 })

for (let epoch = 0; epoch < 1000; epoch++) {
  optimizer.zeroGrad()
  const output = model.forward(X)
  const loss = criterion.forward(output, y)
  loss.backward()
  optimizer.step()

  if (epoch % 100 === 0) console.log(`Epoch: ${epoch}, Loss: ${loss.item()}`)
}
