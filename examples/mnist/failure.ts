// The question that started glorot: why does my linear-sigmoid network not learn? Deep, all weights equal, squared error, SGD.
import { fromTypedArray, manualSeed, nn, optim, type Tensor } from 'glorot'
import { CLASSES, type Digits, SIDE } from './digits.js'
import { accuracy, batchesOf, trainEpoch } from './training.js'

export const FAILING = [SIDE * SIDE, 64, 64, 64, 64, CLASSES]

export interface Failure {
  /** What all weights and biases were at the start. */
  readonly weight: number
  readonly firstLoss: number
  readonly lastLoss: number
  readonly accuracy: number
  /** The norm of the gradient of each layer's weights in the last step, first layer first. */
  readonly gradients: readonly number[]
  /** By how much the weights of any unit of the first layer differ from those of another. */
  readonly difference: number
}

/** A row for each label: 1 at the label, else 0. */
export function oneHot(labels: Tensor): Tensor {
  const rows = new Float32Array(labels.numel() * CLASSES)
  labels.typedArray().forEach((label: number, i: number) => {
    rows[i * CLASSES + label] = 1
  })
  return fromTypedArray(rows, [labels.numel(), CLASSES])
}

/** The failing network as it starts, every weight `weight`. */
export function failing(weight: number, seed: number) {
  manualSeed(seed)
  const layers = FAILING.slice(1).map((width, i) => new nn.Linear(FAILING[i], width))
  const model = new nn.Sequential(...layers.flatMap(layer => [layer, new nn.Sigmoid()]))
  for (const parameter of model.parameters()) nn.init.constant_(parameter, weight)
  return { layers, model, criterion: new nn.MSELoss(), optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }) }
}

/** Trains the failing network for an epoch. */
export function fail(train: Digits, test: Digits, weight: number, seed: number): Failure {
  const { layers, model, criterion, optimizer } = failing(weight, seed)
  const losses: number[] = []
  const batches = batchesOf(train.images, oneHot(train.labels))
  trainEpoch(model, criterion, optimizer, batches, (_, loss) => losses.push(loss))

  const units = layers[0].weight.detach()
  return {
    weight,
    firstLoss: losses[0],
    lastLoss: losses[losses.length - 1],
    accuracy: accuracy(model, test),
    gradients: layers.map(layer => layer.weight.grad!.norm().item()),
    difference: units
      .sub(units.narrow(0, 0, 1))
      .abs()
      .max()
      .item(),
  }
}
