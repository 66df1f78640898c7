// Runs every suite, or those named, each in a process of its own: `npm run bench`, `npm run bench -- step matmul`.
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const suites = ['dispatch', 'elementwise', 'matmul', 'step', 'passes', 'dataLoader']
const named = process.argv.slice(2)
const unknown = named.filter(n => !suites.includes(n))
if (unknown.length > 0) throw new Error(`no suite ${unknown.join(', ')}; there are ${suites.join(', ')}`)

for (const name of named.length > 0 ? named : suites) {
  const { status } = spawnSync(process.execPath, [path.join(import.meta.dirname, `${name}.js`)], { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
