// What runs around a module's forward: hooks, the layer path of errors, and whoever observes.
import { layers } from '../autograd/anomaly.js'
import { attach, record } from '../autograd/defineOp.js'
import { inert, type Operation } from '../autograd/node.js'
import { describe, GlorotError } from '../core/errors.js'
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
  const label = last.label()
  return names.length === 0 ? label : `${names.join('.')} (${label})`
}

/** The dotted name of a module below another one. */
function nameWithin(root: Module, module: Module): string | undefined {
  for (const [name, m] of root.namedModules()) if (m === module && name !== '') return name
  return undefined
}

layers.path = () => pathOf(running)

/** An identity in the graph whose backward lets the module's backward hooks see the gradients. */
function passThrough(
  name: string,
  tensors: readonly Tensor[],
  see: (grads: (Tensor | null)[]) => readonly (Tensor | null)[],
): Tensor[] {
  const operation: Operation = { name, backward: (_, ...grads) => see(grads), derivative: (_, ...grads) => see(grads) }
  const node = record(operation, tensors)
  if (node === inert) return [...tensors]
  const out = tensors.map(t => viewOf(t, t.shape, t.strides, 0))
  for (const t of out) t.base = null
  attach(node, out)
  return out
}

/** Puts the module's backward hooks between its inputs and results. */
function withBackwardHooks(module: Module, hooks: Hooks, inputs: Values, run: (inputs: Values) => Result): Result {
  let gradOutput: readonly (Tensor | null)[] = []
  const at = inputs.flatMap((v, i) => (v instanceof Tensor ? [i] : []))
  const seen = passThrough(
    'backwardHook',
    at.map(i => inputs[i]),
    grads => {
      let gradInput: readonly (Tensor | null)[] = grads
      for (const hook of [...hooks.backward]) {
        const other = hook(module, gradInput, gradOutput)
        if (other === undefined || other === null) continue
        if (!Array.isArray(other) || other.length !== gradInput.length) {
          throw new TypeError(
            `registerFullBackwardHook: a hook must return an array of ${gradInput.length} gradients, got ${describe(other)}`,
          )
        }
        gradInput = other
      }
      return gradInput
    },
  )
  const replaced = inputs.slice()
  at.forEach((i, k) => {
    replaced[i] = seen[k]
  })
  const output = run(replaced)
  const outs: readonly unknown[] = Array.isArray(output) ? output : [output]
  const tensors = outs.filter((t): t is Tensor => t instanceof Tensor)
  const wrapped = passThrough('backwardHookOutput', tensors, grads => {
    gradOutput = grads
    return grads
  })
  let k = 0
  const result = outs.map(t => (t instanceof Tensor ? wrapped[k++] : t))
  return Array.isArray(output) ? result : result[0]
}

function runHooked(module: Module, hooks: Hooks, inputs: Values, forward: (...inputs: Values) => Result): Result {
  let given = inputs
  for (const hook of [...hooks.pre]) {
    const other = hook(module, given)
    if (other !== undefined) given = Array.isArray(other) ? other : [other]
  }
  const run = (args: Values) => forward.apply(module, args)
  let output = hooks.backward.size > 0 ? withBackwardHooks(module, hooks, given, run) : run(given)
  for (const hook of [...hooks.forward]) {
    const other = hook(module, given, output)
    if (other !== undefined) output = other
  }
  return output
}

const wrapped = new WeakSet<object>()

/** A module's forward with all that runs around it. A call of `super.forward` from within runs plainly. */
export function aroundForward(forward: (...inputs: Values) => Result): (...inputs: Values) => Result {
  if (wrapped.has(forward)) return forward
  function around(this: Module, ...inputs: Values): Result {
    if (running.length > 0 && running[running.length - 1] === this) return forward.apply(this, inputs)
    running.push(this)
    try {
      const { hooks } = this
      if (hooks === null && observers.size === 0) return forward.apply(this, inputs)
      const leave = [...observers].map(observer => observer(this, inputs))
      const output = hooks === null ? forward.apply(this, inputs) : runHooked(this, hooks, inputs, forward)
      for (const done of leave) done?.(output)
      return output
    } catch (error) {
      if (error instanceof GlorotError && error.path === undefined) error.at(pathOf(running) ?? this.label())
      throw error
    } finally {
      running.pop()
    }
  }
  wrapped.add(around)
  return around
}
