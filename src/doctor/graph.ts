// The network as it ran: the operations behind an output, read from the graph, with the layers and parameters that they belong to.
// It sees functional calls (`x.relu()`) and modules alike.
import { leafOf } from '../autograd/accumulate.js'
import type { Node } from '../autograd/node.js'
import { observers } from '../nn/hooks.js'
import type { Module } from '../nn/module.js'
import type { Tensor } from '../tensor/tensor.js'

/** Operations that pass values on as they are. */
const PASSING = new Set([
  'view',
  'permute',
  'transpose',
  'expand',
  'clone',
  'to',
  'pick',
  'narrow',
  'select',
  'backwardHook',
  'backwardHookOutput',
])
/** Activations with two flat sides. */
const SATURATING = new Set(['sigmoid', 'tanh', 'hardsigmoid', 'hardtanh', 'softsign'])
const ACTIVATIONS = new Set([
  ...SATURATING,
  'relu',
  'leakyRelu',
  'elu',
  'gelu',
  'silu',
  'mish',
  'softplus',
  'prelu',
  'logSigmoid',
  'hardswish',
  'hardshrink',
  'softshrink',
  'tanhshrink',
  'threshold',
  'sin',
  'cos',
  'glu',
  'softmax',
  'logSoftmax',
  'maximum',
  'clamp',
  'exp',
  'square',
  'pow',
  'abs',
])

export interface OperationView {
  readonly name: string
  readonly node: Node
  /** The module that this operation is in, innermost: dotted name and class. Null: outside of all but the model itself. */
  readonly module: string | null
  readonly type: string
  readonly path: readonly Module[]
  /** Parameters that it takes directly, by argument. */
  readonly parameters: readonly { readonly name: string; readonly tensor: Tensor; readonly argument: number }[]
  /** Result of a sigmoid, tanh or relu; null for others. */
  readonly result: Tensor | null
}

export interface NetworkView {
  /** In order of execution. */
  readonly operations: readonly OperationView[]
  readonly output: Tensor
  /** Modules whose forward ran, in order of entering. */
  readonly ran: readonly Module[]
  /** What each module of those without children was given, and gave. */
  readonly calls: readonly {
    readonly module: Module
    readonly name: string
    readonly input: unknown
    readonly output: unknown
  }[]
}

/** Calls fn, noting which modules run. */
export function whileNoting<R>(
  model: Module,
  fn: () => R,
): { result: R; view: Pick<NetworkView, 'ran' | 'calls'>; owner: Map<Node, Module> } {
  const names = new Map<Module, string>()
  for (const [name, module] of model.namedModules()) names.set(module, name)
  const ran: Module[] = []
  const calls: { module: Module; name: string; input: unknown; output: unknown }[] = []
  const owner = new Map<Node, Module>()
  const see = (module: Module, inputs: readonly unknown[]) => {
    if (!names.has(module)) return undefined
    ran.push(module)
    const leaf = [...module.children()].length === 0
    return (output: unknown) => {
      if (leaf) calls.push({ module, name: names.get(module)!, input: inputs[0], output })
      const node = (output as Tensor | null)?.node
      if (node && !owner.has(node)) owner.set(node, module)
    }
  }
  observers.add(see)
  try {
    return { result: fn(), view: { ran, calls }, owner }
  } finally {
    observers.delete(see)
  }
}

/** All nodes behind a tensor, first created first. */
export function nodesBehind(output: Tensor): Node[] {
  const seen = new Set<Node>()
  const stack = output.gradFn === null ? [] : [output.gradFn]
  while (stack.length > 0) {
    const node = stack.pop()!
    if (seen.has(node)) continue
    seen.add(node)
    for (const next of node.next) if (next !== null) stack.push(next)
  }
  return [...seen].sort((a, b) => a.sequence - b.sequence)
}

function resultOf(node: Node): Tensor | null {
  if (!['sigmoid', 'tanh', 'relu'].includes(node.operation.name)) return null
  try {
    return node.saved[0] ?? null
  } catch {
    return null
  }
}

/** The operations behind an output. `names` of the parameters, `owner` as `whileNoting` found it. */
export function operationsOf(model: Module, output: Tensor, owner: ReadonlyMap<Node, Module>): OperationView[] {
  const parameterNames = new Map<Tensor, string>([...model.namedParameters()].map(([name, p]) => [p, name]))
  const moduleNames = new Map<Module, string>([...model.namedModules()].map(([name, m]) => [m, name]))
  const views: OperationView[] = []
  for (const node of nodesBehind(output)) {
    if (leafOf(node) !== null) continue
    const parameters = node.next.flatMap((next, argument) => {
      const leaf = next === null ? null : leafOf(next)
      const name = leaf === null ? undefined : parameterNames.get(leaf)
      return leaf === null || name === undefined ? [] : [{ name, tensor: leaf, argument }]
    })
    const module = owner.get(node) ?? null
    const named = module === null ? null : (moduleNames.get(module) ?? null)
    views.push({
      name: node.operation.name,
      node,
      module: named,
      type: module === null ? node.operation.name : module.constructor.name,
      path: module === null ? [] : [module],
      parameters,
      result: resultOf(node),
    })
  }
  return views
}

export const isActivation = (o: OperationView): boolean => ACTIVATIONS.has(o.name)
export const isSaturating = (o: OperationView): boolean => SATURATING.has(o.name)
export const isPassing = (o: OperationView): boolean => PASSING.has(o.name)
/** An operation that multiplies by a matrix of weights. */
export const weightOf = (o: OperationView) =>
  o.parameters.find(p => p.tensor.shape.length >= 2 && o.name !== 'add' && o.name !== 'gather')

/** The operation that makes the output, views aside. */
export function lastOperation(operations: readonly OperationView[]): OperationView | null {
  for (let i = operations.length - 1; i >= 0; i--) if (!isPassing(operations[i])) return operations[i]
  return null
}

/** The operations that use the result of each. */
export function usersOf(operations: readonly OperationView[]): Map<Node, OperationView[]> {
  const users = new Map<Node, OperationView[]>()
  for (const o of operations) {
    for (const next of o.node.next) {
      if (next === null) continue
      const list = users.get(next)
      if (list === undefined) users.set(next, [o])
      else list.push(o)
    }
  }
  return users
}
