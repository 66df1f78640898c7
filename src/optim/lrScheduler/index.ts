// The names under `optim.lrScheduler`.
export { ChainedScheduler, SequentialLR } from './composite.js'
export { CosineAnnealingLR, CosineAnnealingWarmRestarts } from './cosine.js'
export { CyclicLR, type CyclicOptions, OneCycleLR, type OneCycleOptions } from './cycle.js'
export {
  ConstantLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  type LrLambda,
  MultiplicativeLR,
  MultiStepLR,
  PolynomialLR,
  StepLR,
} from './decay.js'
export { type PlateauOptions, ReduceLROnPlateau } from './plateau.js'
export { LRScheduler, type SchedulerStateDict } from './scheduler.js'
