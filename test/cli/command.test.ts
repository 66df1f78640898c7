// The command itself: help, what it refuses, what it says of this installation.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { buildInfo } from 'glorot'
import { glorot, root, write } from './run.js'

const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

test('--version, and no more', async t => {
  t.deepEqual(await glorot(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
})

test('--help, and no argument at all, say what there is', async t => {
  const { code, stdout } = await glorot(['--help'])
  t.is(code, 0)
  for (const word of ['glorot [options] [command]', 'doctor', 'info', '--version']) t.true(stdout.includes(word), word)
  t.deepEqual(await glorot([]), { code: 0, stdout, stderr: '' })
})

test('doctor --help tells options, examples and exit codes', async t => {
  const { code, stdout } = await glorot(['doctor', '--help'])
  t.is(code, 0)
  for (const word of ['<script>', '--html <file>', '--json', '--serve', 'glorot doctor train.ts', 'Exit code:'])
    t.true(stdout.includes(word), word)
  for (const line of stdout.split('\n')) t.true(line.length <= 100, line)
})

const refused: Record<string, [string[], RegExp]> = {
  'an unknown option': [['doctor', '--htlm', 'x.html', 'a.js'], /unknown option '--htlm'\n\(Did you mean --html\?\)/],
  'an unknown option after the script': [
    ['doctor', 'a.js', '--jsn'],
    /unknown option '--jsn'\n\(Did you mean --json\?\)/,
  ],
  'an unknown command': [['doctro'], /unknown command 'doctro'\n\(Did you mean doctor\?\)/],
  'no script': [['doctor'], /missing required argument 'script'/],
  'a missing value': [['doctor', 'a.js', '--html'], /option '--html <file>' argument missing/],
  'an argument too many': [['info', 'more'], /too many arguments/],
  'a script that is not there': [['doctor', 'tran.mjs'], /there is no file 'tran\.mjs', did you mean 'train\.mjs'\?/],
  'a folder': [['doctor', '.'], /'\.' is not a file/],
  'a file that is no script': [['doctor', 'notes.txt'], /'notes\.txt' is no script: expected a file that ends in \.js/],
}
write('train.mjs', '')
write('notes.txt', '')
for (const [what, [args, message]] of Object.entries(refused)) {
  test(`refuses ${what}`, async t => {
    const { code, stdout, stderr } = await glorot(args)
    t.is(code, 2)
    t.is(stdout, '')
    t.regex(stderr, message)
    t.false(/\n\s+at /.test(stderr), stderr)
  })
}

test('info: version, instruction set, threads, Node', async t => {
  const { isa, isas, threads } = buildInfo()
  const { code, stdout } = await glorot(['info'])
  t.is(code, 0)
  t.regex(stdout, new RegExp(`^glorot +${version}$`, 'm'))
  t.regex(stdout, new RegExp(`^instruction set +${isa}`, 'm'))
  t.regex(stdout, new RegExp(`^threads +${threads}$`, 'm'))
  t.regex(stdout, new RegExp(`^Node +${process.versions.node}$`, 'm'))
  const json = JSON.parse((await glorot(['info', '--json'])).stdout)
  t.deepEqual(json, {
    version,
    isa,
    isas,
    threads,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  })
})
