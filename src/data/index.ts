// The names under `data`.
export { type Batched, collate } from './collate.js'
export { DataLoader, type DataLoaderOptions } from './dataLoader.js'
export { ConcatDataset, Dataset, Subset, TensorDataset } from './dataset.js'
export { BatchSampler, RandomSampler, type Sampler, SequentialSampler, WeightedRandomSampler } from './sampler.js'
export { randomSplit } from './split.js'
