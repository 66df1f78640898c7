// What runs around a module's forward: hooks, the layer path of errors, and whoever observes.
import { layers } from '../autograd/anomaly.js'
import { checkGradient } from '../autograd/backward.js'
import { attach, record } from '../autograd/defineOp.js'
import { isGradEnabled } from '../autograd/mode.js'
import type { Operation } from '../autograd/node.js'
import { describe, GlorotError, ValueError } from '../core/errors.js'
import { recording } from '../core/recording.js'
import { Tensor, viewOf } from '../tensor/tensor.js'
import type { Module } from './module.js'

// biome-ignore lint/suspicious/noExplicitAny: modules take and give what they like
export type Values = any[]
// biome-ignore lint/suspicious/noExplicitAny: as above
type Result = any

/** Sees the inputs; an array that it returns replaces them. */
export type ForwardPreHook = (module: Module, inputs: Values) => Values | undefined | void
/** Sees inputs and result; what it returns, unless undefined, replaces the result. */
export type ForwardHook = (module: Module, inputs: Values, output: Result) => Result
/** Sees the gradients of the inputs and of the results; an array that it returns replaces those of the inputs. */
export type BackwardHook = (
  module: Module,
  gradInput: readonly (Tensor | null)[],
  gradOutput: readonly (Tensor | null)[],
) => readonly (Tensor | null)[] | undefined | void

export interface Hooks {
  readonly pre: Set<ForwardPreHook>
  readonly forward: Set<ForwardHook>
  readonly backward: Set<BackwardHook>
}

/** The modules whose forward is running, outermost first. */
const running: Module[] = []

/** Called around every forward of every module while not empty. `enter` may return a function that is called with the result. */
export const observers = new Set<(module: Module, inputs: Values) => ((output: Result) => void) | undefined>()

/** `encoder.0.fc1 (Linear 784 -> 10)`: names from the outermost running module down. */
function pathOf(modules: readonly Module[]): string | undefined {
  if (modules.length === 0) return undefined
  const names: string[] = []
  for (let i = 1; i < modules.length; i++) {
    const name = nameWithin(modules[i - 1], modules[i])
    names.push(name ?? modules[i].constructor.name)
  }
  const last = modules[modules.length - 1]
  const label = last._label()
  return names.length === 0 ? label : `${names.join('.')} (${label})`
}

/** The dotted name of a module below another one. */
function nameWithin(root: Module, module: Module): string | undefined {
  for (const [name, m] of root.namedModules()) if (m === module && name !== '') return name
  return undefined
}

layers.path = () => pathOf(running)
layers.later = () => {
  if (running.length === 0) return undefined
  const modules = running.slice()
  return () => pathOf(modules)
}

/**
 * The values with an identity in the graph under those that are recorded, whose backward hands their gradients to `see`. `at`: their
 * positions; empty where nothing is recorded, and then `see` is never called.
 */
function passThrough(
  name: string,
  values: Values,
  see: (grads: (Tensor | null)[]) => readonly (Tensor | null)[],
): { values: Values; at: readonly number[] } {
  const at = isGradEnabled() ? values.flatMap((v, i) => (v instanceof Tensor && v.requiresGrad ? [i] : [])) : []
  if (at.length === 0) return { values, at }
  const tensors = at.map(i => values[i] as Tensor)
  const operation: Operation = { name, backward: (_, ...grads) => see(grads), derivative: (_, ...grads) => see(grads) }
  const out = tensors.map(t => viewOf(t, t.shape, t.strides, 0))
  for (const t of out) t.base = null
  attach(record(operation, tensors), out)
  const replaced = values.slice()
  at.forEach((i, k) => {
    replaced[i] = out[k]
  })
  return { values: replaced, at }
}

/** Gradients at their positions among n values, null elsewhere. */
function spread(grads: readonly (Tensor | null)[], at: readonly number[], n: number): (Tensor | null)[] {
  const all = new Array<Tensor | null>(n).fill(null)
  at.forEach((i, k) => {
    all[i] = grads[k]
  })
  return all
}

