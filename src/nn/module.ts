// Module: a layer or a network of them. What is assigned to it is registered; its forward runs hooks and names itself in errors.

import { clearGradient } from '../autograd/accumulate.js'
import { noGrad } from '../autograd/mode.js'
import { type DType, dtypeNames, isFloating } from '../core/dtype.js'
import {
  checkChoice,
  checkOptions,
  DTypeError,
  describe,
  formatShape,
  nearest,
  StateDictError,
  ValueError,
} from '../core/errors.js'
import { changed, recording } from '../core/recording.js'
import { sameShape } from '../core/shape.js'
import { Tensor } from '../tensor/tensor.js'
import { aroundForward, type BackwardHook, type ForwardHook, type ForwardPreHook, type Hooks } from './hooks.js'
import { Parameter } from './parameter.js'

/** Tensors by name, as in PyTorch: `fc1.weight`. */
export type StateDict = Record<string, Tensor>

/**
 * Base of all layers and networks.
 *
 * Assigning a Module or Parameter to a property registers it under that name, in order of assignment; `registerBuffer` keeps state
 * that is not learned. Private fields (`#fc`) and plain arrays are not seen: use `nn.ModuleList` for lists.
 *
 * ```ts
 * class Net extends nn.Module {
 *   fc1 = new nn.Linear(10, 10)
 *   fc2 = new nn.Linear(10, 1)
 *   forward(x: Tensor) { return this.fc2.forward(this.fc1.forward(x).relu()) }
 * }
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html
 */
export class Module {
  /** Said here because a bundler renames a class that speaks of itself. */
  static readonly name: string = 'Module'
  /** @internal */
  declare _training: boolean
  /** @internal */
  declare _hooks: Hooks | null
  /** @internal Names of the properties that are buffers, and whether the state dict has them. */
  declare _bufferNames: Map<string, boolean>

  constructor() {
    Object.defineProperty(this, '_training', { value: true, writable: true, enumerable: false })
    Object.defineProperty(this, '_hooks', { value: null, writable: true, enumerable: false })
    Object.defineProperty(this, '_bufferNames', { value: new Map(), enumerable: false })
    wrapForward(new.target)
  }

  /** Computes the layer's result. Subclasses override it; callers call it. */
  // biome-ignore lint/suspicious/noExplicitAny: modules take and give what they like
  forward(..._inputs: any[]): any {
    throw new ValueError('the module has no forward method; define forward(…) in your class', {
      op: this.constructor.name,
    })
  }

  // --- what it holds ------------------------------------------------------------------------------------------------------

  /** @internal The properties in order of registration. */
  protected _registered(): [string, unknown][] {
    return Object.entries(this)
  }

