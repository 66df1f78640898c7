// Names survive the bundle: a module prints its class's name, and a bundler renames what collides with another file's.

import test from 'ava'
import * as glorot from 'glorot'

/** Public functions and classes, as [path, value]. */
function* named(holder: object, prefix = ''): Generator<[string, { readonly name: string }]> {
  for (const [key, value] of Object.entries(holder)) {
    if (typeof value === 'function') yield [prefix + key, value]
    else yield* named(value, `${prefix}${key}.`)
  }
}

test('no public function or class bears a name that the bundler made up', t => {
  const all = [...named(glorot)].map(([path, { name }]) => [path.split('.').at(-1)!, name])
  const keys = new Set(all.map(([key]) => key))
  t.true(keys.has('Linear') && keys.has('gradcheck') && keys.has('xavierUniform_'))
  for (const [key, name] of all)
    t.true(name === key || name.replace(/^_|\d+$/g, '') !== key, `${key} is called ${name}`)
})