/**
 * Puts the module's backward hooks between its inputs and results. They run when the gradients of the inputs are there or, where no
 * input needs any (the first layer of a network), when those of the results are: torch/utils/hooks.py, BackwardHook.
 */
function withBackwardHooks(module: Module, hooks: Hooks, inputs: Values, run: (inputs: Values) => Result): Result {
  let gradOutput: readonly (Tensor | null)[] | null = null
  const call = (gradInput: readonly (Tensor | null)[]) => {
    let grads = gradInput
    for (const hook of [...hooks.backward]) {
      const other = hook(module, grads, gradOutput!)
      if (other === undefined || other === null) continue
      if (!Array.isArray(other) || other.length !== grads.length) {
        const message = `a hook must return an array of ${grads.length} gradients, one per input, got ${describe(other)}`
        throw new TypeError(`registerFullBackwardHook: ${message}`)
      }
      grads.forEach((grad, i) => {
        if (grad !== null && other[i] !== null)
          checkGradient('registerFullBackwardHook', other[i], grad.shape, grad.dtype)
      })
      grads = other
    }
    gradOutput = null
    return grads
  }
  const given = passThrough('backwardHook', inputs, grads => {
    // The gradient came by a way around the results.
    if (gradOutput === null) return grads
    const all = call(spread(grads, given.at, inputs.length))
    return given.at.map(i => all[i])
  })
  const output = run(given.values)
  const results: Values = Array.isArray(output) ? output : [output]
  const seen = passThrough('backwardHookOutput', results, grads => {
    gradOutput = spread(grads, seen.at, results.length)
    if (given.at.length === 0 && call(spread([], [], inputs.length)).some(g => g !== null)) {
      throw new ValueError('no input needs a gradient, so a hook must not return any', {
        op: 'registerFullBackwardHook',
      })
    }
    return grads
  })
  return Array.isArray(output) ? seen.values : seen.values[0]
}

function runHooked(module: Module, hooks: Hooks, inputs: Values, forward: (...inputs: Values) => Result): Result {
  let given = inputs
  for (const hook of [...hooks.pre]) {
    const other = hook(module, given)
    if (other !== undefined) given = Array.isArray(other) ? other : [other]
  }
  const run = (args: Values) => {
    let output = forward.apply(module, args)
    for (const hook of [...hooks.forward]) {
      const other = hook(module, args, output)
      if (other !== undefined) output = other
    }
    return output
  }
  return hooks.backward.size > 0 ? withBackwardHooks(module, hooks, given, run) : run(given)
}

/** Tells who records of a module and of all below it: a list of modules has no forward to tell of it. */
function tell(module: Module): void {
  for (const m of running.length === 1 ? module.modules() : [module]) recording.active?.moduleUsed(m)
}

const wrapped = new WeakSet<object>()

/** A module's forward with all that runs around it. A call of `super.forward` from within runs plainly. */
export function aroundForward(forward: (...inputs: Values) => Result): (...inputs: Values) => Result {
  if (wrapped.has(forward)) return forward
  function around(this: Module | undefined, ...inputs: Values): Result {
    if (this === undefined)
      throw new TypeError(
        'forward: it was called without its layer; pass x => layer.forward(x) instead of layer.forward',
      )
    if (running.length > 0 && running[running.length - 1] === this) return forward.apply(this, inputs)
    running.push(this)
    try {
      if (recording.active !== null) tell(this)
      const hooks = this._hooks
      if (hooks === null && observers.size === 0) return forward.apply(this, inputs)
      // Those that one adds see this forward too.
      const leave: (((output: Result) => void) | undefined)[] = []
      for (const observer of observers) leave.push(observer(this, inputs))
      const output = hooks === null ? forward.apply(this, inputs) : runHooked(this, hooks, inputs, forward)
      for (const done of leave) done?.(output)
      return output
    } catch (error) {
      if (error instanceof GlorotError && error.path === undefined) error.at(pathOf(running) ?? this._label())
      throw error
    } finally {
      running.pop()
    }
  }
  wrapped.add(around)
  return around
}
