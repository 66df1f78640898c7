// The arrows between folders: core <- tensor <- autograd <- ops <- nn; optim, data beside nn. And one list of kernel sources.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'

const root = path.join(import.meta.dirname, '..', '..')

/** What a folder of src may import at run time. Types may point anywhere: they vanish when compiled. */
const allowed: Record<string, readonly string[]> = {
  core: ['core'],
  tensor: ['core', 'tensor'],
  autograd: ['core', 'tensor', 'autograd'],
  ops: ['core', 'tensor', 'autograd', 'ops'],
  nn: ['core', 'tensor', 'autograd', 'ops', 'nn'],
  optim: ['core', 'tensor', 'autograd', 'ops', 'nn', 'optim'],
  data: ['core', 'tensor', 'autograd', 'ops', 'data'],
  compile: ['core', 'tensor', 'autograd', 'data', 'compile'],
  doctor: ['core', 'tensor', 'autograd', 'ops', 'nn', 'optim', 'data', 'compile', 'doctor'],
  cli: ['core', 'doctor', 'cli'],
}

function sources(folder: string): string[] {
  return readdirSync(path.join(root, 'src', folder), { recursive: true, encoding: 'utf8' })
    .filter(f => f.endsWith('.ts'))
    .map(f => path.join(folder, f))
}

/** Folders that a file imports values from, and the names of the files. */
function imports(file: string): string[] {
  const text = readFileSync(path.join(root, 'src', file), 'utf8')
  const found = [...text.matchAll(/^(?:import|export)\s+(?!type\b)[^;]*?from\s+'(\.[^']*)'|^import\s+'(\.[^']*)'/gm)]
  return found.map(m => path.join(path.dirname(file), m[1] ?? m[2]))
}

test('imports point down: core <- tensor <- autograd <- ops <- nn', t => {
  const folders = readdirSync(path.join(root, 'src'), { withFileTypes: true }).filter(e => e.isDirectory())
  for (const { name } of folders) {
    t.truthy(allowed[name], `src/${name} has no line in this test`)
    for (const file of sources(name)) {
      for (const target of imports(file)) {
        if (target.startsWith('..')) continue
        t.true(allowed[name].includes(target.split(path.sep)[0]), `src/${file} imports ${target}`)
      }
    }
  }
})

test('only the seam knows the native binary', t => {
  const users = readdirSync(path.join(root, 'src'), { withFileTypes: true })
    .filter(e => e.isDirectory())
    .flatMap(e => sources(e.name))
    .filter(f => imports(f).some(i => i.endsWith('binding.js')))
  t.deepEqual(users.sort(), ['core/dispatch.ts', 'core/info.ts', 'core/storage.ts'])
})

test('every kernel family is in the build and in the table', t => {
  const families = readdirSync(path.join(root, 'native/kernels'))
    .filter(f => f.endsWith('.cpp') && f !== 'table.cpp')
    .map(f => f.slice(0, -4))
  const cmake = readFileSync(path.join(root, 'CMakeLists.txt'), 'utf8').match(/set\(GLOROT_FAMILIES([^)]*)\)/)![1]
  t.deepEqual(cmake.trim().split(/\s+/).sort(), families.sort())
})

test('files keep to one purpose: at most 400 lines', t => {
  const all = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter(f => f.endsWith('.ts'))
  for (const f of all) t.true(readFileSync(path.join(root, 'src', f), 'utf8').split('\n').length <= 400, `src/${f}`)
})
