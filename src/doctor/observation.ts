// What is noted of a run, step by step: of each layer its gradient, its weights, how far a step and the whole run moved them, and
// what it gives out. Used on the doctor's own runs and on those that it watches.
import { copyOf } from '../autograd/accumulate.js'
import type { Node } from '../autograd/node.js'
import type { Module } from '../nn/module.js'
import type { Optimizer } from '../optim/optimizer.js'
import type { Tensor } from '../tensor/tensor.js'
import { isActivation, isPassing, type NetworkView, type OperationView, weightOf } from './graph.js'
import { activationStats, distance, sampleOf, sumOfSquares } from './measure.js'
import { rms } from './numbers.js'
import type { ActivationStats, LayerSample, LayerTrace, LossPoint, RatePoint } from './trace.js'

export interface ObservedLayer {
  readonly name: string
  readonly type: string
  readonly parameters: readonly (readonly [name: string, tensor: Tensor])[]
  /** Its largest weight of two dimensions or more; null where it has none. */
  readonly weight: Tensor | null
  readonly samples: LayerSample[]
}

/** The layers of a model: the modules that own parameters, in order of registration. */
export function layersOf(model: Module): ObservedLayer[] {
  const layers = new Map<string, { type: string; parameters: [string, Tensor][] }>()
  const types = new Map<string, string>()
  for (const [name, module] of model.namedModules()) types.set(name, module.constructor.name)
  for (const [name, p] of model.namedParameters()) {
    const at = name.lastIndexOf('.')
    const owner = at < 0 ? '' : name.slice(0, at)
    const layer = layers.get(owner) ?? { type: types.get(owner) ?? 'Module', parameters: [] }
    layer.parameters.push([name, p])
    layers.set(owner, layer)
  }
  return [...layers].map(([name, { type, parameters }]) => {
    const matrices = parameters.map(([, p]) => p).filter(p => p.shape.length >= 2)
    const weight = matrices.reduce<Tensor | null>((a, b) => (a === null || b.count > a.count ? b : a), null)
    return { name, type, parameters, weight, samples: [] }
  })
}

/** The layer that a parameter belongs to. */
export const ownerOf = (parameter: string): string => {
  const at = parameter.lastIndexOf('.')
  return at < 0 ? '' : parameter.slice(0, at)
}

/** For each layer the activation that its output goes through, or its output itself. */
export function activationsOf({
  operations,
  calls,
}: Pick<NetworkView, 'operations' | 'calls'>): Map<string, [kind: string, value: Tensor]> {
  const outputs = new Map<Node, Tensor>()
  for (const { output } of calls) {
    const t = output as Tensor | null
    if (t?.node) outputs.set(t.node, t)
  }
  const value = (o: OperationView) => o.result ?? outputs.get(o.node) ?? null
  const found = new Map<string, [string, Tensor]>()
  let layer: string | null = null
  for (const o of operations) {
    const weight = weightOf(o)
    if (weight !== undefined) {
      layer = ownerOf(weight.name)
      const own = value(o)
      if (own !== null) found.set(layer, ['linear', own])
    } else if (layer !== null && isActivation(o)) {
      const own = value(o)
      if (own !== null) found.set(layer, [o.name, own])
      layer = null
    } else if (layer !== null && !isPassing(o) && o.name !== 'add' && o.name !== 'dropout' && o.parameters.length === 0)
      layer = null
  }
  return found
}

const MOST_LOSSES = 1 << 15
const ELEMENTS = 1 << 14

/** What is measured of a layer's way: its weight, or all it has where it has none. */
const movedBy = ({ weight, parameters }: ObservedLayer): readonly Tensor[] =>
  weight !== null ? [weight] : parameters.map(([, p]) => p)

export class Observation {
  readonly layers: readonly ObservedLayer[]
  losses: LossPoint[] = []
  readonly rates: RatePoint[] = []
  readonly probe: LossPoint[] = []
  /** Values of all parameters and buffers at the start. */
  readonly initial = new Map<Tensor, Tensor>()
  /** Elements of the weights, of large ones evenly spaced: ratios need no more. */
  private readonly first = new Map<Tensor, Float64Array>()
  private readonly before = new Map<Tensor, Float64Array>()

  constructor(
    readonly model: Module,
    readonly optimizer: Optimizer,
  ) {
    this.layers = layersOf(model)
    for (const t of [...model.parameters(), ...model.buffers()]) this.initial.set(t, copyOf(t))
  }

  /** Remembers the weights before a step. */
  mark(): void {
    for (const layer of this.layers) for (const p of movedBy(layer)) this.before.set(p, sampleOf(p, ELEMENTS))
  }

  /** Notes the loss and, where it changed, the rate. */
  note(step: number, loss: number | null): void {
    if (loss !== null) this.losses.push({ step, loss })
    // Of a long run every second one will do.
    if (this.losses.length > MOST_LOSSES) this.losses = this.losses.filter((_, i) => i % 2 === 0)
    const lr = Number(this.optimizer.paramGroups[0]?.lr)
    if (this.rates.at(-1)?.lr !== lr) this.rates.push({ step, lr })
  }

  /** Notes the layers after a step, against the last `mark`. */
  sample(step: number, view: Pick<NetworkView, 'operations' | 'calls'> | null): void {
    const activations = view === null ? null : activationsOf(view)
    for (const layer of this.layers) {
      const seen = activations?.get(layer.name)
      layer.samples.push(this.sampled(step, layer, seen === undefined ? null : activationStats(seen[0], seen[1])))
    }
    this.before.clear()
  }

  private sampled(step: number, layer: ObservedLayer, activation: ActivationStats | null): LayerSample {
    let gradients = 0
    let gradientCount = 0
    for (const [, p] of layer.parameters) {
      if (p.grad === null) continue
      gradients += sumOfSquares(p.grad)
      gradientCount += p.count
    }
    let [norm, start, travel, change, last] = [0, 0, 0, 0, 0]
    for (const p of movedBy(layer)) {
      const now = sampleOf(p, ELEMENTS)
      const before = this.before.get(p)
      let first = this.first.get(p)
      if (first === undefined) {
        first = sampleOf(this.initial.get(p)!, ELEMENTS)
        this.first.set(p, first)
      }
      norm += sumOfSquares(p)
      start += p.count * rms(first) ** 2
      travel += p.count * distance(now, first) ** 2
      if (before === undefined) continue
      change += p.count * distance(now, before) ** 2
      last += p.count * rms(before) ** 2
    }
    const ratio = (a: number, b: number) => (b > 1e-16 ? Math.sqrt(a / b) : null)
    return {
      step,
      gradNorm: gradientCount > 0 ? Math.sqrt(gradients) : null,
      gradRms: gradientCount > 0 ? Math.sqrt(gradients / gradientCount) : null,
      weightNorm: Math.sqrt(norm),
      updateRatio: last > 0 ? ratio(change, last) : null,
      travel: ratio(travel, start),
      activation,
    }
  }

  traces(): LayerTrace[] {
    return this.layers.map(({ name, type, samples }) => ({ name, type, samples: [...samples] }))
  }
}
