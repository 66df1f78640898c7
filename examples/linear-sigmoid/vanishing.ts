// A linear-sigmoid network that cannot learn. Every parameter starts at 10, so every sigmoid is saturated at 0 or 1 and its gradient
// vanishes, and all hidden units compute the same. The loss falls to the variance of the targets, and stays there.
import { manualSeed, nn, optim, randn } from 'glorot'

manualSeed(0)

const model = new nn.Sequential(new nn.Linear(10, 10), new nn.Sigmoid(), new nn.Linear(10, 1))
for (const parameter of model.parameters()) nn.init.constant_(parameter, 10)

// 100 samples of 10 features, and targets that have nothing to do with them.
const X = randn([100, 10])
const y = randn([100, 1])

const criterion = new nn.MSELoss()
const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 })

for (let epoch = 0; epoch < 1000; epoch++) {
  optimizer.zeroGrad()
  const output = model.forward(X)
  const loss = criterion.forward(output, y)
  loss.backward()
  optimizer.step()

  if (epoch % 100 === 0) console.log(`Epoch: ${epoch}, Loss: ${loss.item()}`)
}
