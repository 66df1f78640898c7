// The sandbox: model, buffers and random numbers may be changed within, and are to the bit what they were afterwards. Parameters keep
// their identity and get memory of their own for that time, so that any model can be looked at, however it is written.
import { copyOf } from '../autograd/accumulate.js'
import { mode } from '../autograd/mode.js'
import { CompileError } from '../core/errors.js'
import { recording } from '../core/recording.js'
import { Module } from '../nn/module.js'
import { Parameter } from '../nn/parameter.js'
import type { Optimizer } from '../optim/optimizer.js'
import { defaultGenerator, type Generator } from '../tensor/generator.js'
import { Tensor } from '../tensor/tensor.js'

/** Tensors that a sandbox starts with other values: what they had at an earlier time. */
export type Values = ReadonlyMap<Tensor, Tensor>

export interface Inside {
  readonly modules: readonly Module[]
  /** Parameters that are not the modules' own. */
  readonly tensors?: Iterable<Tensor>
  readonly generators?: readonly Generator[]
  readonly values?: Values
  /** Nothing is trained within: parameters keep their memory and gradients. */
  readonly still?: boolean
}

/** Every module below these, each once. */
function allModules(roots: readonly Module[]): Set<Module> {
  const seen = new Set<Module>()
  for (const root of roots) for (const module of root.modules()) seen.add(module)
  return seen
}

/** The tensors that modules hold, as parameters, buffers or plain properties. */
export function tensorsOf(roots: readonly Module[]): Set<Tensor> {
  const tensors = new Set<Tensor>()
  for (const module of allModules(roots))
    for (const value of Object.values(module)) if (value instanceof Tensor) tensors.add(value)
  return tensors
}

/** The parameters of an optimizer. */
export function optimized(optimizer: Optimizer): Tensor[] {
  return optimizer.paramGroups.flatMap(group => group.params)
}

function keepTensor(t: Tensor): () => void {
  const { grad, leafRequiresGrad, node, outputIndex } = t
  const data = t.detach()
  return () => {
    t.data = data
    t.grad = grad
    t.leafRequiresGrad = leafRequiresGrad
    t.node = node
    t.outputIndex = outputIndex
  }
}

/** Properties of a module, its mode and its hooks among them; an array or map in one is not looked into. */
function keepModule(module: Module): () => void {
  const own = Object.getOwnPropertyDescriptors(module)
  return () => {
    for (const key of Object.getOwnPropertyNames(module)) {
      if (!Object.hasOwn(own, key)) delete (module as unknown as Record<string, unknown>)[key]
    }
    for (const [key, before] of Object.entries(own)) {
      if (!('value' in before) || !before.writable) continue
      const now = Object.getOwnPropertyDescriptor(module, key)
      if (now === undefined || !('value' in now) || !Object.is(now.value, before.value))
        Object.defineProperty(module, key, before)
    }
  }
}

function keepGenerator(generator: Generator): () => void {
  const state = generator.getState()
  return () => {
    generator.setState(state)
  }
}

/** Runs fn, then puts everything back. */
export function inSandbox<R>(
  { modules, tensors = [], generators = [], values, still = false }: Inside,
  fn: () => R,
): R {
  if (recording.active !== null)
    throw new CompileError('the doctor cannot work within a function that is being compiled', { op: 'doctor' })
  const { revision } = recording
  const { grad, anomaly } = mode
  const held = [...tensorsOf(modules), ...tensors]
  const all = new Set(still ? held.filter(t => !(t instanceof Parameter)) : held)
  const undo = [
    ...[...new Set([defaultGenerator, ...generators])].map(keepGenerator),
    ...[...allModules(modules)].map(keepModule),
    ...[...all].map(keepTensor),
  ]
  try {
    mode.grad = true
    mode.anomaly = false
    for (const t of all) {
      t.data = copyOf(values?.get(t) ?? t)
      t.grad = null
    }
    return fn()
  } finally {
    mode.grad = grad
    mode.anomaly = anomaly
    for (const back of undo) back()
    recording.revision = revision
  }
}

/** An optimizer like this one, with the same parameters and options and a copy of its state. */
export function likeOptimizer(optimizer: Optimizer, fresh = false): Optimizer {
  const groups = optimizer.paramGroups.map(group => ({ ...group, params: [...group.params] }))
  const made = new (optimizer.constructor as new (groups: unknown) => Optimizer)(groups)
  if (!fresh && optimizer.state.size > 0) made.loadStateDict(optimizer.stateDict())
  return made
}

/** All modules among the values. */
export const modulesAmong = (...values: unknown[]): Module[] => values.filter(v => v instanceof Module)
