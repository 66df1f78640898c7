// What a loss means, and the best that a constant answer reaches: the baseline that every network has to beat.

import { noGrad } from '../autograd/mode.js'
import type { Node } from '../autograd/node.js'
import { isFloating } from '../core/dtype.js'
import { sameShape } from '../core/shape.js'
import { Module } from '../nn/module.js'
import { expand } from '../ops/broadcast.js'
import { logSoftmax } from '../ops/softmax.js'
import { sigmoid } from '../ops/unary.js'
import { Adam } from '../optim/adam.js'
import { tensor, zeros } from '../tensor/create.js'
import type { Tensor } from '../tensor/tensor.js'
import { mean, median } from './numbers.js'
import type { Criterion } from './options.js'

export type LossKind = 'mse' | 'l1' | 'bce' | 'bceLogits' | 'ce' | 'nll' | 'other'

const byClass: Readonly<Record<string, LossKind>> = {
  MSELoss: 'mse',
  L1Loss: 'l1',
  SmoothL1Loss: 'l1',
  HuberLoss: 'l1',
  BCELoss: 'bce',
  BCEWithLogitsLoss: 'bceLogits',
  CrossEntropyLoss: 'ce',
  NLLLoss: 'nll',
}

const byOperation: Readonly<Record<string, LossKind>> = {
  mseLoss: 'mse',
  l1Loss: 'l1',
  smoothL1Loss: 'l1',
  huberLoss: 'l1',
  binaryCrossEntropy: 'bce',
  binaryCrossEntropyWithLogits: 'bceLogits',
  crossEntropy: 'ce',
  nllLoss: 'nll',
}

/** The kind of a criterion by its class or, for a function, by the operation that its result came from. */
export function lossKind(criterion: Criterion | undefined, node: Node | null): LossKind {
  if (criterion instanceof Module) {
    const known = byClass[criterion.constructor.name]
    if (known !== undefined) return known
  }
  return (node !== null && byOperation[node.operation.name]) || 'other'
}

export function computeLoss(criterion: Criterion, output: Tensor, target: Tensor): Tensor {
  const loss: Tensor = criterion instanceof Module ? criterion.forward(output, target) : criterion(output, target)
  return loss.count === 1 ? loss : loss.mean()
}

export const criterionName = (criterion: Criterion | undefined): string =>
  criterion === undefined
    ? 'unknown'
    : criterion instanceof Module
      ? criterion.constructor.name
      : criterion.name || 'function'

/** 'sum' and the like, where the criterion says. */
export function reductionOf(criterion: Criterion | undefined): string {
  const given = (criterion as { reduction?: unknown } | undefined)?.reduction
  return typeof given === 'string' ? given : 'mean'
}

const entropy = (p: number) => (p <= 0 || p >= 1 ? 0 : -p * Math.log(p) - (1 - p) * Math.log(1 - p))

/** Whether the loss has options that change what a constant reaches. */
function isPlain(criterion: Criterion | undefined): boolean {
  if (!(criterion instanceof Module)) return false
  const { options = {} } = criterion as unknown as { options?: Record<string, unknown> }
  const changing = ['weight', 'posWeight', 'labelSmoothing', 'ignoreIndex', 'broadcast']
  return changing.every(name => (options[name] ?? null) === null || options[name] === 0)
}

/** Rows per class of integer targets; null where they are no classes. */
export function classCounts(y: Tensor): number[] | null {
  const counts: number[] = []
  for (const c of y.toTypedArray()) {
    if (!Number.isInteger(c) || c < 0 || c > 10_000) return null
    counts[c] = (counts[c] ?? 0) + 1
  }
  return Array.from(counts, n => n ?? 0)
}

function closedForm(kind: LossKind, y: Tensor): number | null {
  const values = y.toTypedArray()
  if (kind === 'ce' || kind === 'nll') {
    if (isFloating(y.dtype)) return null
    const counts = classCounts(y)
    return counts === null
      ? null
      : -counts.reduce((sum, n) => (n > 0 ? sum + (n / y.count) * Math.log(n / y.count) : sum), 0)
  }
  const columns = y.shape.length > 1 ? y.count / y.shape[0] : 1
  const perColumn: number[] = []
  for (let c = 0; c < columns; c++) {
    const column = new Float64Array(values.length / columns)
    for (let i = 0; i < column.length; i++) column[i] = values[i * columns + c]
    const m = mean(column)
    if (kind === 'mse') perColumn.push(mean(column.map(v => (v - m) ** 2)))
    else if (kind === 'l1') {
      const middle = median(column)
      perColumn.push(mean(column.map(v => Math.abs(v - middle))))
    } else perColumn.push(entropy(m))
  }
  return mean(perColumn)
}

/** The best constant, found by descent: for losses with weights, and for the user's own. */
function descended(kind: LossKind, criterion: Criterion, shape: readonly number[], y: Tensor): number | null {
  const start = zeros([1, ...shape.slice(1)])
  const like =
    isFloating(y.dtype) && sameShape(y.shape, shape) && kind !== 'bceLogits' && kind !== 'bce' && kind !== 'ce'
  const c = like ? noGrad(() => y.mean(0, { keepdim: true }).clone().contiguous()) : start
  c.requiresGrad_(true)
  const optimizer = new Adam([c], { lr: 0.05 })
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 200; i++) {
    optimizer.zeroGrad()
    const answer = kind === 'bce' ? sigmoid(c) : kind === 'nll' ? logSoftmax(c, 1) : c
    const loss = computeLoss(criterion, expand(answer, shape), y)
    best = Math.min(best, loss.item())
    loss.backward()
    optimizer.step()
  }
  return Number.isFinite(best) ? best : null
}

/**
 * Loss of the best constant answer on these targets: the entropy of the classes, the variance, the mean distance from the median.
 * @param shape of the model's output on as many rows
 */
export function baselineOf(kind: LossKind, criterion: Criterion, shape: readonly number[], y: Tensor): number | null {
  const smooth = criterion instanceof Module && /Smooth|Huber/.test(criterion.constructor.name)
  const plain = isPlain(criterion) || (typeof criterion === 'function' && kind !== 'other')
  const known = plain && kind !== 'other' && !smooth ? closedForm(kind, y) : null
  if (known !== null)
    return known * (reductionOf(criterion) === 'sum' ? (kind === 'ce' || kind === 'nll' ? y.shape[0] : y.count) : 1)
  try {
    return descended(kind, criterion, shape, y)
  } catch {
    return null
  }
}

/** 1 - loss / baseline: 0 is no better than a constant, 1 is perfect. */
export const skillOf = (loss: number, baseline: number): number => (baseline > 1e-12 ? 1 - loss / baseline : Number.NaN)

/** The element of a list as a tensor of row numbers. */
export const rowsTensor = (rows: readonly number[]): Tensor => tensor(Int32Array.from(rows))
