// The network that learns: random weights, ReLU, cross entropy, Adam.
import { type data, manualSeed, nn, optim } from 'glorot'
import { CLASSES, type Digits, SIDE } from './digits.js'
import { accuracy, batchesOf, trainEpoch } from './training.js'

export const HIDDEN = 256

export interface Epoch {
  readonly epoch: number
  /** The mean over the samples, while the network learned from them. */
  readonly loss: number
  /** The share of the test digits that it reads right now. */
  readonly accuracy: number
}

export interface Watcher {
  /** After each batch: samples seen so far, in all epochs. */
  batch(samples: number, loss: number): void
  epoch(epoch: Epoch): void
}

export interface Learned {
  readonly model: nn.Module
  readonly epochs: readonly Epoch[]
  /** Seconds spent on training alone, without the tests in between. */
  readonly seconds: number
}

/** Trains on some digits and tests on others after each epoch. The same seed gives the same network. */
export function learn(train: Digits, test: Digits, epochs: number, seed: number, watcher: Watcher): Learned {
  manualSeed(seed)
  const model = new nn.Sequential(new nn.Linear(SIDE * SIDE, HIDDEN), new nn.ReLU(), new nn.Linear(HIDDEN, CLASSES))
  const criterion = new nn.CrossEntropyLoss()
  const batches: data.DataLoader = batchesOf(train.images, train.labels)
  const optimizer = new optim.Adam(model.parameters())
  const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, { maxLr: 0.003, totalSteps: epochs * batches.length })

  const done: Epoch[] = []
  let samples = 0
  let milliseconds = 0
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const started = performance.now()
    let total = 0
    trainEpoch(model, criterion, optimizer, batches, (n, loss) => {
      scheduler.step()
      samples += n
      total += n * loss
      watcher.batch(samples, loss)
    })
    milliseconds += performance.now() - started
    done.push({ epoch, loss: total / train.length, accuracy: accuracy(model, test) })
    watcher.epoch(done[done.length - 1])
  }
  return { model, epochs: done, seconds: milliseconds / 1000 }
}
