// Settings of layers: what their properties held when a function came to them. It read them as JavaScript does, so that a replay holds
// only while they are what they were.

type Key = string | number

/** Entries of an array or a plain object that are looked at: those of a kernel's size, not those of a data set. */
const MOST = 64

const isPlain = (x: unknown): x is object =>
  typeof x === 'object' && x !== null && (Array.isArray(x) || Object.getPrototypeOf(x) === Object.prototype)

const keyOf = (name: string): Key => (/^\d+$/.test(name) ? Number(name) : name)

export class Settings {
  private readonly seen = new Set<object>()
  // Lists, as they are gone through before every replay.
  private holders: object[] = []
  private keys: Key[] = []
  private values: unknown[] = []
  /** What the function left in the properties that it changed. */
  changed: readonly unknown[] = []

  /** Notes the properties of a module, and what arrays and plain objects in them hold. */
  note(module: object): void {
    if (this.seen.has(module)) return
    this.properties(module)
    // A list of modules that grows: its length takes longer to ask for.
    let next = 0
    while (Object.hasOwn(module, next)) next++
    if (next > 0) this.add(module, next)
  }

  private properties(holder: object): void {
    this.seen.add(holder)
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      if (!property.enumerable || !('value' in property)) continue
      this.add(holder, keyOf(name))
      const { value } = property
      if (!isPlain(value) || this.seen.has(value)) continue
      if (Array.isArray(value)) this.add(value, 'length')
      if (Object.keys(value).length <= MOST) this.properties(value)
    }
  }

  private add(holder: object, key: Key): void {
    this.holders.push(holder)
    this.keys.push(key)
    this.values.push(now(holder, key))
  }

  /** Leaves out what the function itself changed: its effects are not repeated. */
  finish(): void {
    const found = this.holders.map((holder, i) => now(holder, this.keys[i]))
    const kept = found.map((value, i) => Object.is(value, this.values[i]))
    this.changed = found.filter((_, i) => !kept[i])
    this.holders = this.holders.filter((_, i) => kept[i])
    this.keys = this.keys.filter((_, i) => kept[i])
    this.values = this.values.filter((_, i) => kept[i])
    this.seen.clear()
  }

  hold(): boolean {
    const { holders, keys, values } = this
    for (let i = 0; i < holders.length; i++) if (!Object.is(now(holders[i], keys[i]), values[i])) return false
    return true
  }
}

const now = (holder: object, key: Key): unknown => (holder as Record<Key, unknown>)[key]
