// The founding failure before the doctor: its report, and the same network after each of its prescriptions, one after another.
import { nn, type optim, type Tensor } from 'glorot'
import { type DiagnoseOptions, diagnose, type Finding, type Report } from 'glorot/doctor'
import type { Digits } from './digits.js'
import { failing, oneHot } from './failure.js'
import { accuracy, BATCH, batchesOf, trainEpoch } from './training.js'

const EPOCHS = 2
const MOST_VISITS = 5

export interface Treatment {
  /** Of the network as it was. */
  readonly report: Report
  /** What was prescribed and done, in order. */
  readonly prescriptions: readonly Finding[]
  readonly accuracy: number
  readonly epochs: number
}

/** What the doctor leaves to the user, as it changes the network: ReLU with He's weights in place of each sigmoid. */
function rectify(options: DiagnoseOptions): void {
  const layers = [...options.model.children()].map(layer => (layer instanceof nn.Sigmoid ? new nn.ReLU() : layer))
  for (const layer of layers) {
    if (layer instanceof nn.Linear) nn.init.kaimingUniform_(layer.weight, { nonlinearity: 'relu' })
  }
  options.model = new nn.Sequential(...layers)
}

/** Does what a finding says. @returns whether it could */
function follow({ id, fix }: Finding, options: DiagnoseOptions): boolean {
  if (fix.apply !== undefined) fix.apply()
  else if (id === 'vanishing-gradient') rectify(options)
  else return false
  return true
}

/** Takes the network whose weights all start as `weight` to the doctor, until there is nothing left to do, and trains it. */
export function treat(train: Digits, test: Digits, weight: number, seed: number): Treatment {
  const { model, optimizer, criterion } = failing(weight, seed)
  const data: [Tensor, Tensor] = [train.images, oneHot(train.labels)]
  const options: DiagnoseOptions = { model, criterion, optimizer, data, epochs: 1, batchSize: BATCH, shuffle: true }
  const report = diagnose(options)
  const prescriptions: Finding[] = []
  for (let visit = report; prescriptions.length < MOST_VISITS; visit = diagnose(options)) {
    const finding = visit.findings.find(f => f.severity !== 'info')
    if (finding === undefined || !follow(finding, options)) break
    prescriptions.push(finding)
  }

  const batches = batchesOf(...data)
  for (let epoch = 0; epoch < EPOCHS; epoch++)
    trainEpoch(options.model, options.criterion as nn.Module, options.optimizer as optim.Optimizer, batches, () => {})
  return { report, prescriptions, accuracy: accuracy(options.model, test), epochs: EPOCHS }
}