  /** Direct registrations of one kind: [name, value]. */
  *#own<T>(kind: new (...args: never[]) => T): Generator<[string, T]> {
    recording.active?.moduleUsed(this)
    for (const [name, value] of this._registered()) if (value instanceof kind) yield [name, value as T]
  }

  /** Modules held directly, by name. */
  *namedChildren(): Generator<[string, Module]> {
    const seen = new Set<Module>()
    for (const [name, module] of this.#own(Module)) {
      if (seen.has(module)) continue
      seen.add(module)
      yield [name, module]
    }
  }

  /** Modules held directly. */
  *children(): Generator<Module> {
    for (const [, module] of this.namedChildren()) yield module
  }

  /** This module ('') and all below it, each once, parents first. */
  *namedModules(prefix = '', seen: Set<Module> = new Set()): Generator<[string, Module]> {
    if (seen.has(this)) return
    seen.add(this)
    yield [prefix, this]
    for (const [name, module] of this.#own(Module))
      yield* module.namedModules(prefix ? `${prefix}.${name}` : name, seen)
  }

  /** This module and all below it. */
  *modules(): Generator<Module> {
    for (const [, module] of this.namedModules()) yield module
  }

  /** All parameters with their dotted names, each once, in order of registration. */
  *namedParameters(): Generator<[string, Parameter]> {
    const seen = new Set<Parameter>()
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, parameter] of module.#own(Parameter)) {
        if (seen.has(parameter)) continue
        seen.add(parameter)
        yield [prefix ? `${prefix}.${name}` : name, parameter]
      }
    }
  }

  /** All parameters, each once. */
  *parameters(): Generator<Parameter> {
    for (const [, parameter] of this.namedParameters()) yield parameter
  }

  /** All buffers with their dotted names. */
  *namedBuffers(): Generator<[string, Tensor]> {
    for (const [prefix, module] of this.namedModules()) {
      for (const name of module._bufferNames.keys()) {
        const value = (module as unknown as Record<string, unknown>)[name]
        if (value instanceof Tensor) yield [prefix ? `${prefix}.${name}` : name, value]
      }
    }
  }

  /** All buffers. */
  *buffers(): Generator<Tensor> {
    for (const [, buffer] of this.namedBuffers()) yield buffer
  }

  #checkName(op: string, name: unknown): asserts name is string {
    if (typeof name !== 'string') throw new TypeError(`${op}: the name must be a string, got ${describe(name)}`)
    if (name === '' || name.includes('.'))
      throw new ValueError(`the name ${describe(name)} must not be empty or contain a dot`, { op })
    const taken = name in this && !Object.hasOwn(this, name)
    if (taken) throw new ValueError(`the name '${name}' is a method of ${this.constructor.name}`, { op })
  }

  /** Registers a parameter under a name that is not known beforehand; null reserves it. */
  registerParameter(name: string, parameter: Parameter | null): void {
    this.#checkName('registerParameter', name)
    if (parameter !== null && !(parameter instanceof Parameter)) {
      throw new TypeError(`registerParameter: '${name}' must be a Parameter or null, got ${describe(parameter)}`)
    }
    ;(this as unknown as Record<string, unknown>)[name] = parameter
  }

  /** Registers a module under a name that is not known beforehand. */
  addModule(name: string, module: Module): void {
    this.#checkName('addModule', name)
    if (!(module instanceof Module))
      throw new TypeError(`addModule: '${name}' must be a Module, got ${describe(module)}`)
    ;(this as unknown as Record<string, unknown>)[name] = module
  }

  /**
   * Keeps a tensor that is part of the module's state but is not learned.
   * @param options `persistent`: whether the state dict has it; default true
   */
  registerBuffer(name: string, tensor: Tensor | null, options?: { persistent?: boolean }): void {
    checkOptions('registerBuffer', options, ['persistent'])
    this.#checkName('registerBuffer', name)
    if (tensor !== null && !(tensor instanceof Tensor)) {
      throw new TypeError(`registerBuffer: '${name}' must be a Tensor or null, got ${describe(tensor)}`)
    }
    ;(this as unknown as Record<string, unknown>)[name] = tensor
    this._bufferNames.set(name, options?.persistent ?? true)
  }

  // --- modes --------------------------------------------------------------------------------------------------------------

  /** True in training mode: dropout draws, batch norm uses the batch. Set by `train()` and `eval()`. */
  get training(): boolean {
    recording.active?.modeUsed(this, this._training)
    return this._training
  }

  set training(mode: boolean) {
    this._training = mode
  }

  /** Sets training mode here and below. */
  train(mode = true): this {
    if (typeof mode !== 'boolean') throw new TypeError(`train: mode must be a boolean, got ${describe(mode)}`)
    for (const module of this.modules()) module.training = mode
    return this
  }

  /** Sets evaluation mode here and below. */
  eval(): this {
    return this.train(false)
  }

  /** Calls `fn` with every module below, then with this one. */
  apply(fn: (module: Module) => void): this {
    if (typeof fn !== 'function') throw new TypeError(`apply: expected a function, got ${describe(fn)}`)
    for (const child of this.children()) child.apply(fn)
    fn(this)
    return this
  }

  /** Starts or stops recording on every parameter. */
  requiresGrad_(flag = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad_(flag)
    return this
  }

  /**
   * Drops the gradient of every parameter.
   * @param options `setToNone: false`: gradients become zeros instead
   */
  zeroGrad(options?: { setToNone?: boolean }): void {
    if (options !== undefined) checkOptions('zeroGrad', options, ['setToNone'])
    for (const parameter of this.parameters()) clearGradient(parameter, options?.setToNone ?? true)
  }

  /** Converts floating parameters and buffers, in place: the Parameter objects stay the same. */
  to(dtype: DType): this {
    checkChoice('to', 'dtype', dtype, dtypeNames)
    if (!isFloating(dtype)) throw new DTypeError(`a module can be float32 or float64, not ${dtype}`, { op: 'to' })
    for (const t of [...this.parameters(), ...this.buffers()]) {
      if (!isFloating(t.dtype) || t.dtype === dtype) continue
      const grad = t.grad
      t.grad = null
      t.data = t.detach().to(dtype)
      if (grad !== null) t.grad = grad.to(dtype)
    }
    return this
  }

  float(): this {
    return this.to('float32')
  }
  double(): this {
    return this.to('float64')
  }

  // --- state --------------------------------------------------------------------------------------------------------------

  /** Parameters and persistent buffers under PyTorch's keys. The tensors share the module's memory: clone them to keep a snapshot. */
  stateDict(): StateDict {
    const state: StateDict = {}
    for (const [name, t] of this.#namedState()) state[name] = t.detach()
    return state
  }

  *#namedState(): Generator<[string, Tensor]> {
    const walk = function* (module: Module, prefix: string): Generator<[string, Tensor]> {
      for (const [name, p] of module.#own(Parameter)) yield [prefix + name, p]
      for (const [name, persistent] of module._bufferNames) {
        const value = (module as unknown as Record<string, unknown>)[name]
        if (persistent && value instanceof Tensor) yield [prefix + name, value]
      }
      for (const [name, child] of module.#own(Module)) yield* walk(child, `${prefix}${name}.`)
    }
    yield* walk(this, '')
  }

  /**
   * Copies a state dict into the module's own tensors. Nothing is changed if anything does not fit.
   * @param options `strict`: refuse missing and unexpected keys; default true
   * @returns the missing and unexpected keys
   * @throws StateDictError naming every key or shape that does not fit
   */
  loadStateDict(state: StateDict, options?: { strict?: boolean }): { missingKeys: string[]; unexpectedKeys: string[] } {
    const op = 'loadStateDict'
    checkOptions(op, options, ['strict'])
    if (typeof state !== 'object' || state === null)
      throw new TypeError(`${op}: expected an object of tensors, got ${describe(state)}`)
    const mine = new Map(this.#namedState())
    const missingKeys = [...mine.keys()].filter(key => !Object.hasOwn(state, key))
    const unexpectedKeys = Object.keys(state).filter(key => !mine.has(key))
    const problems: string[] = []
    for (const [key, t] of mine) {
      if (!Object.hasOwn(state, key)) continue
      const from = state[key]
      if (!(from instanceof Tensor)) problems.push(`'${key}' is ${describe(from)}, not a Tensor`)
      else if (!sameShape(from.shape, t.shape))
        problems.push(`'${key}' is ${formatShape(t.shape)} in the model, ${formatShape(from.shape)} in the file`)
    }
    if (options?.strict ?? true) {
      for (const key of missingKeys) problems.push(`'${key}' is missing`)
      for (const key of unexpectedKeys) {
        const near = nearest(key, missingKeys)
        problems.push(`'${key}' is not in the model${near ? `, did you mean '${near}'?` : ''}`)
      }
    }
    if (problems.length > 0) throw new StateDictError(problems.join('\n    '), { op })
    noGrad(() => {
      for (const [key, t] of mine) if (Object.hasOwn(state, key)) t.copy_(state[key])
    })
    return { missingKeys, unexpectedKeys }
  }

  // --- hooks --------------------------------------------------------------------------------------------------------------

  #addHook<K extends keyof Hooks>(op: string, kind: K, hook: unknown): () => void {
    if (typeof hook !== 'function') throw new TypeError(`${op}: expected a function, got ${describe(hook)}`)
    this._hooks ??= { pre: new Set(), forward: new Set(), backward: new Set() }
    // A forward that is a property of this module alone, not of its class.
    if (Object.hasOwn(this, 'forward')) this.forward = aroundForward(this.forward)
    const set = this._hooks[kind] as Set<unknown>
    set.add(hook)
    changed()
    return () => {
      changed()
      set.delete(hook)
    }
  }

  /** Runs `hook(module, inputs)` before every forward. @returns a function that removes it */
  registerForwardPreHook(hook: ForwardPreHook): () => void {
    return this.#addHook('registerForwardPreHook', 'pre', hook)
  }

  /** Runs `hook(module, inputs, output)` after every forward. @returns a function that removes it */
  registerForwardHook(hook: ForwardHook): () => void {
    return this.#addHook('registerForwardHook', 'forward', hook)
  }

  /**
   * Runs `hook(module, gradInput, gradOutput)` when a backward pass has gone through the module, each an array with null where there
   * is no gradient; an array that it returns takes the place of gradInput.
   * @returns a function that removes it
   */
  registerFullBackwardHook(hook: BackwardHook): () => void {
    return this.#addHook('registerFullBackwardHook', 'backward', hook)
  }

  // --- cost ---------------------------------------------------------------------------------------------------------------

  /**
   * Multiplications, each with an addition, of one forward without those of the modules below: what `summary` adds up. A layer
   * uses each of its parameters once a sample unless it says otherwise here.
   */
  // biome-ignore lint/suspicious/noExplicitAny: what forward takes and gives
  multiplyAdds(_inputs: readonly any[], output: any): number {
    if (!this.children().next().done) return 0
    const out = Array.isArray(output) ? output[0] : output
    let held = 0
    for (const [, p] of this.#own(Parameter)) held += p.count
    return out instanceof Tensor ? held * (out.shape[0] ?? 1) : 0
  }

  // --- printing -----------------------------------------------------------------------------------------------------------

  /** What stands between the brackets when the module is printed, as PyTorch's extra_repr. */
  extraRepr(): string {
    return ''
  }

  /** @internal The module in an error's path: `Linear 784 -> 10`. */
  _label(): string {
    return this.constructor.name
  }

  /** @internal The children as lines of `toString`: [what stands in brackets, the child printed]. */
  protected _printedChildren(): [string, string][] {
    return [...this.#own(Module)].map(([name, module]) => [name, module.toString()])
  }

  /** The tree of modules, as PyTorch prints it. */
  toString(): string {
    const children = this._printedChildren().map(([name, text]) => `(${name}): ${text.replaceAll('\n', '\n  ')}`)
    const extra = this.extraRepr()
    const lines = extra ? [...extra.split('\n'), ...children] : children
    if (children.length === 0 && lines.length < 2) return `${this.constructor.name}(${extra})`
    return `${this.constructor.name}(\n  ${lines.join('\n  ')}\n)`
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

/** Wraps the forward method of a class, and of the classes it extends, once each. */
function wrapForward(target: { prototype: Module }): void {
  for (let p = target.prototype; p instanceof Module || p === Module.prototype; p = Object.getPrototypeOf(p)) {
    if (Object.hasOwn(p, 'forward')) p.forward = aroundForward(p.forward)
  }
}
