// The losses as functions, under PyTorch's torch.nn.functional names.
export * from './classes.js'
export * from './composed.js'
export type { LossOptions, PairOptions, Reduction } from './pair.js'
export * from './pointwise.js'
