// Bundles src/ into dist/: index.js, and parts that it reads when a name of theirs is first used (src/core/parts.ts).
// A module belongs to the first part that reaches it; later parts ask for it as '#part/module', so that there is one Tensor class.
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const src = path.join(root, 'src')
const dist = path.join(root, 'dist')

/** What index.ts exports but index.js leaves to the part 'training'. */
const LAZY = ['nn/index', 'nn/summary', 'optim/index', 'data/index', 'compile/compile']
const PARTS = {
  index: ['index'],
  training: LAZY,
  doctor: ['doctor/index', 'doctor/script/preload', 'doctor/live/server'],
  cli: ['cli/main'],
}

const options = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  external: ['#native', 'node-gyp-build', 'commander', '@swc/wasm-typescript'],
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

/** The part of every module. */
function assign(imports) {
  const owner = {}
  for (const [part, entries] of Object.entries(PARTS)) {
    const visit = module => {
      if (module in owner) return
      owner[module] = part
      for (const next of imports[module]) if (module !== 'index' || !LAZY.includes(next)) visit(next)
    }
    entries.forEach(visit)
  }
  return owner
}

const { imports, exports } = await survey()
const owner = assign(imports)
/** Modules of a part that later ones ask for. */
const asked = Object.fromEntries(Object.keys(PARTS).map(part => [part, new Set()]))

/** Leaves modules of earlier parts to them. */
const borrow = part => ({
  name: 'borrow',
  setup(builder) {
    builder.onResolve({ filter: /^\.\.?\// }, ({ path: wanted, resolveDir, kind }) => {
      if (kind === 'entry-point') return
      const module = moduleOf(path.join(resolveDir, wanted.replace(/\.js$/, '')))
      if (!(module in owner) || owner[module] === part) return
      asked[owner[module]].add(module)
      return { path: `#${owner[module]}/${module}`, external: true }
    })
  },
})

/** Imports, and an object literal, of what later parts ask of this one: { module: { name: value } }. */
function lend(part) {
  const imported = []
  const modules = [...asked[part]].map((module, m) => {
    const text = readFileSync(file(module), 'utf8')
    const entries = exports[module].map((name, n) => {
      const local = `lent${m}_${n}`
      imported.push(`import { ${name} as ${local} } from './${module}.js'`)
      return new RegExp(`^export let ${name}\\b`, 'm').test(text)
        ? `get ${name}() { return ${local} }`
        : `${name}: ${local}`
    })
    return `'#${part}/${module}': { ${entries.join(', ')} }`
  })
  return { imports: imported.join('\n'), modules: `{ ${modules.join(', ')} }` }
}

/** index.ts with its lazy names turned into what reads their part. */
function indexSource() {
  const text = readFileSync(file('index'), 'utf8').replace(/^export [^;]*? from '\.\/(.*)\.js'$/gm, (line, module) => {
    if (!LAZY.includes(module)) return line
    const [, whole] = line.match(/^export \* as (\w+)/) ?? []
    if (whole)
      return `export const ${whole} = lazily(${JSON.stringify(exports[module])}, () => part('training').${whole})`
    const names = line
      .match(/\{([^}]*)\}/)[1]
      .split(',')
      .map(n => n.trim())
    const values = names.filter(name => name && !name.startsWith('type '))
    const late = values.find(name => !/^[a-z]/.test(name))
    if (late)
      throw new Error(
        `index.ts: the class ${late} would be read late, and be another one to instanceof: export its type`,
      )
    return values.map(name => `export function ${name}(...all) { return part('training').${name}(...all) }`).join('\n')
  })
  const { imports, modules } = lend('index')
  return `${text}
import { lazily, lendAll, part } from './core/parts.js'
import { Tensor } from './tensor/tensor.js'
${imports}
lendAll(() => (${modules}))
Object.defineProperty(Tensor, Symbol.for('glorot.part'), { value: part })`
}

/** A part exports its entry; the lazy ones, their namespaces and functions under the names that index.ts gives them. */
function partSource(part) {
  const lines = readFileSync(file('index'), 'utf8').match(/^export [^;]*? from '\.\/(.*)\.js'$/gm)
  const own = part === 'training' ? lines.filter(line => LAZY.includes(line.match(/'\.\/(.*)\.js'/)[1])) : []
  const entries = part === 'training' ? own : PARTS[part].map(entry => `export * from './${entry}.js'`)
  const { imports, modules } = lend(part)
  return `${entries.join('\n')}\n${imports}\nObject.assign(modules, ${modules})`
}

const contents = source => ({ contents: source, resolveDir: src, loader: 'ts' })

/** A function of the modules read so far, the loader of others and the place of index.js: see `Part` in src/core/parts.ts. */
const wrap = {
  format: 'cjs',
  define: { 'import.meta.url': 'url' },
  banner: { js: 'module.exports=function(modules,require,url){var module={exports:{}},exports=module.exports;' },
  footer: { js: 'return module.exports}' },
}

// Last to first, since a part must know what the later ones ask of it.
for (const part of Object.keys(PARTS).reverse()) {
  const common = { ...options, plugins: [text, borrow(part)] }
  if (part === 'index') {
    await build({ ...common, stdin: contents(indexSource()), format: 'esm', outfile: path.join(dist, 'index.js') })
    continue
  }
  await build({ ...common, ...wrap, stdin: contents(partSource(part)), outfile: path.join(dist, `${part}.cjs`) })
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
