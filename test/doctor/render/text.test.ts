// The report in a terminal: what it says, that it keeps to the width, and that names cannot steer the terminal.
import { inspect } from 'node:util'
import test from 'ava'
import { Report } from 'glorot/doctor'
import { bare, findings, parts, report, trace } from './sample.js'

const plain = { columns: 80, color: false, unicode: true }
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours start with one
const COLOR = /\x1b\[[\d;]*m/g

test('findings with evidence, fix, code, trial and symptoms, root causes first', t => {
  const text = report.toString(plain)
  const order = ['symmetric-init at 0 (error)', 'lr-too-high', 'class-imbalance'].map(name => text.indexOf(name))
  t.true(order[0] > 0 && order[0] < order[1] && order[1] < order[2])
  t.regex(text, /1 error, 1 warning, 1 note/)
  t.regex(text, /units alike +10 of 10/)
  t.regex(text, /loss at the start +6,234/)
  t.regex(text, /Fix +Start each unit from its own random weights\./)
  t.regex(text, /^ +nn\.init\.zeros_\(model\.get\('0'\)\.bias\)$/m)
  t.regex(text, /Tried +the same 100 steps on a copy: loss 0\.0347 with the fix, 0\.69 without/)
  t.regex(text, /↳ saturated-activations at 1: saturated 84 %/)
  t.regex(text, /watched 300 of 1,000 steps/)
})

test('a curve of the loss, bars of gradient and travel by layer, units that pass no gradient', t => {
  const text = report.toString(plain)
  t.regex(text, /^Loss {2}601 to 0\.9, lowest 0\.9, steps 1 to 300; the best constant\n? +answer has 0\.92/m)
  t.regex(text, /^ {2}█[▁▂▃▄▅▆▇█]{77}$/m)
  const bars = [...text.matchAll(/^ {2}[02] Linear +(█*\S?) +(\S+) +(█*\S?) +(\S+)$/gm)]
  t.is(bars.length, 2)
  t.deepEqual(
    bars.map(row => [row[2], row[4]]),
    [
      ['1e-5', '3e-4'],
      ['0.001', '0.03'],
    ],
  )
  t.true(bars[0][1].length < bars[1][1].length)
  t.regex(text, /Units {2}0 sigmoid: 84 % saturated {2}· {2}2 relu: 25 % dead/)
})

for (const columns of [32, 40, 60, 80, 100, 200]) {
  test(`keeps to ${columns} columns`, t => {
    const lines = new Report({ ...parts, findings: findings.map(f => ({ ...f, fix: { summary: f.fix.summary } })) })
      .toString({ ...plain, columns })
      .split('\n')
    for (const line of lines) t.true([...line].length <= Math.min(columns, 100), `${[...line].length}: ${line}`)
  })
}

test('colours change nothing but colours', t => {
  const colored = report.toString({ ...plain, color: true })
  t.true(colored.includes('\x1b[31;1m'))
  t.is(colored.replaceAll(COLOR, ''), report.toString(plain))
})

test('ASCII where symbols cannot be shown', t => {
  const text = new Report({
    ...parts,
    findings: findings.slice(0, 1),
    trace: { ...trace, layers: trace.layers.slice(0, 2) },
  })
  t.regex(text.toString({ ...plain, unicode: false }).replaceAll('\ufffd', ''), /^[\n\x20-\x7e]*$/)
})

test('names cannot steer the terminal', t => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  t.notRegex(report.toString(plain), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
})

test('a healthy report, and one that saw nothing', t => {
  t.regex(bare.toString(plain), /✓ Nothing found that keeps this network from learning\./)
  t.true(bare.healthy)
  const noted = new Report({ ...parts, findings: findings.slice(2) })
  t.true(noted.healthy)
  t.regex(noted.toString(plain), /✓ Healthy: nothing found .* 1 note\./)
})

test('losses that are not numbers', t => {
  const losses = [1, 2, Number.NaN, Number.POSITIVE_INFINITY].map((loss, i) => ({ step: i + 1, loss }))
  const text = new Report({ ...parts, trace: { ...trace, losses } }).toString(plain)
  t.regex(text, /^ {2}▁█××$/m)
  t.regex(text, /^Loss {2}1 to Infinity, lowest 1/m)
})

test('unknown options are refused', t => {
  t.throws(() => report.toString({ width: 80 } as never), { instanceOf: TypeError, message: /unknown option 'width'/ })
})

test('console.log prints the report', t => {
  t.is(inspect(report), report.toString({ color: false }))
  t.true(inspect(report, { colors: true }).includes('\x1b['))
})
