// The library comes in parts: the first, tensors, their gradients and the commoner operations, is what `import 'glorot'` reads;
// scripts/bundle.mjs puts the rest into files of their own, read when a name of theirs is first used. To read all
// at once takes three times as long.

type Namespace = Record<string, unknown>
type Part = (modules: Record<string, Namespace>, require: (id: string) => unknown, url: string) => Namespace

let require: NodeJS.Require | undefined

function load(id: string): unknown {
  require ??= process.getBuiltinModule('node:module').createRequire(import.meta.url)
  return require(id)
}

/** Modules of the parts read so far, by the names that later parts ask for them. */
let modules: Record<string, Namespace> | undefined
let lent = () => ({}) as Record<string, Namespace>

/** Says what the first part lends to the later ones: made when the first of those is read. */
export function lendAll(all: () => Record<string, Namespace>): void {
  lent = all
}

const parts: Record<string, Namespace> = {}

/** What a part calls `require`: '#part/module' is a module of an earlier part. */
function find(id: string): unknown {
  if (!id.startsWith('#')) return load(id)
  const name = id.slice(1, id.indexOf('/'))
  if (name !== 'index') part(name)
  return modules?.[id]
}

/** The exports of a part, which is read now if it has not been yet. */
export function part(name: string): Namespace {
  modules ??= lent()
  parts[name] ??= (load(`./${name}.cjs`) as Part)(modules, find, import.meta.url)
  return parts[name]
}

/** An object with these names, whose values are read with the part of the library that has them. */
export function lazily(names: readonly string[], namespace: () => Namespace): Namespace {
  const lazy: Namespace = Object.create(null, { [Symbol.toStringTag]: { value: 'Module' } })
  const settle = () => {
    const real = namespace()
    for (const name of names) Object.defineProperty(lazy, name, { value: real[name], enumerable: true })
    return Object.freeze(lazy)
  }
  for (const name of names)
    Object.defineProperty(lazy, name, { get: () => settle()[name], enumerable: true, configurable: true })
  return Object.preventExtensions(lazy)
}

/** Methods that a part puts on a prototype, before it has: the part is read when one of them is looked at. */
export function lateMethods(prototype: object, names: readonly string[], home: string): void {
  for (const name of names)
    Object.defineProperty(prototype, name, {
      get() {
        part(home)
        return this[name]
      },
      set(value) {
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true })
      },
      enumerable: true,
      configurable: true,
    })
}
