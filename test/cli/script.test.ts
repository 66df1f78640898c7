// A script under `glorot doctor` is what it is without: arguments, output, errors, exit code, module kinds, TypeScript.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'
import { folder, glorot, write } from './run.js'

const training = `
import { manualSeed, nn, optim, randn } from 'glorot'
manualSeed(0)
const model = new nn.Sequential(new nn.Linear(4, 8), new nn.Tanh(), new nn.Linear(8, 1))
const X = randn([64, 4])
const y = X.mul(X).sum(1, { keepdim: true })
const criterion = new nn.MSELoss()
const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 })
for (let step = 0; step < 30; step++) {
  optimizer.zeroGrad()
  const loss = criterion.forward(model.forward(X), y)
  loss.backward()
  optimizer.step()
  if (step % 10 === 0) console.log('step ' + step + ': ' + loss.item())
}
`

/** Ends with an error finding: equal weights. */
const sick = training.replace('const X =', 'for (const p of model.parameters()) nn.init.constant_(p, 1)\nconst X =')

test('a script prints what it prints without, then comes the report', async t => {
  const { code, stdout } = await glorot(['doctor', write('plain.mjs', training)])
  t.is(code, 0, stdout)
  t.regex(stdout, /^step 0: \d+\.\d+\nstep 10: /)
  t.regex(stdout, /glorot doctor\nSequential, 49 parameters · Adam\(lr 0\.01\) · MSELoss · watched 30 steps, /)
})

test('with --json, standard output is the report alone', async t => {
  const { stdout, stderr } = await glorot(['doctor', write('json.mjs', training), '--json'])
  const { version, meta, trace } = JSON.parse(stdout)
  t.is(version, 1)
  t.is(meta.steps, 30)
  t.is(trace.losses.length > 0, true)
  t.regex(stderr, /^step 0: /)
})

test('arguments after -- are the script’s', async t => {
  const file = write('args.mjs', 'console.log(JSON.stringify(process.argv.slice(1)))')
  const { stdout } = await glorot(['doctor', 'args.mjs', '--', '--epochs', '3', '--json'])
  t.deepEqual(JSON.parse(stdout), [file, '--epochs', '3', '--json'])
})

test('an error keeps its stack and its exit code, and the report is still printed', async t => {
  const { code, stdout, stderr } = await glorot(['doctor', write('throws.mjs', `${training}\nthrow new Error('boom')`)])
  t.is(code, 1)
  t.regex(stderr, /throws\.mjs:\d+\n\s*throw new Error\('boom'\)/)
  t.regex(stderr, /Error: boom\n\s+at .*throws\.mjs/)
  t.regex(stdout, /watched 30 steps/)
})

test('process.exit in the loop: that exit code, and a report of the steps before', async t => {
  const script = training.replace('optimizer.step()', 'optimizer.step(); if (step === 9) process.exit(7)')
  const { code, stdout } = await glorot(['doctor', write('exits.mjs', script)])
  t.is(code, 7)
  t.regex(stdout, /watched 10 steps/)
})

test('CommonJS, and a script that is asynchronous', async t => {
  const body = training.replace(
    "import { manualSeed, nn, optim, randn } from 'glorot'",
    "const { manualSeed, nn, optim, randn } = require('glorot')",
  )
  const { stdout } = await glorot([
    'doctor',
    write('common.cjs', `setTimeout(() => {${body}}, 10); console.log(require.main === module)`),
  ])
  t.regex(stdout, /^true\n/)
  t.regex(stdout, /watched 30 steps/)
})

test('TypeScript: enums, parameter properties, unused imports, files by the name of what they compile to', async t => {
  write('kinds.ts', 'export enum Kind { A = 5 }\nexport interface Shape { n: number }\n')
  write('shapes.ts', "export class Sized { constructor(readonly n: number) {} }\nexport * from './kinds.js'\n")
  const script = `
import { Kind, Shape, Sized } from './shapes.js'
import { nothing } from './kinds'
import { type Tensor } from 'glorot'
const shape: Shape = new Sized(Kind.A)
console.log(shape.n satisfies number, import.meta.url.slice(-8))
${training}
function last(): never {
  throw new Error('at the end' as string)
}
last()
`
  const file = write('typed.ts', script)
  const { code, stdout, stderr } = await glorot(['doctor', path.relative(folder, file)])
  t.is(code, 1)
  t.regex(stdout, /^5 typed\.ts\nstep 0: /)
  t.regex(stdout, /watched 30 steps/)
  const line = script.split('\n').findIndex(l => l.includes('at the end')) + 1
  t.true(stderr.includes(`typed.ts:${line}:`), stderr)
})

