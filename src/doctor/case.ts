// A program to look at, its options resolved: the data as tensors, the plan as a number of steps.
import { checkTensor } from '../autograd/defineOp.js'
import { isFloating } from '../core/dtype.js'
import { checkInteger, checkOptions, describe, ShapeError, ValueError } from '../core/errors.js'
import { DataLoader } from '../data/dataLoader.js'
import { Subset, TensorDataset } from '../data/dataset.js'
import { gatherRows } from '../data/rows.js'
import { RandomSampler, SequentialSampler } from '../data/sampler.js'
import { Module } from '../nn/module.js'
import { Optimizer } from '../optim/optimizer.js'
import type { Generator } from '../tensor/generator.js'
import type { Tensor } from '../tensor/tensor.js'
import { join } from './join.js'
import { rowsTensor } from './loss.js'
import type { Criterion, DiagnoseOptions, WatchOptions } from './options.js'
import { inSandbox, optimized } from './sandbox.js'

export interface Case {
  readonly options: DiagnoseOptions
  readonly model: Module
  readonly criterion: Criterion
  readonly optimizer: Optimizer
  readonly X: Tensor
  readonly y: Tensor
  readonly validation: readonly [Tensor, Tensor] | null
  readonly rows: number
  readonly batchSize: number
  readonly shuffle: boolean
  /** Whether the order of the rows was given, rather than assumed. */
  readonly orderKnown: boolean
  readonly epochs: number
  /** Whether the number of epochs was given. */
  readonly planned: boolean
  /** Steps of the whole training. */
  readonly steps: number
  readonly generators: readonly Generator[]
  /** The run began some time ago: the learning rates then, and an optimizer that remembers nothing yet. */
  readonly startRates?: readonly number[]
  /** What `watch` was given, where it was watched: a fix changes that too. */
  readonly watched?: WatchOptions
  /** What the user's loop does with the output before the loss. */
  readonly head?: (output: Tensor) => Tensor
}

/** Steps that a training is taken to have where nobody says. */
const DEFAULT_STEPS = 1000
/** Rows that are kept of a loader whose dataset is not made of tensors. */
const MOST_ROWS = 8192

const known = ['model', 'criterion', 'optimizer', 'data', 'validation', 'epochs', 'batchSize', 'shuffle'] as const

function generatorsOf(data: unknown): Generator[] {
  if (!(data instanceof DataLoader)) return []
  const own = [data.generator, (data.sampler as { generator?: Generator | null }).generator]
  return own.filter((g): g is Generator => g !== null && g !== undefined)
}

/** The two tensors of a dataset, or of a subset of one; null where it is made otherwise. */
function tensorsOfDataset(dataset: unknown): [Tensor, Tensor] | null {
  if (dataset instanceof TensorDataset && dataset.tensors.length >= 2) return [dataset.tensors[0], dataset.tensors[1]]
  if (!(dataset instanceof Subset)) return null
  const whole = tensorsOfDataset(dataset.dataset)
  if (whole === null) return null
  const index = rowsTensor(dataset.indices)
  return [gatherRows(whole[0].detach(), index), gatherRows(whole[1].detach(), index)]
}

function collected(loader: Iterable<readonly Tensor[]>): [Tensor, Tensor] {
  const batches: (readonly Tensor[])[] = []
  let rows = 0
  for (const batch of loader) {
    if (!Array.isArray(batch) || batch.length < 2)
      throw new TypeError(`diagnose: data must give [inputs, targets] as batches, got ${describe(batch)}`)
    batches.push(batch)
    rows += (batch[0] as Tensor).shape[0]
    if (rows >= MOST_ROWS) break
  }
  if (batches.length === 0) throw new ValueError('there is no batch in the data', { op: 'diagnose' })
  return [join(batches.map(b => b[0])), join(batches.map(b => b[1]))]
}

interface Source {
  readonly X: Tensor
  readonly y: Tensor
  readonly batchSize: number | null
  readonly shuffle: boolean | null
}

function sourceOf(data: DiagnoseOptions['data'], model: Module): Source {
  if (Array.isArray(data) && data.length === 2) {
    const [X, y] = data
    checkTensor('diagnose', X, 'data[0]')
    checkTensor('diagnose', y, 'data[1]')
    return { X, y, batchSize: null, shuffle: null }
  }
  if (!(data instanceof DataLoader)) {
    if (typeof (data as Iterable<unknown> | null)?.[Symbol.iterator] !== 'function')
      throw new TypeError(`diagnose: data must be [X, y] or a DataLoader, got ${describe(data)}`)
    const [X, y] = collected(data as Iterable<readonly Tensor[]>)
    return { X, y, batchSize: null, shuffle: null }
  }
  const random = data.sampler instanceof RandomSampler
  const inOrder = data.sampler instanceof SequentialSampler
  const tensors = tensorsOfDataset(data.dataset)
  const [X, y] =
    tensors ??
    inSandbox({ modules: [model], generators: generatorsOf(data) }, () => collected(data as Iterable<Tensor[]>))
  return { X, y, batchSize: data.batchSize, shuffle: random ? true : inOrder ? false : null }
}

/** Checks and resolves what diagnose was given. */
export function caseOf(options: DiagnoseOptions): Case {
  const op = 'diagnose'
  checkOptions(op, options, known)
  const { model, criterion, optimizer, data, validation, epochs } = options
  if (!(model instanceof Module)) throw new TypeError(`${op}: model must be a Module, got ${describe(model)}`)
  if (!(criterion instanceof Module) && typeof criterion !== 'function')
    throw new TypeError(`${op}: criterion must be a loss module or a function, got ${describe(criterion)}`)
  if (!(optimizer instanceof Optimizer))
    throw new TypeError(`${op}: optimizer must be an Optimizer, got ${describe(optimizer)}`)
  const { X, y, batchSize: loaded, shuffle: order } = sourceOf(data, model)
  const rows = X.shape[0] ?? 0
  if (rows === 0 || y.shape.length === 0 || y.shape[0] !== rows)
    throw new ShapeError(`inputs and targets must have equally many rows, more than none`, {
      op,
      shapes: [X.shape, y.shape],
    })
  const batchSize = Math.min(rows, checkInteger(op, 'batchSize', options.batchSize ?? loaded ?? rows, 1))
  const batches = Math.max(1, Math.ceil(rows / batchSize))
  const planned = epochs !== undefined
  const count = planned ? checkInteger(op, 'epochs', epochs, 1) : Math.max(1, Math.round(DEFAULT_STEPS / batches))
  return {
    options,
    model,
    criterion,
    optimizer,
    X: X.detach(),
    y: y.detach(),
    validation: validation ?? null,
    rows,
    batchSize,
    shuffle: options.shuffle ?? order ?? true,
    orderKnown: options.shuffle !== undefined || order !== null,
    epochs: count,
    planned,
    steps: count * batches,
    generators: generatorsOf(data),
  }
}

/** What the loss is given for these inputs: of several outputs the first. */
export function predict({ model, head }: Pick<Case, 'model' | 'head'>, inputs: Tensor): Tensor {
  const result = model.forward(inputs)
  const output = (Array.isArray(result) ? result[0] : result) as Tensor
  return head === undefined ? output : head(output)
}

/** Whether the inputs are numbers to compute with, rather than indices. */
export const hasNumbers = (c: Pick<Case, 'X'>): boolean => isFloating(c.X.dtype)

/** Everything that a look at the case may change. */
export const insideOf = (c: Case) => ({
  modules: [c.model, ...(c.criterion instanceof Module ? [c.criterion] : [])],
  tensors: optimized(c.optimizer),
  generators: c.generators,
})
