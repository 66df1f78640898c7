// The names under `data`.
export { collate } from './collate.js'
export { DataLoader, type DataLoaderOptions } from './dataLoader.js'
export { ConcatDataset, type Dataset, randomSplit, Subset, TensorDataset } from './dataset.js'
export { BatchSampler, RandomSampler, type Sampler, SequentialSampler, WeightedRandomSampler } from './sampler.js'