test('compiled steps are counted and judged like others', async t => {
  const script = sick
    .replace('manualSeed, nn', 'compile, manualSeed, nn')
    .replace(
      'for (let step',
      'const once = compile((a, b) => {\n  optimizer.zeroGrad()\n  const loss = criterion.forward(model.forward(a), b)\n  loss.backward()\n  optimizer.step()\n  return loss\n})\nfor (let step',
    )
    .replace(
      / {2}optimizer\.zeroGrad\(\)\n {2}const loss = criterion\.forward\(model\.forward\(X\), y\)\n {2}loss\.backward\(\)\n {2}optimizer\.step\(\)\n {2}if/,
      '  const loss = once(X, y)\n  if',
    )
  const { code, stdout } = await glorot(['doctor', write('compiled.mjs', script)])
  t.is(code, 1)
  t.regex(stdout, /watched 30 steps/)
  t.regex(stdout, /symmetric-init at 0/)
})

test('a mistake in TypeScript is shown where it is', async t => {
  const { code, stderr } = await glorot(['doctor', write('wrong.ts', '\nconst x: = 3\n')])
  t.is(code, 1)
  t.regex(stderr, /wrong\.ts:2\nconst x: = 3\n/)
})

test('a script that trains nothing', async t => {
  const { code, stderr } = await glorot(['doctor', write('nothing.mjs', "console.log('hello')")])
  t.is(code, 0)
  t.regex(stderr, /nothing to report: the script made no optimizer/)
})

test('exit code 1 where a finding is an error, though the script ends well', async t => {
  const { code, stdout } = await glorot(['doctor', write('sick.mjs', sick)])
  t.is(code, 1)
  t.regex(stdout, /✗ symmetric-init at 0 \(error\)/)
  t.regex(stdout, /nn\.init\.xavierUniform_/)
})

test('--html writes one page, which says what the text says', async t => {
  const { code, stdout, stderr } = await glorot(['doctor', write('page.mjs', sick), '--html', 'page.html'])
  t.is(code, 1)
  t.regex(stdout, /symmetric-init/)
  t.regex(stderr, /wrote page\.html/)
  const html = readFileSync(path.join(folder, 'page.html'), 'utf8')
  t.true(html.startsWith('<!doctype html>'))
  t.regex(html, /symmetric-init/)
  t.notRegex(html, /(src|href)="https?:/)
})

test('a page that cannot be written is said, and the report is printed all the same', async t => {
  const { code, stdout, stderr } = await glorot([
    'doctor',
    write('page2.mjs', training),
    '--html',
    'no/such/folder.html',
  ])
  t.is(code, 2)
  t.regex(stdout, /watched 30 steps/)
  t.regex(stderr, /cannot write no\/such\/folder\.html/)
})

test('every optimizer is reported, that with the most steps first', async t => {
  const body = training.slice(training.indexOf('const model'))
  const second = body.replace('step < 30', 'step < 40').replace('nn.Tanh', 'nn.ReLU')
  const file = write('two.mjs', `import { manualSeed, nn, optim, randn } from 'glorot'\n{${body}}\n{${second}}`)
  const { stdout } = await glorot(['doctor', file, '--json'])
  const { meta, others } = JSON.parse(stdout)
  t.is(meta.steps, 40)
  t.deepEqual(
    others.map((r: { meta: { steps: number } }) => r.meta.steps),
    [30],
  )
})

test('networks that feed each other, and one that is put together by hand, are not judged', async t => {
  const adversarial = `
import { nn, ones, optim, randn, zeros } from 'glorot'
const G = new nn.Sequential(new nn.Linear(4, 2)), D = new nn.Sequential(new nn.Linear(2, 1))
const og = new optim.Adam(G.parameters()), od = new optim.Adam(D.parameters())
const criterion = new nn.BCEWithLogitsLoss()
for (let i = 0; i < 20; i++) {
  const fake = G.forward(randn([8, 4]))
  od.zeroGrad()
  criterion.forward(D.forward(fake.detach()), zeros([8, 1])).backward()
  od.step()
  og.zeroGrad()
  criterion.forward(D.forward(fake), ones([8, 1])).backward()
  og.step()
}`
  const first = await glorot(['doctor', write('adversarial.mjs', adversarial)])
  t.is(first.code, 0)
  t.regex(first.stderr, /feed each other/)
  const pieces = `
import { nn, optim, randn } from 'glorot'
const [a, b] = [new nn.Linear(4, 8), new nn.Linear(8, 1)]
const optimizer = new optim.Adam([...a.parameters(), ...b.parameters()])
for (let i = 0; i < 20; i++) {
  optimizer.zeroGrad()
  b.forward(a.forward(randn([8, 4])).relu()).mean().backward()
  optimizer.step()
}`
  const second = await glorot(['doctor', write('pieces.mjs', pieces)])
  t.is(second.code, 0)
  t.regex(second.stderr, /put together from 2 modules by hand/)
})

test('Ctrl-C ends a loop that never turns, with a report', async t => {
  const endless = training.replace('step < 30', 'true').replace('step % 10', 'step % 1000')
  let pressed = false
  const { code, stdout } = await glorot(['doctor', write('endless.mjs', endless)], {
    onOutput(output, child) {
      if (pressed || !output.includes('step 1000:')) return
      pressed = true
      child.kill('SIGINT')
    },
  })
  t.is(code, 130)
  t.regex(stdout, /watched \d,?\d+ steps/)
})
