// The same data once more, in the way of a larger project: features brought to mean 0 and deviation 1, a model as a class of its own,
// shuffled batches from a loader, a smaller learning rate. The loss printed is that of an epoch's last batch.
import { data, nn, optim, type Tensor } from 'glorot'
import { X, y } from './improved.js'

class Net extends nn.Module {
  fc1 = new nn.Linear(10, 10)
  relu = new nn.ReLU()
  fc2 = new nn.Linear(10, 1)
  sigmoid = new nn.Sigmoid()

  override forward(x: Tensor): Tensor {
    const hidden = this.relu.forward(this.fc1.forward(x))
    return this.sigmoid.forward(this.fc2.forward(hidden))
  }
}

const normalized = X.sub(X.mean(0)).div(X.std(0))
const loader = new data.DataLoader(new data.TensorDataset(normalized, y), { batchSize: 32, shuffle: true })

const model = new Net()
const criterion = new nn.BCELoss()
const optimizer = new optim.Adam(model.parameters(), { lr: 0.0001 })

console.log('Normalized, in batches:')
for (let epoch = 0; epoch < 1000; epoch++) {
  let last = 0
  for (const [inputs, labels] of loader) {
    optimizer.zeroGrad()
    const output = model.forward(inputs)
    const loss = criterion.forward(output, labels)
    loss.backward()
    optimizer.step()
    last = loss.item()
  }

  if (epoch % 100 === 0) console.log(`Epoch: ${epoch}, Loss: ${last}`)
}
