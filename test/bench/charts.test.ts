// Charts and pages of bench/: that they are well formed and show what they are given. Nothing here depends on time.
import test from 'ava'
import { chart as ratios } from '../../bench/peers/chart.js'
import type { Line } from '../../bench/peers/result.js'
import type { Row } from '../../bench/peers/rows.js'
import { chart as roofs } from '../../bench/roofline/chart.js'
import { deepRow, explainDeep } from '../../bench/roofline/deep.js'
import { explainLstm, lstmRows } from '../../bench/roofline/lstm.js'
import { boundOf, type Kernel, levelOf, moving, type Output, parse } from '../../bench/roofline/output.js'
import { page } from '../../bench/roofline/page.js'
import { element, logarithmic, picture, write } from '../../bench/svg.js'

/** @throws Error unless `text` is one well-formed element: tags nest, attributes are quoted and named once, entities are known */
function checkMarkup(text: string): string[] {
  const open: string[] = []
  const names: string[] = []
  const tag = /<(\/?)([a-zA-Z]+)((?:\s+[a-zA-Z0-9-]+="[^"<]*")*)\s*(\/?)>/y
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf('<', at)
    const words = text.slice(at, next < 0 ? undefined : next)
    if (open.length === 0 && words.trim() !== '') throw new Error(`text outside: ${words}`)
    if (/>|&(?!(amp|lt|gt|quot);)/.test(words)) throw new Error(`not escaped: ${words}`)
    if (next < 0) break
    tag.lastIndex = next
    const found = tag.exec(text)
    if (found === null) throw new Error(`no tag: ${text.slice(next, next + 60)}`)
    const [, closing, name, attributes, empty] = found
    const keys = [...attributes.matchAll(/([a-zA-Z0-9-]+)=/g)].map(m => m[1])
    if (new Set(keys).size !== keys.length) throw new Error(`an attribute twice: ${attributes}`)
    if (/NaN|Infinity|undefined/.test(attributes)) throw new Error(`no place: ${attributes}`)
    if (closing !== '' && open.pop() !== name) throw new Error(`</${name}> closes another`)
    if (closing === '') names.push(name)
    if (closing === '' && empty === '') open.push(name)
    at = tag.lastIndex
  }
  if (open.length > 0) throw new Error(`open: ${open}`)
  return names
}

const setting = { machine: 'a "machine" <& more>', load: '0', commit: 'abc', date: '2020-01-01', sides: [], effort: '' }
const count = (names: readonly string[], name: string) => names.filter(n => n === name).length

test('elements escape what they are given', t => {
  t.is(element('a', { b: '<&">', c: 1.23456 }), '<a b="&lt;&amp;&quot;&gt;" c="1.23"/>')
  t.is(write(1, 2, 'a < b'), '<text x="1" y="2">a &lt; b</text>')
  t.notThrows(() => checkMarkup(picture(10, 10, 'x & y', write(1, 1, '<'))))
  t.throws(() => checkMarkup('<svg><g></svg>'))
  t.throws(() => checkMarkup('<svg>a & b</svg>'))
})

test('a logarithmic axis', t => {
  const scale = logarithmic([0.1, 1000], 0, 400)
  t.deepEqual([0.1, 1, 1000].map(scale).map(Math.round), [0, 100, 400])
  t.deepEqual(scale.ticks, [0.1, 1, 10, 100, 1000])
})

test('the chart of ratios has a bar for every row, or one for the mean of its group', t => {
  const line = (group: string, title: string, figure: number): Line => ({ group, title, unit: 'x', figure, target: 2 })
  const lines: Line[] = [
    line('Training', 'a', 3),
    line('Training', 'b', 0.01),
    line('Losses', 'c', 1),
    line('Losses', 'd', 4),
    line('Losses', 'Losses: geometric mean of 2', 2),
    { group: 'Footprint', title: 'size', unit: 'kB', figure: 900 },
    { group: 'Training', title: 'e', reason: 'not here' },
  ]
  const svg = ratios(lines, setting)
  // The ground, and three bars.
  t.is(count(checkMarkup(svg), 'rect'), 4)
  t.regex(svg, /prefers-color-scheme: dark/)
  t.notRegex(svg, />c<|>size</)
})

const kernel = (more: Partial<Kernel>): Kernel => ({
  kind: 'kernel',
  group: 'squares',
  name: 'sgemm NN',
  size: '64x64x64',
  elements: 4096,
  flops: 524288,
  read: 32768,
  written: 16384,
  seconds: 5e-6,
  ...more,
})

