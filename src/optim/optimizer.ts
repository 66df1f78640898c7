// Optimizer: parameter groups, gradients to zero, hooks, state dicts. How a step changes parameters is a subclass's matter.
import { clearGradient } from '../autograd/accumulate.js'
import { checkOptions, describe, formatShape, ValueError } from '../core/errors.js'
import { changed, recording } from '../core/recording.js'
import { Tensor } from '../tensor/tensor.js'
import type { ParamGroup } from './group.js'
import { loadStateDict, type OptimizerStateDict, packStateDict } from './stateDict.js'

/** Tensors, or groups of them with options of their own. */
export type Params<O extends object> = Iterable<Tensor> | Iterable<Partial<O> & { params: Tensor | Iterable<Tensor> }>

export type StepHook = (optimizer: Optimizer) => void

/** Called with every optimizer that is made, before its own constructor has ended. */
export const optimizerObservers = new Set<StepHook>()

/** What an optimizer remembers of a parameter, by PyTorch's names. */
// biome-ignore lint/suspicious/noExplicitAny: tensors mostly, and what LBFGS keeps
export type ParamState = Record<string, any>

/**
 * Base of all optimizers. A subclass defines `update(closure)`, which changes parameters by their gradients.
 * @see https://pytorch.org/docs/stable/optim.html
 */
// biome-ignore lint/suspicious/noExplicitAny: any optimizer, where its options do not matter
export abstract class Optimizer<O extends object = any> {
  /** The groups; options in them may be changed between steps. */
  readonly paramGroups: ParamGroup<O>[] = []
  /** The options that a group has unless it says otherwise. */
  readonly defaults: Required<O>
  /** What is remembered of each parameter. */
  readonly state = new Map<Tensor, ParamState>()
  /** @internal Whether a step was made: schedulers warn where they come first. */
  stepped = false
  private readonly before = new Set<StepHook>()
  private readonly after = new Set<StepHook>()

  /**
   * @param params the tensors to change, or groups `{ params, … }` with options of their own
   * @param defaults every option with its value
   */
  constructor(params: Params<O>, defaults: Required<O>) {
    this.defaults = defaults
    const op = this.constructor.name
    if (params instanceof Tensor || typeof (params as Iterable<unknown>)?.[Symbol.iterator] !== 'function') {
      const hint = params instanceof Tensor ? '; put it in an array' : ''
      throw new TypeError(`${op}: params must be an iterable of Tensors or of groups, got ${describe(params)}${hint}`)
    }
    const list = [...params] as unknown[]
    if (list.length === 0) throw new ValueError('there are no parameters to optimize', { op })
    const groups = list[0] instanceof Tensor || !isGroup(list[0]) ? [{ params: list }] : list
    for (const group of groups) this.addParamGroup(group as never)
    for (const observer of optimizerObservers) observer(this)
  }

  /** Throws where an option's value is not valid. */
  protected checkGroup(_group: ParamGroup<O>): void {}

  /** Changes the parameters by their gradients, having called the closure if there is one; returns what that returns. */
  protected abstract update<R>(closure: (() => R) | undefined): R | undefined

  /**
   * Adds parameters with options of their own; absent ones are the defaults.
   * @throws ValueError if a parameter is in a group already, or is not a leaf
   */
  addParamGroup(group: Partial<O> & { params: Tensor | Iterable<Tensor> }): void {
    const op = this.constructor.name
    if (!isGroup(group)) throw new TypeError(`${op}: a group must be an object with params, got ${describe(group)}`)
    checkOptions(op, group, ['params', ...Object.keys(this.defaults), 'initialLr'])
    const params = group.params instanceof Tensor ? [group.params] : [...group.params]
    const taken = new Set(this.paramGroups.flatMap(g => g.params))
    for (const p of params) {
      if (!(p instanceof Tensor)) {
        const hint = Array.isArray(p) ? '; pass model.parameters(), which has no names' : ''
        throw new TypeError(`${op}: can only optimize Tensors, got ${describe(p)}${hint}`)
      }
      const shapes = [p.shape]
      const which = `the parameter of shape ${formatShape(p.shape)}`
      if (!p.isLeaf)
        throw new ValueError(`${which} is the result of an operation; only leaves can be optimized`, { op, shapes })
      if (taken.has(p)) throw new ValueError(`${which} appears more than once`, { op, shapes })
      taken.add(p)
    }
    const options = Object.fromEntries(Object.entries(group).filter(([, value]) => value !== undefined))
    const full = { ...this.defaults, ...options, params } as unknown as ParamGroup<O>
    this.checkGroup(full)
    this.paramGroups.push(full)
    changed()
    this.groupAdded(full)
  }

