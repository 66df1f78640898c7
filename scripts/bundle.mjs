// Bundles src/ into dist/: index.js, and parts that it reads when a name of theirs is first used (src/core/parts.ts).
// A module belongs to the first part that reaches it; later parts ask for it as '#part/module', so that there is one Tensor class.
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transformSync } from 'esbuild'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const src = path.join(root, 'src')
const dist = path.join(root, 'dist')

/** The entries of every part. Those of operations and training are named in index.ts, and index.js leaves them to their part. */
const PARTS = {
  index: ['index'],
  operations: [
    ...[
      'bounds',
      'choice',
      'einsum',
      'extremum',
      'fill',
      'gated',
      'gather',
      'indexing',
      'join',
      'linear',
      'pad',
      'piece',
    ],
    ...['plane', 'power', 'rearrange', 'slice', 'softmax'],
  ]
    .map(family => `ops/${family}`)
    .concat('autograd/index'),
  training: ['nn/index', 'nn/summary', 'optim/index', 'data/index', 'compile/compile'],
  doctor: ['doctor/index', 'doctor/script/preload', 'doctor/live/server'],
  cli: ['cli/main'],
}

const options = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  external: ['node-gyp-build', 'commander', '@swc/wasm-typescript'],
  // Of d3-scale the scales alone: without colours and dates to interpolate, and number formats, it is a quarter of the size.
  alias: { 'd3-interpolate': './src/doctor/render/html/d3.ts', 'd3-format': './src/doctor/render/html/d3.ts' },
  target: 'node20',
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
  logLevel: 'warning',
}

/** An import of './file?text' is that file as text, minified: what the doctor's pages consist of. */
const text = {
  name: 'text',
  setup(builder) {
    builder.onResolve({ filter: /\?text$/ }, ({ path: name, resolveDir }) => ({
      path: path.resolve(resolveDir, name.replace(/\?text$/, '')),
      namespace: 'text',
    }))
    builder.onLoad({ filter: /./, namespace: 'text' }, async ({ path: file }) => {
      const page = { entryPoints: [file], bundle: true, format: 'iife', minify: true, target: 'es2022', write: false }
      // Curves have one colour for light and dark: oklch stays as it is.
      const { outputFiles } = await build({ ...page, supported: { 'color-functions': true } })
      return { contents: outputFiles[0].text.trim(), loader: 'text' }
    })
  },
}

const file = module => path.join(src, `${module}.ts`)
const moduleOf = absolute => path.relative(src, absolute).replace(/\.ts$/, '').replaceAll(path.sep, '/')

/** Imports and exports of every module. */
async function survey() {
  const entryPoints = readdirSync(src, { recursive: true })
    .filter(name => name.endsWith('.ts'))
    .map(name => path.join(src, name))
  const all = {
    ...options,
    entryPoints,
    outdir: dist,
    outbase: src,
    format: 'esm',
    splitting: true,
    metafile: true,
    write: false,
    plugins: [text],
  }
  const { metafile } = await build(all)
  const imports = {}
  for (const [input, { imports: list }] of Object.entries(metafile.inputs))
    imports[moduleOf(path.join(root, input))] = list
      .filter(i => !i.external)
      .map(i => moduleOf(path.join(root, i.path)))
  const exports = {}
  for (const { entryPoint, exports: names } of Object.values(metafile.outputs))
    if (entryPoint) exports[moduleOf(path.join(root, entryPoint))] = names
  return { imports, exports }
}

const LATE = ['operations', 'training']
/** The part that index.js leaves a module to, if it does. */
const lateIn = module => LATE.find(part => PARTS[part].includes(module))

/** The part of every module. */
function assign(imports) {
  const owner = {}
  for (const [part, entries] of Object.entries(PARTS)) {
    const visit = (module, by) => {
      if (module in owner) return
      if (part === 'index' && lateIn(module)) throw new Error(`${by} imports ${module}, which is to be read late`)
      owner[module] = part
      for (const next of imports[module]) if (module !== 'index' || !lateIn(next)) visit(next, module)
    }
    for (const entry of entries) visit(entry)
  }
  return owner
}

