// What glorot costs before it computes anything: the time of its import and the size of its package.
import { execFileSync } from 'node:child_process'
import type { Line } from './result.js'
import { median } from './statistics.js'

const GROUP = 'Footprint'
const IMPORTS = 21

const program = `
const start = performance.now()
await import('glorot')
console.log(performance.now() - start)
`

/** Milliseconds of `import 'glorot'` in a fresh process. */
function importTime(root: string): number {
  const args = ['--input-type=module', '--eval', program]
  return Number(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }))
}

interface Pack {
  readonly size: number
  readonly files: readonly { readonly path: string }[]
}

export function* footprint(root: string): Generator<Line> {
  importTime(root)
  const times = Array.from({ length: IMPORTS }, () => importTime(root))
  const title = `import 'glorot' in a fresh process, of ${IMPORTS}`
  const [low, high] = [Math.min(...times), Math.max(...times)]
  yield { group: GROUP, title, unit: 'ms', figure: median(times), low, high, target: 15 }

  const packing = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [pack]: Pack[] = JSON.parse(execFileSync('npm', packing, { cwd: root, encoding: 'utf8' }))
  const prebuilds = pack.files.filter(f => f.path.endsWith('.node')).length
  const name = 'packed tarball with one prebuild'
  if (prebuilds === 1) yield { group: GROUP, title: name, unit: 'kB', figure: pack.size / 1000, target: 1000 }
  else yield { group: GROUP, title: name, reason: `prebuilds/ holds ${prebuilds}; make one: npm run make-prebuild` }
}
