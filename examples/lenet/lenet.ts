// A convolutional network in the manner of LeNet-5 (LeCun et al. 1998, Gradient-based learning applied to document recognition), with
// ReLU and max pooling, and its training: whole epochs replayed by native code.
import { compile, data, manualSeed, nn, noGrad, optim, type Tensor } from 'glorot'
import { CLASSES, type Digits, SIDE } from '../mnist/digits.js'

const BATCH = 64

/** [N, 1, 28, 28] to what speaks for each of the ten digits, [N, 10]. */
export class LeNet extends nn.Module {
  features = new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }), // [6, 28, 28]
    new nn.ReLU(),
    new nn.MaxPool2d(2), // [6, 14, 14]
    new nn.Conv2d(6, 16, 5), // [16, 10, 10]
    new nn.ReLU(),
    new nn.MaxPool2d(2), // [16, 5, 5]
  )
  classifier = new nn.Sequential(
    new nn.Flatten(),
    new nn.Linear(16 * 5 * 5, 120),
    new nn.ReLU(),
    new nn.Linear(120, 84),
    new nn.ReLU(),
    new nn.Linear(84, CLASSES),
  )

  override forward(x: Tensor): Tensor {
    return this.classifier.forward(this.features.forward(x))
  }
}

const pictures = ({ images, length }: Digits): Tensor => images.reshape([length, 1, SIDE, SIDE])

/** The share of digits that the model reads right. */
export function accuracy(model: nn.Module, digits: Digits): number {
  model.eval()
  let right = 0
  noGrad(() => {
    const batches = new data.DataLoader(new data.TensorDataset(pictures(digits), digits.labels), { batchSize: 1000 })
    for (const [images, labels] of batches) right += model.forward(images).argmax(1).eq(labels).sum().item()
  })
  return right / digits.length
}

export interface Epoch {
  readonly epoch: number
  /** The mean over the batches, while the network learned from them. */
  readonly loss: number
  /** The share of the test digits that it reads right now. */
  readonly accuracy: number
  /** Of training alone. */
  readonly seconds: number
}

/** Trains on some digits and tests on others after each epoch. The same seed gives the same network. */
export function learn(train: Digits, test: Digits, epochs: number, seed: number, after: (epoch: Epoch) => void): LeNet {
  manualSeed(seed)
  const model = new LeNet()
  const criterion = new nn.CrossEntropyLoss()
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.002 })
  const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, { TMax: epochs })
  const batches = new data.DataLoader(new data.TensorDataset(pictures(train), train.labels), {
    batchSize: BATCH,
    shuffle: true,
  })
  const step = compile((images: Tensor, labels: Tensor) => {
    optimizer.zeroGrad()
    const loss = criterion.forward(model.forward(images), labels)
    loss.backward()
    optimizer.step()
    return loss
  })
  for (let epoch = 1; epoch <= epochs; epoch++) {
    model.train()
    const started = performance.now()
    const losses = step.runEpochSync(batches)
    const seconds = (performance.now() - started) / 1000
    scheduler.step()
    after({ epoch, loss: losses.mean().item(), accuracy: accuracy(model, test), seconds })
  }
  step.dispose()
  return model
}
