// The memory of collected tensors is used again (native/memory.cpp), in a process of its own that counts its page faults.
import { execFileSync } from 'node:child_process'
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
