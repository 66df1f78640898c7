// The founding failure on real digits: a deep linear-sigmoid network, all weights equal, squared error. It does not learn, and the
// gradients say why.
import { nn, noGrad, optim, type Tensor, tensor } from 'glorot'
import type { Digits } from './idx.js'
import { accuracy, loaderOf, predict, trainEpoch } from './training.js'

export interface Failure {
  readonly losses: readonly number[]
  readonly accuracy: number
  /** Norm of each weight's gradient in the last step, first layer first. */
  readonly gradients: readonly number[]
  /** How many different units the first hidden layer has. */
  readonly distinctUnits: number
  readonly hidden: number
}

/** Rows of ten, 1 at the digit. */
function oneHot(labels: Tensor): Tensor {
  const rows = (labels.tolist() as number[]).map(label => Array.from({ length: 10 }, (_, i) => Number(i === label)))
  return tensor(rows)
}

export function showFailure(train: Digits, test: Digits, hidden = 64, epochs = 3): Failure {
  const widths = [784, hidden, hidden, hidden, 10]
  const layers = widths.slice(1).flatMap((width, i) => [new nn.Linear(widths[i], width), new nn.Sigmoid()])
  const model = new nn.Sequential(...layers)
  for (const parameter of model.parameters()) nn.init.constant_(parameter, 0.1)
  const targets = oneHot(train.labels)
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 })
  const criterion = new nn.MSELoss()
  const loader = loaderOf(train, targets)
  const losses = Array.from({ length: epochs }, () => trainEpoch(model, criterion, optimizer, loader))
  const linear = [...model.modules()].filter((m): m is nn.Linear => m instanceof nn.Linear)
  const rows = (linear[0].weight.tolist() as number[][]).map(row => row.join())
  return {
    losses,
    accuracy: accuracy(predict(model, test), test),
    gradients: noGrad(() => linear.map(l => l.weight.grad!.norm().item())),
    distinctUnits: new Set(rows).size,
    hidden,
  }
}
