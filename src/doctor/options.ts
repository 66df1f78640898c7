// What diagnose and watch are given.
import type { Module } from '../nn/module.js'
import type { Optimizer } from '../optim/optimizer.js'
import type { Tensor } from '../tensor/tensor.js'
import type { Report } from './report.js'

/** A loss: a module such as nn.MSELoss, or a function of output and target. */
export type Criterion = Module | ((output: Tensor, target: Tensor) => Tensor)

export interface DiagnoseOptions {
  model: Module
  criterion: Criterion
  optimizer: Optimizer
  /** Inputs and targets, or a DataLoader that gives them. */
  data: readonly [Tensor, Tensor] | Iterable<readonly Tensor[]>
  validation?: readonly [Tensor, Tensor]
  /** How long you mean to train. Default: as many epochs as make 1,000 steps. */
  epochs?: number
  /** Rows of a step. Default: the loader's; all rows of tensors, as in a loop without batches. */
  batchSize?: number
  /** Whether rows are shuffled each epoch. Default: the loader's; true for tensors. */
  shuffle?: boolean
}

export interface WatchOptions {
  model: Module
  criterion?: Criterion
  optimizer: Optimizer
  epochs?: number
  stepsPerEpoch?: number
  validation?: readonly [Tensor, Tensor]
  /** Open a page on 127.0.0.1 that shows the run as it goes, and ends with the process. Default: false. */
  serve?: boolean | { port?: number }
}

/** What `watch` returns. */
export interface Watcher {
  /** Tells that an epoch ended, and how the model did on data that it does not train on. */
  epoch(results?: { validationLoss?: number; validationAccuracy?: number }): void
  /**
   * The report so far. It may try changes on clones, which takes as long as a diagnosis.
   * @param options `quick`: judge by what was seen alone, in a few milliseconds
   */
  report(options?: { quick?: boolean }): Report
  /** Stops observing; the report stays. */
  stop(): void
  /** Calls `listener` whenever there is something new to report. @returns a function that stops that */
  onSample(listener: () => void): () => void
  /** Where the page is served, once it is; null where it was not asked for. */
  readonly url: string | null
}
