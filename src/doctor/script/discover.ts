// What a script trains: which of the modules that it calls has the parameters of an optimizer, and which is the loss.
import type { Module } from '../../nn/module.js'
import type { Optimizer } from '../../optim/optimizer.js'
import { Tensor } from '../../tensor/tensor.js'

/** A forward that was seen. */
export interface SeenCall {
  readonly module: Module
  readonly inputs: readonly unknown[]
  /** Undefined until the forward has ended. */
  output?: unknown
}

export interface Pieces {
  /** Modules that have parameters of the optimizer and are in none of the others. */
  readonly parts: readonly Module[]
  readonly criterion: Module | undefined
  /** Parameters of the optimizer that no module has. */
  readonly strangers: number
}

const parametersOf = (optimizer: Optimizer): Tensor[] =>
  optimizer.paramGroups.flatMap(group => group.params as Tensor[])

/** Whether a module has all parameters of an optimizer. */
export function covers(module: Module, optimizer: Optimizer): boolean {
  const own = new Set<unknown>(module.parameters())
  return own.size > 0 && parametersOf(optimizer).every(p => own.has(p))
}

/** Takes two tensors and gives one number, or is called a loss where it has not given anything yet. */
export function isLoss({ module, inputs, output }: SeenCall): boolean {
  if (inputs.filter(x => x instanceof Tensor).length < 2 || !module.parameters().next().done) return false
  const named = module.constructor.name.endsWith('Loss')
  return output === undefined ? named : output instanceof Tensor && output.count === 1
}

function within(outer: Module, inner: Module): boolean {
  for (const module of outer.modules()) if (module === inner) return true
  return false
}

/** The modules that an optimizer trains, among those that were called. */
export function discover(optimizer: Optimizer, calls: readonly SeenCall[]): Pieces {
  const params = new Set<unknown>(parametersOf(optimizer))
  const seen = [...new Set(calls.map(call => call.module))]
  const owners = seen.filter(m => [...m.parameters()].some(p => params.has(p)))
  const parts = owners.filter(m => !owners.some(other => other !== m && within(other, m)))
  const owned = new Set<unknown>(parts.flatMap(m => [...m.parameters()]))
  const criterion = calls.findLast(call => isLoss(call))?.module
  return { parts, criterion, strangers: [...params].filter(p => !owned.has(p)).length }
}
