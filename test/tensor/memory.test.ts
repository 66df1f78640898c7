// The memory of collected tensors is used again (native/memory.cpp), in a process of its own that counts its page faults.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'

const root = path.join(import.meta.dirname, '..', '..', '..')

const program = `
import { ones } from 'glorot'
const x = ones([1 << 20])
const turn = () => { for (let i = 0; i < 100; i++) x.add(x) }
turn()
const before = process.resourceUsage().minorPageFault
turn()
console.log((process.resourceUsage().minorPageFault - before) / 100)
`

function faultsPerAdd(environment: NodeJS.ProcessEnv): number {
  const args = ['--input-type=module', '--eval', program]
  return Number(execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', env: environment }))
}

const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }
const onGlibc = header.glibcVersionRuntime === undefined ? test.skip : test

onGlibc('a result of 1024 pages takes few of them anew', t => {
  const { GLIBC_TUNABLES, MALLOC_TRIM_THRESHOLD_, MALLOC_MMAP_THRESHOLD_, ...environment } = process.env
  t.true(faultsPerAdd(environment) < 200)
})

onGlibc("the caller's own settings of malloc stand", t => {
  t.true(faultsPerAdd({ ...process.env, MALLOC_TRIM_THRESHOLD_: '131072', MALLOC_MMAP_THRESHOLD_: '131072' }) > 500)
})

/** Megabytes of the main heap, and of a block of its own, that the kernel was asked to back by large pages (flag hg). */
const flagged = `
import { readFileSync } from 'node:fs'
import { ones } from 'glorot'
const kept = Array.from({ length: 40 }, () => ones([1 << 18]))
const block = ones([1 << 25])
let [heap, large] = [0, 0]
for (const mapping of readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
  const size = Number(/^Size: +([0-9]+)/m.exec(mapping)[1]) / 1024
  if (!/^VmFlags:.* hg/m.test(mapping)) continue
  if (/\\[heap\\]/.test(mapping)) heap += size
  else large += size
}
console.log(heap, large, kept.length, block.shape)
`

function largePages(environment: NodeJS.ProcessEnv, by: readonly string[] = []): number[] {
  const [command, ...args] = [...by, process.execPath, '--input-type=module', '--eval', flagged]
  return execFileSync(command, args, { cwd: root, encoding: 'utf8', env: environment }).split(' ').map(Number)
}

const onLargePages = existsSync('/sys/kernel/mm/transparent_hugepage') ? onGlibc : test.skip

const { GLIBC_TUNABLES, MALLOC_TRIM_THRESHOLD_, MALLOC_MMAP_THRESHOLD_, ...unset } = process.env

onLargePages('tensors lie in memory that large pages were asked for', t => {
  const [heap, large] = largePages(unset)
  t.true(heap >= 40, `${heap} MB of the heap`)
  t.true(large >= 126, `${large} MB of a block of 128`)
})

// What setarch calls ADDR_COMPAT_LAYOUT comes with `ulimit -s unlimited` as well; Node may be built for a fixed place, hence the loader.
const below = ['setarch', '-L', '/lib64/ld-linux-x86-64.so.2']

function runsBelow(): boolean {
  try {
    execFileSync(below[0], [...below.slice(1), process.execPath, '--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const whereBlocksLieBelow = runsBelow() ? onLargePages : test.skip

whereBlocksLieBelow('also where blocks lie below the heap', t => {
  const [, large] = largePages(unset, below)
  t.true(large >= 126, `${large} MB of a block of 128`)
})

onLargePages("not where the caller's own settings of malloc stand", t => {
  t.deepEqual(largePages({ ...process.env, MALLOC_TRIM_THRESHOLD_: '131072' }).slice(0, 2), [0, 0])
})
