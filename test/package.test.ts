// What is published: every declaration that a program's types lead to, and the files that the command starts.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'

const root = path.join(import.meta.dirname, '../..')
const { files } = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }),
)[0] as { files: { path: string }[] }
const packed = new Set(files.map(f => f.path))

/** A declaration and all that it imports. */
function reach(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  const text = readFileSync(path.join(root, file), 'utf8')
  for (const [, name] of text.matchAll(/(?:from |import\(|import |module )'(\.[^']+)\.js'/g))
    reach(path.join(path.dirname(file), `${name}.d.ts`), seen)
  return seen
}

test('declarations are complete', t => {
  const needed = new Set([...reach('dist/index.d.ts'), ...reach('dist/doctor/index.d.ts')])
  t.true(needed.size > 100)
  t.deepEqual(
    [...needed].filter(file => !packed.has(file)),
    [],
  )
})

test('entries, parts, and what the command starts are there', t => {
  const started = [
    'dist/index.js',
    'dist/doctor/index.js',
    'dist/cli.js',
    'dist/cli.cjs',
    'dist/doctor.cjs',
    'dist/training.cjs',
  ]
  started.push('dist/doctor/script.js', 'dist/doctor/live.js', 'dist/cli/register.js', 'dist/cli/typescript.js')
  for (const file of started) t.true(packed.has(file) && existsSync(path.join(root, file)), file)
  t.false([...packed].some(file => file.startsWith('dist/doctor/rules')))
})
