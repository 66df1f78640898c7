// Training and testing a classifier of digits: the loop a user writes.
import { data, type nn, noGrad, type optim } from 'glorot'
import type { Digits } from './idx.js'
import type { Progress } from './progress.js'

/** Runs one epoch; returns the mean loss. */
export function trainEpoch(
  model: nn.Module,
  criterion: nn.Module,
  optimizer: optim.Optimizer,
  loader: data.DataLoader,
  progress?: Progress,
): number {
  let total = 0
  let batches = 0
  model.train()
  for (const [images, targets] of loader) {
    optimizer.zeroGrad()
    const loss = criterion.forward(model.forward(images), targets)
    loss.backward()
    optimizer.step()
    const value = loss.item()
    total += value
    progress?.update(++batches, value)
  }
  return total / loader.length
}

/** What the model takes each digit for. */
export function predict(model: nn.Module, digits: Digits): number[] {
  model.eval()
  return noGrad(() => model.forward(digits.images).argmax(1).tolist())
}

/** Share of digits that the model takes for what they are. */
export function accuracy(predictions: readonly number[], digits: Digits): number {
  const labels = digits.labels.tolist() as number[]
  return labels.filter((label, i) => label === predictions[i]).length / labels.length
}

export function loaderOf(digits: Digits, targets = digits.labels, batchSize = 128): data.DataLoader {
  return new data.DataLoader(new data.TensorDataset(digits.images, targets), { batchSize, shuffle: true })
}
