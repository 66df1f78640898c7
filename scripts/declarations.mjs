// Leaves in dist/ the declarations that a program can see: those that the types of index.d.ts and doctor/index.d.ts lead to. The
// compiler writes one file of declarations per module, of all that modules show to each other.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const dist = path.join(import.meta.dirname, '../dist')
const ENTRIES = ['index.d.ts', 'doctor/index.d.ts']

/** Without comments, also one that has not ended, and strings. */
const bare = text =>
  text
    .replace(/\/\*[\s\S]*?(?:\*\/|$)/g, '')
    .replace(/\/\/.*/g, '')
    .replace(/'[^'\n]*'|"[^"\n]*"/g, "''")
const words = text => new Set(text.match(/[\w$]+(?:\.[\w$]+)?/g)?.flatMap(word => [word, word.split('.')[0]]))

/** The statements of a file, each with the comment before it. */
function statements(text) {
  const found = []
  let lines = []
  for (const line of text.split('\n')) {
    lines.push(line)
    const code = bare(lines.join('\n')).trim()
    const depth = code.replace(/=>/g, '').match(/[{([<]/g)?.length ?? 0
    const closed = code.replace(/=>/g, '').match(/[})\]>]/g)?.length ?? 0
    const block = /^(?:export )?(?:declare )?(?:abstract )?(?:interface|class|module) /.test(code)
    if (depth !== closed || !(code.endsWith(';') || (block && code.endsWith('}')))) continue
    found.push({ text: lines.join('\n').trimStart(), code })
    lines = []
  }
  return found
}

/** What `{ a, type b as c }` lists: [[a, a], [b, c]]. */
const listed = list =>
  list
    .split(',')
    .map(name => name.trim().replace(/^type /, ''))
    .filter(Boolean)
    .map(name => name.split(' as '))
    .map(([name, local = name]) => [name, local])

function read(file) {
  const all = statements(readFileSync(path.join(dist, file), 'utf8'))
  const module = {
    statements: all,
    kept: new Set(),
    declared: new Map(),
    imported: new Map(),
    named: new Map(),
    all: [],
    around: [],
  }
  for (const statement of all) {
    const from = / from '(\.[^']*)\.js';$|^import '(\.[^']*)\.js';$/.exec(statement.text)
    const target = from && path.join(path.dirname(file), `${from[1] ?? from[2]}.d.ts`)
    const list = /\{([^}]*)\} from /.exec(statement.text)?.[1]
    const whole = /\* as (\w+) from /.exec(statement.text)?.[1]
    if (statement.code.startsWith('import ')) {
      for (const [name, local] of list ? listed(list) : []) module.imported.set(local, { statement, target, name })
      if (whole) module.imported.set(whole, { statement, target, name: '*' })
      if (!list && !whole) module.around.push({ statement, target })
    } else if (from) {
      for (const [name, local] of list ? listed(list) : []) module.named.set(local, { statement, target, name })
      if (whole) module.named.set(whole, { statement, target, name: '*' })
      if (!list && !whole) module.all.push({ statement, target })
    } else if (/^declare module /.test(statement.code)) module.around.push({ statement })
    else if (statement.code !== 'export {};') {
      const [, name] =
        /^(?:export )?(?:declare )?(?:abstract )?(?:interface|class|type|function|const|let|enum) ([\w$]+)/.exec(
          statement.code,
        )
      module.declared.set(name, [...(module.declared.get(name) ?? []), statement])
    }
  }
  return module
}

const modules = new Map()
const moduleOf = file => modules.get(file) ?? modules.set(file, read(file)).get(file)

/** Keeps a statement and what it speaks of. */
function keep(module, statement) {
  if (module.kept.has(statement)) return
  module.kept.add(statement)
  for (const word of words(statement.code)) {
    const [space, member] = word.split('.')
    if (module.declared.has(word)) for (const own of module.declared.get(word)) keep(module, own)
    const there = module.imported.get(space)
    if (!there) continue
    module.kept.add(there.statement)
    there.used ??= true
    if (!there.target) continue
    if (there.name !== '*') need(there.target, there.name)
    else if (member) need(there.target, member)
  }
}

/** Keeps what a module exports under a name: '*' is all. @returns whether it has that name */
function need(file, name) {
  const module = moduleOf(file)
  visit(module)
  if (name === '*') {
    for (const own of module.declared.values()) for (const s of own) if (s.code.startsWith('export ')) keep(module, s)
    for (const local of module.named.keys()) need(file, local)
    for (const { statement, target } of module.all) {
      module.kept.add(statement)
      need(target, '*')
    }
    return true
  }
  if (module.declared.has(name)) {
    for (const own of module.declared.get(name)) keep(module, own)
    return true
  }
  const there = module.named.get(name)
  if (there) {
    module.kept.add(there.statement)
    there.used = true
    return need(there.target, there.name)
  }
  return module.all.some(({ statement, target }) => need(target, name) && module.kept.add(statement))
}

const visited = new Set()

/** Keeps what a module adds to others, and goes on to those that it imports. */
function visit(module) {
  if (visited.has(module)) return
  visited.add(module)
  for (const { statement, target } of module.around) {
    keep(module, statement)
    if (target) visit(moduleOf(target))
  }
}

/** The statement with those names alone that are kept. */
function trimmed(module, statement) {
  const used = [...module.imported, ...module.named].filter(([, there]) => there.statement === statement)
  if (used.length === 0 || /\* as /.test(statement.code)) return statement.text
  const names = used.filter(([, there]) => there.used).map(([local]) => local)
  return statement.text.replace(/\{([^}]*)\}/, (_, list) => {
    const left = list
      .split(',')
      .map(name => name.trim())
      .filter(name => names.includes(name.replace(/^(?:type )?(?:.* as )?/, '')))
    return `{ ${left.join(', ')} }`
  })
}

for (const entry of ENTRIES) need(entry, '*')
for (const name of readdirSync(dist, { recursive: true }).filter(name => name.endsWith('.d.ts'))) {
  const module = modules.get(name)
  const kept = module?.statements.filter(statement => module.kept.has(statement)) ?? []
  const lines = kept.map(statement => trimmed(module, statement))
  if (!kept.some(({ code }) => /^(?:import|export) /.test(code))) lines.push('export {};')
  if (kept.length > 0) writeFileSync(path.join(dist, name), `${lines.join('\n')}\n`)
  else rmSync(path.join(dist, name))
}
