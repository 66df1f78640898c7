// Module: a layer or a network of them. What is assigned to it is registered; its forward runs hooks and names itself in errors.

import { clearGradient } from '../autograd/accumulate.js'
import { type RemovableHandle, removable } from '../autograd/node.js'
import { type DType, dtypeNames, isFloating } from '../core/dtype.js'
import { checkChoice, checkOptions, DTypeError, describe, ValueError } from '../core/errors.js'
import { changed, recording } from '../core/recording.js'
import { Tensor } from '../tensor/tensor.js'
import { aroundForward, type BackwardHook, type ForwardHook, type ForwardPreHook, type Hooks } from './hooks.js'
import { Parameter } from './parameter.js'
import { type LoadedKeys, load, type StateDict, type StateDictOptions } from './stateDict.js'

export interface MemberOptions {
  /** Modules below as well. Default: true. */
  recurse?: boolean
}

export interface NamedMemberOptions extends MemberOptions, NamedModuleOptions {}

export interface NamedModuleOptions {
  /** What names start with, a dot behind it. Default: nothing. */
  prefix?: string
  /** What several names have is given once, under the first. Default: true. */
  removeDuplicate?: boolean
}

function prefixOf(op: string, prefix: unknown = ''): string {
  if (typeof prefix !== 'string') throw new TypeError(`${op}: prefix must be a string, got ${describe(prefix)}`)
  return prefix
}

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

  *#walk(prefix: string, seen: Set<Module> | null): Generator<[string, Module]> {
    if (seen?.has(this)) return
    seen?.add(this)
    yield [prefix, this]
    for (const [name, module] of this.#own(Module)) yield* module.#walk(prefix ? `${prefix}.${name}` : name, seen)
  }

  /** Tensors of this module and, unless told otherwise, of all below it, as [dotted name, tensor]. */
  *#members<T>(
    op: string,
    options: NamedMemberOptions | undefined,
    membersOf: (module: Module) => Iterable<[string, T]>,
    known: readonly string[] = ['recurse', 'prefix', 'removeDuplicate'],
  ): Generator<[string, T]> {
    checkOptions(op, options, known)
    const { recurse = true, prefix, removeDuplicate = true } = options ?? {}
    const start = prefixOf(op, prefix)
    const seen = new Set<T>()
    const modules = recurse ? this.#walk(start, removeDuplicate ? new Set() : null) : [[start, this] as const]
    for (const [path, module] of modules) {
      for (const [name, value] of membersOf(module)) {
        if (removeDuplicate && seen.has(value)) continue
        seen.add(value)
        yield [path ? `${path}.${name}` : name, value]
      }
    }
  }

  /** This module ('') and all below it, each once, parents first. */
  *namedModules(options?: NamedModuleOptions): Generator<[string, Module]> {
    checkOptions('namedModules', options, ['prefix', 'removeDuplicate'])
    const prefix = prefixOf('namedModules', options?.prefix)
    yield* this.#walk(prefix, (options?.removeDuplicate ?? true) ? new Set() : null)
  }

  /** This module and all below it. */
  *modules(): Generator<Module> {
    for (const [, module] of this.#walk('', new Set())) yield module
  }

  /** All parameters with their dotted names, each once, in order of registration. */
  *namedParameters(options?: NamedMemberOptions): Generator<[string, Parameter]> {
    yield* this.#members('namedParameters', options, module => module.#own(Parameter))
  }

  /** All parameters, each once. */
  *parameters(options?: MemberOptions): Generator<Parameter> {
    for (const [, p] of this.#members('parameters', options, module => module.#own(Parameter), ['recurse'])) yield p
  }

  *#ownBuffers(): Generator<[string, Tensor]> {
    for (const name of this._bufferNames.keys()) {
      const value = (this as unknown as Record<string, unknown>)[name]
      if (value instanceof Tensor) yield [name, value]
    }
  }

  /** All buffers with their dotted names, each once. */
  *namedBuffers(options?: NamedMemberOptions): Generator<[string, Tensor]> {
    yield* this.#members('namedBuffers', options, module => module.#ownBuffers())
  }

  /** All buffers, each once. */
  *buffers(options?: MemberOptions): Generator<Tensor> {
    for (const [, b] of this.#members('buffers', options, module => module.#ownBuffers(), ['recurse'])) yield b
  }

  /** Throws where `name` is not free for what is to be registered, of which `replaces` tells whether it may take the place of another. */
  #checkName(op: string, name: unknown, replaces: (held: unknown) => boolean): asserts name is string {
    if (typeof name !== 'string') throw new TypeError(`${op}: the name must be a string, got ${describe(name)}`)
    if (name === '' || name.includes('.'))
      throw new ValueError(`the name ${describe(name)} must not be empty or contain a dot`, { op })
    const taken = name in this && !Object.hasOwn(this, name)
    if (taken) throw new ValueError(`the name '${name}' is a method of ${this.constructor.name}`, { op })
    const held = (this as unknown as Record<string, unknown>)[name] ?? null
    if (held !== null && !replaces(held))
      throw new ValueError(`'${name}' is ${describe(held)} already; take another name or delete it first`, { op })
  }

  /** Registers a parameter under a name that is not known beforehand; null reserves it. */
  registerParameter(name: string, parameter: Parameter | null): void {
    this.#checkName('registerParameter', name, held => held instanceof Parameter)
    if (parameter !== null && !(parameter instanceof Parameter)) {
      throw new TypeError(`registerParameter: '${name}' must be a Parameter or null, got ${describe(parameter)}`)
    }
    ;(this as unknown as Record<string, unknown>)[name] = parameter
  }

  /** Registers a module under a name that is not known beforehand. */
  addModule(name: string, module: Module): void {
    this.#checkName('addModule', name, held => held instanceof Module)
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
    this.#checkName('registerBuffer', name, held => held instanceof Tensor && !(held instanceof Parameter))
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
  stateDict(options?: StateDictOptions): StateDict {
    checkOptions('stateDict', options, ['prefix', 'keepVars'])
    const prefix = prefixOf('stateDict', options?.prefix)
    const state: StateDict = {}
    for (const [name, t] of this.#namedState()) state[prefix + name] = options?.keepVars ? t : t.detach()
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
  loadStateDict(state: StateDict, options?: { strict?: boolean }): LoadedKeys {
    return load(new Map(this.#namedState()), state, options)
  }

  // --- hooks --------------------------------------------------------------------------------------------------------------

  #addHook<K extends keyof Hooks>(op: string, kind: K, hook: unknown): RemovableHandle {
    if (typeof hook !== 'function') throw new TypeError(`${op}: expected a function, got ${describe(hook)}`)
    this._hooks ??= { pre: new Set(), forward: new Set(), backward: new Set() }
    // A forward that is a property of this module alone, not of its class.
    if (Object.hasOwn(this, 'forward')) this.forward = aroundForward(this.forward)
    const set = this._hooks[kind] as Set<unknown>
    set.add(hook)
    changed()
    return removable(() => {
      changed()
      set.delete(hook)
    })
  }

  /** Runs `hook(module, inputs)` before every forward. @returns a function that removes it */
  registerForwardPreHook(hook: ForwardPreHook): RemovableHandle {
    return this.#addHook('registerForwardPreHook', 'pre', hook)
  }

  /** Runs `hook(module, inputs, output)` after every forward. @returns a function that removes it */
  registerForwardHook(hook: ForwardHook): RemovableHandle {
    return this.#addHook('registerForwardHook', 'forward', hook)
  }

  /**
   * Runs `hook(module, gradInput, gradOutput)` when a backward pass has gone through the module, each an array with null where there
   * is no gradient; an array that it returns takes the place of gradInput.
   * @returns a function that removes it
   */
  registerFullBackwardHook(hook: BackwardHook): RemovableHandle {
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