const lines = [
  { kind: 'isa', isa: 'v3' },
  { kind: 'peak', isa: 'v3', threads: 1, flops: 1e11 },
  { kind: 'peak', isa: 'v3', threads: 4, flops: 4e11 },
  { kind: 'memory', level: 'L1', cache: 32768, bytes: 16384, threads: 1, read: 2e11, write: 1e11, copy: 1e11 },
  { kind: 'memory', level: 'DRAM', cache: 0, bytes: 1 << 27, threads: 1, read: 2e10, write: 1e10, copy: 1e10 },
  { kind: 'formula', name: 'exp', seconds: 1e-9 },
  kernel({}),
  kernel({ name: 'sgemm NT' }),
  kernel({ name: 'sgemm TN' }),
  kernel({
    group: 'elementwise',
    name: 'exp',
    size: '1e3',
    elements: 1000,
    flops: 0,
    read: 4000,
    written: 4000,
    seconds: 2e-6,
  }),
  ...['LSTM', 'LSTM, backward'].map((name, i) =>
    kernel({
      group: 'recurrent',
      name,
      size: '50x32x64 to 64',
      elements: 1600 * 64,
      flops: (1 + i) * 1e8,
      read: 1e6,
      written: 1e6,
      seconds: 2e-3,
    }),
  ),
  kernel({
    group: 'elementwise',
    name: 'relu',
    size: '1e7',
    elements: 1e7,
    flops: 1e7,
    read: 4e7,
    written: 4e7,
    seconds: 0.01,
  }),
]
const output: Output = parse(lines.map(l => `${JSON.stringify(l)}\n`).join(''))

test('what the program prints is read, and nothing else', t => {
  t.is(output.isa, 'v3')
  t.deepEqual(
    [output.peaks, output.memories, output.formulas, output.kernels].map(l => l.length),
    [2, 2, 1, 7],
  )
  t.throws(() => parse('{"kind":"other"}'), { message: /not a line/ })
  t.throws(() => parse(''), { message: /no ISA/ })
})

test('a kernel is bound by the slowest of arithmetic, memory and formula', t => {
  t.is(levelOf(output, 32768).level, 'L1')
  t.is(levelOf(output, 32769).level, 'DRAM')
  // 40 bytes are copied, 60 are read besides.
  t.is(moving({ ...output.memories[0], read: 10, copy: 20 }, 100, 40), 4 + 6)
  const [product, , , exp, , , relu] = output.kernels
  t.deepEqual(boundOf(output, product), { seconds: 524288 / 1e11, by: 'arithmetic' })
  t.deepEqual(boundOf(output, exp), { seconds: 1000 * 1e-9, by: 'the formula of exp' })
  t.deepEqual(boundOf(output, relu), { seconds: 8e7 / 1e10, by: 'DRAM' })
})

test('the roofline chart marks every kernel', t => {
  const names = checkMarkup(roofs(output, setting))
  // Counted ones on the left, moving ones on the right, five families in the legend.
  t.is(count(names, 'circle'), 6 + 2 + 5)
})

test('the page says what a row allows at most', t => {
  const measured = (row: Row, theirs: number) =>
    new Map([
      [row, { ratio: theirs / 2e-4, low: 1, high: 9, ours: 2e-4, theirs, rounds: { ours: [], theirs: [] } } as const],
    ])
  const deep = deepRow()
  t.is(deep.theirs.side, 'PyTorch')
  // 23 products of 2·64³ operations at 100 GF/s take 121 us: a peer of 604 us is 5 times that, one of 1.2 ms 10 times.
  t.regex(explainDeep(output, measured(deep, 604e-6)), /would be 5\.01x.*8x is out of reach.*more than 965 us/s)
  t.regex(explainDeep(output, measured(deep, 1206e-6)), /would be 10\.00x.*8x is within reach/s)
  const wide = lstmRows().at(-1)!
  t.deepEqual(wide.ours.args.args, [64, 64])
  // 300 million operations take 3 ms, 512,000 exponentials of 1 ns half of one, the two launches 4.
  const text = explainLstm(output, measured(wide, 5e-3))
  t.regex(text, /300 million.*3000 us.*512 us.*4000 us,\s75 GF\/s: 88 %.*would be 1\.42x.*2x is out of reach/s)
  t.regex(explainLstm(output, new Map()), /not measured/)
  const whole = page(output, setting, explainDeep(output, new Map()))
  t.regex(whole, /\| exp \| 1e3 \| 2\.00 us \|.*\| the formula of exp \| 50 % \|/)
  t.regex(whole, /its time was not measured/)
})
