// A loss of the kind that was seen, where the user did not name it.
import { BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, NLLLoss } from '../../nn/loss.js'
import type { LossKind } from '../loss.js'
import type { Criterion } from '../options.js'

const made: Readonly<Record<LossKind, () => Criterion>> = {
  mse: () => new MSELoss(),
  l1: () => new L1Loss(),
  bce: () => new BCELoss(),
  bceLogits: () => new BCEWithLogitsLoss(),
  ce: () => new CrossEntropyLoss(),
  nll: () => new NLLLoss(),
  other: () => new MSELoss(),
}

export const criterionFor = (kind: LossKind): Criterion => made[kind]()