  /** Called with each group once it is checked. */
  protected groupAdded(_group: ParamGroup<O>): void {}

  /** What is recorded holds while the groups have the parameters that they have now. */
  private guardGroups(): void {
    if (recording.active === null) return
    const { paramGroups } = this
    const groups = paramGroups.slice()
    const params = groups.map(group => group.params.slice())
    recording.active.guard(() => {
      if (!sameEntries(paramGroups, groups)) return false
      for (let i = 0; i < groups.length; i++) if (!sameEntries(groups[i].params, params[i])) return false
      return true
    }, this)
  }

  /** Drops the gradients. @param options `setToNone`: false fills them with zeros instead */
  zeroGrad(options?: { setToNone?: boolean }): void {
    if (options !== undefined) checkOptions('zeroGrad', options, ['setToNone'])
    const drop = options?.setToNone ?? true
    this.guardGroups()
    for (const { params } of this.paramGroups) {
      for (let i = 0; i < params.length; i++) clearGradient(params[i], drop)
    }
  }

  /**
   * Changes every parameter that has a gradient.
   * @param closure clears gradients, computes the loss, calls backward and returns the loss; called before the step
   * @returns what the closure returns
   */
  step(): undefined
  step<R>(closure: () => R): R
  step<R>(closure?: () => R): R | undefined {
    if (closure !== undefined && typeof closure !== 'function')
      throw new TypeError(`${this.constructor.name}: the closure must be a function, got ${describe(closure)}`)
    this.stepped = true
    this.guardGroups()
    for (const hook of this.before) hook(this)
    const loss = this.update(closure)
    for (const hook of this.after) hook(this)
    return loss
  }

  /** Calls `hook(optimizer)` before every step. @returns a function that removes it */
  registerStepPreHook(hook: StepHook): () => void {
    return addHook('registerStepPreHook', this.before, hook)
  }

  /** Calls `hook(optimizer)` after every step. @returns a function that removes it */
  registerStepPostHook(hook: StepHook): () => void {
    return addHook('registerStepPostHook', this.after, hook)
  }

  /** State and options in PyTorch's layout; the tensors share the optimizer's memory. */
  stateDict(): OptimizerStateDict {
    return packStateDict(this.paramGroups, p => this.savedState(p))
  }

  /** Takes over state and options. @throws StateDictError if groups or shapes do not fit; nothing is changed then */
  loadStateDict(stateDict: OptimizerStateDict): void {
    changed()
    loadStateDict(this.paramGroups, stateDict, (p, saved, group) => this.loadedState(p, saved, group))
  }

  /** The part of a parameter's state that state dicts have; undefined for none. */
  protected savedState(p: Tensor): ParamState | undefined {
    return this.state.get(p)
  }

  /** Checks a parameter's saved state and returns a function that takes it over. */
  protected abstract loadedState(p: Tensor, saved: ParamState | undefined, group: Record<string, unknown>): () => void

  /** The groups and their options, as PyTorch prints them. */
  toString(): string {
    const groups = this.paramGroups.map((group, i) => {
      const options = Object.keys(group).filter(key => key !== 'params')
      const lines = options.sort().map(key => `    ${key}: ${(group as Record<string, unknown>)[key]}`)
      return [`Parameter Group ${i}`, ...lines].join('\n')
    })
    return `${this.constructor.name} (\n${groups.join('\n\n')}\n)`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

function sameEntries(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function isGroup(x: unknown): x is { params: Tensor | Iterable<Tensor> } {
  const params = (x as { params?: unknown } | null)?.params
  return params instanceof Tensor || (typeof params === 'object' && params !== null && Symbol.iterator in params)
}

function addHook(op: string, hooks: Set<StepHook>, hook: StepHook): () => void {
  if (typeof hook !== 'function') throw new TypeError(`${op}: expected a function, got ${describe(hook)}`)
  hooks.add(hook)
  changed()
  return () => {
    hooks.delete(hook)
    changed()
  }
}
