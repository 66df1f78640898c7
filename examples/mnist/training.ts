// What both networks share: batches, an epoch of training, and reading digits.
import { data, type nn, noGrad, type optim, type Tensor } from 'glorot'
import type { Digits } from './digits.js'

export const BATCH = 128

/** Shuffled batches of images and of what the network shall say about them. */
export function batchesOf(images: Tensor, targets: Tensor): data.DataLoader {
  return new data.DataLoader(new data.TensorDataset(images, targets), { batchSize: BATCH, shuffle: true })
}

/** Trains for one epoch. `after` is called after each batch with its samples and its loss. */
export function trainEpoch(
  model: nn.Module,
  criterion: nn.Module,
  optimizer: optim.Optimizer,
  batches: data.DataLoader,
  after: (samples: number, loss: number) => void,
): void {
  model.train()
  for (const [images, targets] of batches) {
    optimizer.zeroGrad()
    const loss = criterion.forward(model.forward(images), targets)
    loss.backward()
    optimizer.step()
    after(images.size(0), loss.item())
  }
}

/** What the model reads each digit as: the class with the largest output. */
export function read(model: nn.Module, digits: Digits): Int32Array {
  model.eval()
  return noGrad(() => model.forward(digits.images).argmax(1).toTypedArray())
}

/** The positions of the digits that were read wrong. */
export function mistakes(predictions: Int32Array, digits: Digits): number[] {
  const labels = digits.labels.typedArray()
  return Array.from(predictions.keys()).filter(i => predictions[i] !== labels[i])
}

/** The share of digits that the model reads right. */
export function accuracy(model: nn.Module, digits: Digits): number {
  return (digits.length - mistakes(read(model, digits), digits).length) / digits.length
}
