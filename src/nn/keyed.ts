// Modules that hold things by name, in order of insertion: what ModuleDict and ParameterDict share.
import { checkEntries, IndexError } from '../core/errors.js'
import { changed } from '../core/recording.js'
import { Module } from './module.js'

/** T is what is held, V what may be set. */
export abstract class Keyed<T, V = T> extends Module {
  /** @internal JavaScript itself puts properties that look like numbers first. */
  declare protected readonly _order: Set<string>

  /** @internal @param kind what is held, in messages */
  constructor(private readonly kind: string) {
    super()
    for (const [name, value] of Object.entries({ _order: new Set(), kind }))
      Object.defineProperty(this, name, { value, enumerable: false })
  }

  /** Sets one under a name, which keeps its place if it was there. */
  abstract set(name: string, value: V): this

  /** @internal Puts a name behind the others, if it is new. */
  protected _named(name: string): this {
    if (!this._order.has(name)) changed()
    this._order.add(name)
    return this
  }

  get length(): number {
    return this._order.size
  }

  has(name: string): boolean {
    return this._order.has(name)
  }

  /** @throws IndexError if there is none of that name */
  get(name: string): T {
    if (this._order.has(name)) return (this as unknown as Record<string, T>)[name]
    const names = this.keys().map(k => `'${k}'`)
    const message = `there is no ${this.kind} '${name}', it holds ${names.join(', ') || 'none'}`
    throw new IndexError(message, { op: this.constructor.name })
  }

  /** Sets several. */
  update(values: Record<string, V> | Iterable<readonly [string, V]>): this {
    for (const [name, value] of checkEntries(this.constructor.name, 'values', values)) this.set(name, value)
    return this
  }

  /** Takes one out and returns it. @throws IndexError if there is none of that name */
  pop(name: string): T {
    const value = this.get(name)
    changed()
    this._order.delete(name)
    delete (this as unknown as Record<string, T>)[name]
    return value
  }

  /** Takes all out. */
  clear(): void {
    for (const name of this.keys()) this.pop(name)
  }

  keys(): string[] {
    return [...this._order]
  }

  values(): T[] {
    return this.keys().map(name => this.get(name))
  }

  /** [name, value] pairs. */
  items(): [string, T][] {
    return this.keys().map(name => [name, this.get(name)])
  }

  protected override _registered(): [string, unknown][] {
    return [...super._registered().filter(([name]) => !this._order.has(name)), ...this.items()]
  }

  /** [name, value] pairs. */
  *[Symbol.iterator](): Iterator<[string, T]> {
    yield* this.items()
  }
}