const { imports, exports } = await survey()
const owner = assign(imports)
/** What later parts ask of a part: names by module. */
const asked = Object.fromEntries(Object.keys(PARTS).map(part => [part, {}]))

/** Leaves modules of earlier parts to them. */
const borrow = part => ({
  name: 'borrow',
  setup(builder) {
    builder.onResolve({ filter: /^\.\.?\// }, ({ path: wanted, resolveDir, kind }) => {
      if (kind === 'entry-point') return
      const module = moduleOf(path.join(resolveDir, wanted.replace(/\.js$/, '')))
      if (!(module in owner) || owner[module] === part) return
      return { path: `#${owner[module]}/${module}`, external: true }
    })
  },
})

/** Imports, and an object literal, of what later parts ask of this one: { module: { name: value } }. */
function lend(part) {
  const imported = []
  const modules = Object.entries(asked[part]).map(([module, names], m) => {
    const text = readFileSync(file(module), 'utf8')
    const entries = [...names].map((name, n) => {
      if (new RegExp(`^export let ${name}\\b`, 'm').test(text))
        throw new Error(`${module}: ${name} changes, another part would not see it`)
      imported.push(`import { ${name} as lent${m}_${n} } from './${module}.js'`)
      return `${name}: lent${m}_${n}`
    })
    return `'#${part}/${module}': { ${entries.join(', ')} }`
  })
  return { imports: imported.join('\n'), modules: `{ ${modules.join(', ')} }` }
}

/** A line of index.ts that names another module: its path is the first group. */
const naming = /^(?:export [^;]*? from|import) '\.\/(.*)\.js'$/gm

/** A function that calls the one of a part, with as many parameters. */
function forwarder(name, module, part) {
  const { code } = transformSync(readFileSync(file(module), 'utf8'), { loader: 'ts' })
  const head = new RegExp(`^export (?:function ${name}|const ${name} = )\\((.*?)\\) (?:\\{$|=>)`, 'm').exec(code)
  if (!head) throw new Error(`index.ts: ${name} would be read late, but ${module} has no plain function of that name`)
  const { length } = new Function(head[1], '')
  const parameters = Array.from({ length }, (_, i) => `a${i}`)
  return `export function ${name}(${parameters}) { return (${part} ??= part('${part}')).${name}(...arguments) }`
}

/** A line of index.ts, or what reads the part that the line's names are in. */
function early(line, module) {
  const part = lateIn(module)
  if (!part) return line
  const [, whole] = line.match(/^export \* as (\w+)/) ?? []
  if (whole) return `export const ${whole} = lazily(${JSON.stringify(exports[module])}, () => part('${part}').${whole})`
  const names = (line.match(/\{([^}]*)\}/)?.[1] ?? '').split(',').map(n => n.trim())
  const values = names.filter(name => name && !name.startsWith('type '))
  return values.map(name => forwarder(name, module, part)).join('\n')
}

/** The methods of Tensor that the modules of a part add. */
function methods(part) {
  const names = []
  for (const module of Object.keys(owner).filter(module => owner[module] === part)) {
    const text = readFileSync(file(module), 'utf8')
    const found = [...text.matchAll(/^Tensor\.prototype\.(\w+) = /gm)].map(([, name]) => name)
    if (text.split('Tensor.prototype').length - 1 > found.length)
      throw new Error(`${module} is read late: let its methods read Tensor.prototype.name = …`)
    names.push(...found)
  }
  return names
}

function indexSource() {
  const { imports, modules } = lend('index')
  return `${readFileSync(file('index'), 'utf8').replace(naming, early)}
import { lateMethods, lazily, lendAll, part } from './core/parts.js'
import { Tensor } from './tensor/tensor.js'
${imports}
let ${LATE}
lendAll(() => (${modules}))
lateMethods(Tensor.prototype, ${JSON.stringify(methods('operations'))}, 'operations')
Object.defineProperty(Tensor, Symbol.for('glorot.part'), { value: part })`
}

