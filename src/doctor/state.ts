// The network at one moment, on a fixed batch: what it gives out, how its activations and gradients are, and how its weights are spread.
import { noGrad } from '../autograd/mode.js'
import { gatherRows } from '../data/rows.js'
import type { Module } from '../nn/module.js'
import type { Tensor } from '../tensor/tensor.js'
import { type Case, hasNumbers, predict } from './case.js'
import {
  isActivation,
  lastOperation,
  type NetworkView,
  type OperationView,
  operationsOf,
  weightOf,
  whileNoting,
} from './graph.js'
import { baselineOf, computeLoss, type LossKind, lossKind, rowsTensor } from './loss.js'
import { deadUnits, meanSlope, rmsOf, sampleOf, saturatedShare } from './measure.js'
import { std } from './numbers.js'
import { ownerOf } from './observation.js'

export interface WeightState {
  /** `fc1.weight` */
  readonly name: string
  readonly layer: string
  readonly shape: readonly number[]
  readonly fanIn: number
  /** Standard deviation times √fanIn: default 0.58, Xavier about 1, He 1.41. */
  readonly gain: number
  /** Units whose weights equal those of the first, of all. */
  readonly identical: number
  readonly units: number
  /** Every weight is 0. */
  readonly zero: boolean
  /** Whether all units would be changed alike. */
  readonly changedAlike: boolean
  readonly gradRms: number | null
  /** Whether another layer of weights comes after it. */
  readonly hidden: boolean
}

export interface ActivationState {
  readonly kind: string
  /** `sigmoid after fc1`, or the module's name. */
  readonly label: string
  /** The layer before it; '' if there is none. */
  readonly layer: string
  readonly hidden: boolean
  readonly std: number
  readonly saturated: number | null
  /** Mean slope against the largest. */
  readonly slope: number | null
  readonly dead: number
  readonly units: number
}

export interface State {
  readonly network: NetworkView
  readonly kind: LossKind
  readonly baseline: number | null
  /** Loss on the fixed batch. */
  readonly loss: number | null
  /** Why the loss could not be computed. */
  readonly lossError: Error | null
  /** Output on the fixed batch, and its targets. */
  readonly output: Tensor
  readonly targets: Tensor
  readonly inputs: Tensor
  readonly weights: readonly WeightState[]
  readonly activations: readonly ActivationState[]
  /** The activation that makes the output; null for none. */
  readonly final: OperationView | null
  /** Parameters that got no gradient though they ask for one. */
  readonly withoutGradient: readonly string[]
}

export const PROBE_ROWS = 256

/** Evenly spaced row numbers. */
export function spacedRows(rows: number, most = PROBE_ROWS): Tensor {
  const n = Math.min(rows, most)
  return rowsTensor(Array.from({ length: n }, (_, i) => Math.floor((i * rows) / n)))
}

/** The fixed batch of a case. */
export function probeBatch(c: Pick<Case, 'X' | 'y' | 'rows'>, most = PROBE_ROWS): [Tensor, Tensor] {
  const index = spacedRows(c.rows, most)
  return [gatherRows(c.X, index), gatherRows(c.y, index)]
}

const isDropout = (m: Module) => /Dropout/.test(m.constructor.name)

/** Runs fn with dropout off, and all else as it is, or all in evaluation mode. */
export function inMode<R>(model: Module, kind: 'still' | 'eval', fn: () => R): R {
  const modules = [...model.modules()]
  const before = modules.map(m => m._training)
  for (const m of modules) if (kind === 'eval' || isDropout(m)) m._training = false
  try {
    return fn()
  } finally {
    modules.forEach((m, i) => {
      m._training = before[i]
    })
  }
}

const TRANSPOSED = new Set(['matmul', 'mm', 'addmm', 'bmm'])

function weightState(name: string, w: Tensor, o: OperationView, hidden: boolean): WeightState {
  const transposed = TRANSPOSED.has(o.name)
  const units = transposed ? w.shape[w.shape.length - 1] : w.shape[0]
  const fanIn = units === 0 ? 0 : w.count / units
  const values = w.toTypedArray()
  const grad = w.grad?.toTypedArray() ?? null
  const alike = (all: ArrayLike<number>) => {
    let largest = 0
    for (let i = 0; i < all.length; i++) largest = Math.max(largest, Math.abs(all[i]))
    let n = 0
    for (let u = 0; u < units; u++) {
      let same = true
      for (let k = 0; same && k < fanIn; k++) {
        const [a, b] = transposed ? [all[k * units + u], all[k * units]] : [all[u * fanIn + k], all[k]]
        same = Math.abs(a - b) <= 1e-6 * largest
      }
      if (same) n++
    }
    return n
  }
  const identical = alike(values)
  return {
    name,
    layer: ownerOf(name),
    shape: w.shape,
    fanIn,
    gain: std(sampleOf(w)) * Math.sqrt(fanIn),
    identical,
    units,
    zero: values.every((v: number) => v === 0),
    changedAlike: grad !== null && identical === units && alike(grad) === units,
    gradRms: w.grad === null ? null : rmsOf(w.grad),
    hidden,
  }
}

