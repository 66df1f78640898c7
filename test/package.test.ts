// What is published: every declaration that a program's types lead to, and the files that the command starts.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
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
    'dist/operations.cjs',
    'dist/training.cjs',
  ]
  started.push('dist/doctor/script.js', 'dist/doctor/live.js', 'dist/cli/register.js', 'dist/cli/typescript.js')
  for (const file of started) t.true(packed.has(file) && existsSync(path.join(root, file)), file)
  t.false([...packed].some(file => file.startsWith('dist/doctor/rules')))
})

test('where there is no binary for a platform, the error says how to build one', t => {
  const place = mkdtempSync(path.join(tmpdir(), 'glorot-'))
  t.teardown(() => rmSync(place, { recursive: true }))
  mkdirSync(path.join(place, 'dist'))
  for (const file of ['package.json', 'dist/index.js']) copyFileSync(path.join(root, file), path.join(place, file))
  symlinkSync(path.join(root, 'node_modules'), path.join(place, 'node_modules'))
  const args = ['--input-type=module', '--eval', "import './dist/index.js'"]
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: place, encoding: 'utf8' })
  t.is(status, 1)
  t.true(
    stderr.includes(`no native binary for ${process.platform}-${process.arch}, Node ${process.versions.node}; where`),
  )
  t.regex(
    stderr,
    /cmake and a C\+\+17 compiler, clone its repository, run `npm ci` there, and `npm install` that folder/,
  )
})