/** A part exports its entries, under the names that index.ts gives them if it does. */
function partSource(part) {
  const named = [...readFileSync(file('index'), 'utf8').matchAll(naming)]
  const entries = PARTS[part].flatMap(entry => {
    const lines = named.filter(([, module]) => module === entry).map(([line]) => line)
    return lines.length > 0 ? lines : [`export * from './${entry}.js'`]
  })
  const { imports, modules } = lend(part)
  return `${entries.join('\n')}\n${imports}\nObject.assign(modules, ${modules})`
}

/** Imports as constants. By hand: in esbuild's own form every use reads the name from its module, which is longer by a third. */
function required(code) {
  const statement = /\bimport(?:\*as ([\w$]+) from| ?([\w$]+) ?from|(\{[^}]*\})from|)("[^"\n]+");?/g
  return code.replace(statement, (_, all, main, list, id) => {
    const names = list ? list.slice(1, -1).split(',') : []
    const pairs = names.map(name => name.trim().split(' as '))
    const [, part, module] = /^"#(\w+)\/(.*)"$/.exec(id) ?? []
    if (part) {
      asked[part][module] ??= new Set()
      for (const name of all ? exports[module] : pairs.map(([name]) => name)) asked[part][module].add(name)
    }
    const taken = all ?? main ?? (list && `{${pairs.map(pair => pair.join(':'))}}`)
    return `${taken ? `const ${taken}=` : ''}require(${id});`
  })
}

/** Shortens what functions call their own. Functions and classes keep the names that users see: a script's top level is left alone. */
function shortened(code) {
  const { target, lineLimit } = options
  return transformSync(code, { minify: true, target, lineLimit }).code
}

/** index.js is a module; a part is a function of the modules read so far, the loader of others and the place of index.js; strict, as modules are. */
function finished(part, code) {
  const [, names] = /\bexport\{([^}]*)\};?\s*$/.exec(code)
  const body = shortened(required(code.slice(0, code.lastIndexOf('export{'))))
  if (part === 'index') return `const url=import.meta.url;${body}export{${names}}\n`
  return `module.exports=function(modules,require,url){'use strict';${body}return{${names.replace(/([\w$]+)\s+as\s+([\w$]+)/g, '$2:$1')}}}\n`
}

// Last to first, since a part must know what the later ones ask of it.
for (const part of Object.keys(PARTS).reverse()) {
  const stdin = { contents: part === 'index' ? indexSource() : partSource(part), resolveDir: src, loader: 'ts' }
  const define = { 'import.meta.url': 'url' }
  const plugins = [text, borrow(part)]
  const { outputFiles } = await build({ ...options, stdin, define, plugins, format: 'esm', write: false })
  await writeFile(path.join(dist, part === 'index' ? 'index.js' : `${part}.cjs`), finished(part, outputFiles[0].text))
}

/** What users import: the names of the part `name`, seen from `place`. With `run`, a program that does this. */
const front = (place, name, names, run) => {
  const up = path.posix.relative(path.posix.dirname(place), 'index.js').replace(/^(?!\.)/, './')
  const load = `import { Tensor } from '${up}'\nconst part = Tensor[Symbol.for('glorot.part')]('${name}')\n`
  const text = run
    ? `#!/usr/bin/env node\n${load}part.${run}\n`
    : load + names.map(n => `export const ${n} = part.${n}\n`).join('')
  return writeFile(path.join(dist, place), text, { mode: run ? 0o755 : 0o644 })
}
await front('doctor/index.js', 'doctor', exports['doctor/index'])
await front('doctor/script.js', 'doctor', ['watchScript'], 'watchScript()')
await front('doctor/live.js', 'doctor', ['serveLive'], 'serveLive()')
await front('cli.js', 'cli', ['main'], 'main(process.argv.slice(2))')
// Beside the library: these serve Node's own loader.
await build({
  ...options,
  entryPoints: ['register', 'typescript'].map(name => file(`cli/${name}`)),
  bundle: false,
  external: undefined,
  alias: undefined,
  format: 'esm',
  outdir: path.join(dist, 'cli'),
})
