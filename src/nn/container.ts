// Modules that hold modules.
import { checkEntries, checkInteger, checkIterable, describe, IndexError } from '../core/errors.js'
import { Keyed } from './keyed.js'
import { Module } from './module.js'

/** Throws unless every value is a Module. */
function checkModules(op: string, values: readonly unknown[]): void {
  values.forEach((value, i) => {
    if (!(value instanceof Module)) throw new TypeError(`${op}: entry ${i} must be a Module, got ${describe(value)}`)
  })
}

/** Modules in a list: properties '0', '1', …, so that `list[0]` reads and replaces one. */
abstract class Listed extends Module {
  [index: number]: Module

  constructor(op: string, modules: Iterable<Module>) {
    super()
    const list = checkIterable(op, 'modules', modules)
    checkModules(op, list)
    for (let i = 0; i < list.length; i++) this[i] = list[i]
  }

  get length(): number {
    let n = 0
    while (this[n] !== undefined) n++
    return n
  }

  private position(op: string, index: number): number {
    const n = this.length
    const i = checkInteger(`${this.constructor.name}.${op}`, 'index', index, Number.MIN_SAFE_INTEGER)
    if (i < -n || i >= n) {
      throw new IndexError(`there is no module ${i}, it holds ${n}`, { op: `${this.constructor.name}.${op}` })
    }
    return i < 0 ? i + n : i
  }

  /** The module at a position; negative counts from the end. */
  at(index: number): Module {
    return this[this.position('at', index)]
  }

  /** Adds a module at the end. */
  append(module: Module): this {
    return this.extend([module])
  }

  /** Adds modules at the end. */
  extend(modules: Iterable<Module>): this {
    const op = `${this.constructor.name}.extend`
    const list = checkIterable(op, 'modules', modules)
    checkModules(op, list)
    const n = this.length
    for (let i = 0; i < list.length; i++) this[n + i] = list[i]
    return this
  }

  /** Puts a module before the one at a position; the length is the position after the last. */
  insert(index: number, module: Module): this {
    const n = this.length
    checkModules(`${this.constructor.name}.insert`, [module])
    const at = index === n ? n : this.position('insert', index)
    for (let i = n; i > at; i--) this[i] = this[i - 1]
    this[at] = module
    return this
  }

  /** Takes a module out and returns it. Default: the last. */
  pop(index = -1): Module {
    const at = this.position('pop', index)
    const module = this[at]
    const n = this.length
    for (let i = at; i < n - 1; i++) this[i] = this[i + 1]
    delete this[n - 1]
    return module
  }

  *[Symbol.iterator](): Iterator<Module> {
    for (let i = 0; this[i] !== undefined; i++) yield this[i]
  }
}

/**
 * Runs its modules one after the other: `new nn.Sequential(new nn.Linear(10, 10), new nn.Sigmoid(), new nn.Linear(10, 1))`.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html
 */
export class Sequential extends Listed {
  constructor(...modules: Module[]) {
    super('Sequential', modules)
  }

  // biome-ignore lint/suspicious/noExplicitAny: what the first module takes and the last one gives
  override forward(x: any): any {
    let out = x
    for (let i = 0; this[i] !== undefined; i++) out = this[i].forward(out)
    return out
  }
}

/** Modules in a list, for a forward of your own. @see https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html */
export class ModuleList extends Listed {
  constructor(modules: Iterable<Module> = []) {
    super('ModuleList', modules)
  }

  /** As PyTorch does, neighbours that print alike are one line: `(0-1): 2 x Linear(…)`. */
  protected override _printedChildren(): [string, string][] {
    const runs: { from: number; to: number; text: string }[] = []
    for (const [i, module] of [...this].entries()) {
      const last = runs.at(-1)
      const text = module.toString()
      if (last?.text === text) last.to = i
      else runs.push({ from: i, to: i, text })
    }
    return runs.map(({ from, to, text }) => [
      from === to ? `${from}` : `${from}-${to}`,
      from === to ? text : `${to - from + 1} x ${text}`,
    ])
  }
}

/** Modules by name, for a forward of your own. @see https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html */
export class ModuleDict extends Keyed<Module> {
  constructor(modules: Record<string, Module> | Iterable<readonly [string, Module]> = {}) {
    super('module')
    this.update(modules)
  }

  override set(name: string, module: Module): this {
    this.addModule(name, module)
    return this._named(name)
  }

  override update(modules: Record<string, Module> | Iterable<readonly [string, Module]>): this {
    const pairs = checkEntries('ModuleDict', 'modules', modules)
    checkModules(
      'ModuleDict',
      pairs.map(([, module]) => module),
    )
    return super.update(pairs)
  }
}
