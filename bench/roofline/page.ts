// bench/ROOFLINE.md: the roofs, every kernel beside its own, and what they explain.
import { digits, duration } from '../peers/report.js'
import { boundOf, type Kernel, type Memory, type Output, peakOf } from './output.js'

export interface Setting {
  readonly machine: string
  readonly load: string
  readonly commit: string
  readonly date: string
}

const giga = (x: number) => digits(x / 1e9)

const titles: Record<string, string> = {
  squares: 'Products of squares, M x N x K',
  MLP: 'The products of an MLP 784-512-256-10 in batches of 128, M x N x K',
  linear: 'Linear layers, M x N x K: forward with its bias, backward with dX, dW and db',
  convolution: 'Convolutions, N x C x H x W to channels',
  recurrent: 'Recurrent layers, steps x sequences x inputs to states: forward, and backward to weights and biases',
  elementwise: 'Element by element',
  rows: 'By rows: of 100 up to 1e5 elements, of 1000 above; sum over all',
  optimizers: 'A step of an optimizer over one parameter',
}

function roofs({ isa, peaks, memories, formulas }: Output): string {
  const size = (m: Memory) => (m.cache > 0 ? `${m.cache >> 10} kB` : '')
  const threads = (n: number) => (n === 1 ? 'one thread' : `${n} threads`)
  return `| multiply-adds in registers | GF/s |
|---|---:|
${peaks.map(p => `| ${p.isa}, ${threads(p.threads)} | ${giga(p.flops)} |`).join('\n')}

| memory, ${isa} | size | working set | read GB/s | write GB/s | copy GB/s |
|---|---:|---:|---:|---:|---:|
${memories.map(m => `| ${m.level}, ${threads(m.threads)} | ${size(m)} | ${m.bytes >> 10} kB | ${giga(m.read)} | ${giga(m.write)} | ${giga(m.copy)} |`).join('\n')}

| formula, on numbers in L1 | ns an element |
|---|---:|
${formulas.map(f => `| ${f.name} | ${digits(f.seconds * 1e9)} |`).join('\n')}`
}

function rowOf(output: Output, k: Kernel): string {
  const bound = boundOf(output, k)
  const bytes = k.read + k.written
  const flops = k.flops > 0 ? giga(k.flops / k.seconds) : ''
  const intensity = k.flops > 0 ? digits(k.flops / bytes) : ''
  const cells = [k.name, k.size, duration(k.seconds), flops, giga(bytes / k.seconds), intensity]
  const each = digits((k.seconds * 1e9) / k.elements)
  return `| ${[...cells, each, bound.by, `${((100 * bound.seconds) / k.seconds).toFixed(0)} %`].join(' | ')} |`
}

function tableOf(output: Output, group: string): string {
  const rows = output.kernels.filter(k => k.group === group).map(k => rowOf(output, k))
  return `### ${titles[group] ?? group}

| kernel | size | time | GF/s | GB/s | operations a byte | ns a result | bound by | of the bound |
|---|---|---:|---:|---:|---:|---:|---|---:|
${rows.join('\n')}`
}

export function page(output: Output, { machine, load, commit, date }: Setting, explanation: string): string {
  const groups = [...new Set(output.kernels.map(k => k.group))]
  return `# What the kernels achieve, and what the machine can do

Written by \`npm run bench:roofline\`.

- machine: ${machine}; load before: ${load}
- ISA in use: ${output.isa}; peak of one thread ${giga(peakOf(output))} GF/s
- commit ${commit}, ${date}; one thread unless said, times of the thread's own clock

![Operations per second over operations per byte, below the roofs of arithmetic and of each level of memory](ROOFLINE.svg)

## The roofs

Measured here, the best of several samples: loops of nothing but independent multiply-adds, or of nothing but loads and stores. A copy's
bytes are those read and those written; stores go through the caches or past them, whichever is faster.

${roofs(output)}

## The kernels

Times are medians of launches in a row, without Node: their operands stay in the cache that holds them. **Bound by** names what limits the
launch most: arithmetic at the peak, moving each operand once through the level of memory that holds all of them, or the formula itself
where it was measured. **Of the bound** is the bound's time over the kernel's. Operations are counted where they are additions,
multiplications or comparisons; a multiply-add is two. Operands whose sum is a little more than a cache are counted to the next level, of
which they take only a part: such a kernel can pass 100 %.

${groups.map(g => tableOf(output, g)).join('\n\n')}

${explanation}
`
}