function activationState(o: OperationView, value: Tensor, layer: string, hidden: boolean): ActivationState {
  const values = sampleOf(value)
  const [dead, units] = o.name === 'relu' ? deadUnits(value) : [0, value.shape.at(-1) ?? 0]
  return {
    kind: o.name,
    label:
      o.module !== null && o.type.toLowerCase() === o.name.toLowerCase()
        ? o.module
        : `${o.name} after ${layer || 'the input'}`,
    layer,
    hidden,
    std: std(values),
    saturated: saturatedShare(o.name, values),
    slope: meanSlope(o.name, values),
    dead,
    units,
  }
}

/** Activations with the layers before them. */
function activationStates({ operations, calls }: NetworkView, lastWeight: number): ActivationState[] {
  const outputs = new Map(calls.map(({ output }) => [(output as Tensor | null)?.node, output as Tensor]))
  let layer = ''
  return operations.flatMap((o, i) => {
    const weight = weightOf(o)
    if (weight !== undefined) layer = ownerOf(weight.name)
    if (!isActivation(o)) return []
    const value = o.result ?? outputs.get(o.node)
    return value === undefined ? [] : [activationState(o, value, layer, i < lastWeight)]
  })
}

/** The network on a batch, its graph recorded though nothing in it may need a gradient. */
export function viewOfNetwork(c: Pick<Case, 'model' | 'head'>, inputs: Tensor): NetworkView {
  const { model } = c
  const { result: output, view, owner } = whileNoting(model, () => predict(c, inputs))
  return { ...view, output, operations: operationsOf(model, output, owner) }
}

/** Looks at the network as it is now. Changes gradients: call it in a sandbox. */
export function stateOf(c: Case, inputs: Tensor, targets: Tensor): State {
  const { model, criterion } = c
  const given = hasNumbers({ X: inputs }) ? inputs.detach().requiresGrad_(true) : inputs
  for (const p of model.parameters()) p.grad = null
  return inMode(model, 'still', () => {
    const network = viewOfNetwork(c, given)
    const { output, operations } = network
    let loss: number | null = null
    let lossError: Error | null = null
    let kind = lossKind(criterion, null)
    // What backward frees is looked at before.
    const lastWeight = operations.findLastIndex(o => weightOf(o) !== undefined)
    const activations = activationStates(network, lastWeight)
    try {
      const result = computeLoss(criterion, output, targets)
      kind = lossKind(criterion, result.gradFn)
      loss = result.item()
      if (result.requiresGrad) result.backward()
    } catch (error) {
      lossError = error as Error
    }
    const seen = new Set<string>()
    const weights = operations.flatMap((o, i) => {
      const w = weightOf(o)
      if (w === undefined || seen.has(w.name)) return []
      seen.add(w.name)
      return [weightState(w.name, w.tensor, o, i < lastWeight)]
    })
    const last = lastOperation(operations)
    const trainable = [...model.namedParameters()].filter(([, p]) => p.leafRequiresGrad)
    return {
      network,
      kind,
      baseline: lossError === null ? baselineOf(kind, criterion, output.shape, targets) : null,
      loss,
      lossError,
      output: output.detach(),
      targets,
      inputs,
      weights,
      activations,
      final: last !== null && isActivation(last) ? last : null,
      withoutGradient: lossError === null ? trainable.filter(([, p]) => p.grad === null).map(([name]) => name) : [],
    }
  })
}

/** Loss of a batch in evaluation mode; NaN where it cannot be computed. */
export function evaluate(
  c: Pick<Case, 'model' | 'criterion' | 'head'>,
  inputs: Tensor,
  targets: Tensor,
): { loss: number; output: Tensor | null } {
  try {
    return inMode(c.model, 'eval', () =>
      noGrad(() => {
        const output = predict(c, inputs)
        return { loss: computeLoss(c.criterion, output, targets).item(), output }
      }),
    )
  } catch {
    return { loss: Number.NaN, output: null }
  }
}
