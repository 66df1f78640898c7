// Modules that hold modules.
import { describe, IndexError } from '../core/errors.js'
import { Module } from './module.js'

/** Throws unless every value is a Module. */
function checkModules(op: string, values: Iterable<unknown>): void {
  let i = 0
  for (const value of values) {
    if (!(value instanceof Module)) throw new TypeError(`${op}: entry ${i} must be a Module, got ${describe(value)}`)
    i++
  }
}

/** Modules in a list, registered as '0', '1', …. */
abstract class Listed extends Module {
  /** @internal */
  declare protected readonly entries: Module[]

  constructor(op: string, modules: Iterable<Module>) {
    super()
    Object.defineProperty(this, 'entries', { value: [], enumerable: false })
    const list = [...modules]
    checkModules(op, list)
    for (const module of list) this.append(module)
  }

  get length(): number {
    return this.entries.length
  }

  /** Adds a module at the end. */
  append(module: Module): this {
    checkModules(this.constructor.name, [module])
    this.addModule(String(this.entries.length), module)
    this.entries.push(module)
    return this
  }

  /** The module at a position; negative counts from the end. */
  at(index: number): Module {
    const module = this.entries.at(index)
    if (module === undefined) {
      throw new IndexError(`there is no module ${index}, it holds ${this.entries.length}`, {
        op: this.constructor.name,
      })
    }
    return module
  }

  [Symbol.iterator](): Iterator<Module> {
    return this.entries[Symbol.iterator]()
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
    for (let i = 0; i < this.entries.length; i++) out = this.entries[i].forward(out)
    return out
  }
}

/** Modules in a list, for a forward of your own. @see https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html */
export class ModuleList extends Listed {
  constructor(modules: Iterable<Module> = []) {
    super('ModuleList', modules)
  }
}

/** Modules by name, for a forward of your own. @see https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html */
export class ModuleDict extends Module {
  constructor(modules: Record<string, Module> = {}) {
    super()
    checkModules('ModuleDict', Object.values(modules))
    for (const [name, module] of Object.entries(modules)) this.set(name, module)
  }

  get(name: string): Module {
    const module = new Map(this.namedChildren()).get(name)
    if (module === undefined) {
      throw new IndexError(
        `there is no module '${name}', it holds ${
          this.keys()
            .map(k => `'${k}'`)
            .join(', ') || 'none'
        }`,
        { op: 'ModuleDict' },
      )
    }
    return module
  }

  set(name: string, module: Module): this {
    this.addModule(name, module)
    return this
  }

  keys(): string[] {
    return [...this.namedChildren()].map(([name]) => name)
  }

  /** [name, module] pairs. */
  [Symbol.iterator](): Iterator<[string, Module]> {
    return this.namedChildren()
  }
}
