// The harness of bench/peers: its arithmetic, its protocol, and that every row it lists can run. Nothing here depends on time.
import test from 'ava'
import { manualSeed } from 'glorot'
import { Beyond, compare } from '../../bench/peers/compare.js'
import { foreign } from '../../bench/peers/foreign.js'
import { parse } from '../../bench/peers/gemm.js'
import { groups, type Row, type Side } from '../../bench/peers/rows.js'
import { startSide } from '../../bench/peers/sides.js'
import { compareRounds, geometricMean, median } from '../../bench/peers/statistics.js'
import { Worker } from '../../bench/peers/worker.js'
import { works } from '../../bench/peers/works.js'

test('medians and ratios', t => {
  t.is(median([3, 1, 2]), 2)
  t.is(median([4, 1, 2, 3]), 2.5)
  t.is(geometricMean([1, 4]), 2)
  t.deepEqual(compareRounds([1, 2, 3], [2, 8, 3]), { ratio: 1.5, low: 1, high: 4 })
})

test('a line of the program that multiplies is read', t => {
  const line = 'NN    64    64    64        4.620 us   113.5 GF/s   0.99'
  t.deepEqual(parse(`float, 1 threads, v4 against OpenBLAS Zen\n${line}\n`), { seconds: 4.62e-6, ratio: 0.99 })
  t.throws(() => parse(line), { message: /OpenBLAS .* is not here/ })
})

/** Of works that several groups share, and of products in all sizes, one each. */
function* once(): Generator<[group: string, row: Row]> {
  const seen = new Set<string>()
  for (const { name, rows } of groups.filter(group => !group.name.includes('1e7'))) {
    for (const row of rows) {
      const key = row.ours.work === 'matmul' ? 'matmul' : JSON.stringify([row.ours.work, row.ours.args])
      if (!seen.has(key)) yield [name, row]
      seen.add(key)
    }
  }
}

for (const [name, row] of once())
  test(`${name}: ${row.title}`, t => {
    manualSeed(0)
    const { step, value } = works[row.ours.work](row.ours.args)
    t.true(Number.isFinite(value()))
    t.notThrows(step)
  })

test('a worker takes its turns, and a work that fails is named', async t => {
  const effort = { rounds: 2, seconds: 0.01, cpu: false }
  const run = (work: string) => ({ side: 'glorot', work, args: { op: 'add', shapes: [[2], [2]] }, threads: 1 }) as const
  const row = (work: string): Row => ({ title: work, ours: run(work), theirs: run(work) })
  const { rounds } = await compare(row('elementwise'), startSide, effort)
  t.is(rounds.ours.length, 2)
  t.is(rounds.theirs.length, 2)
  await t.throwsAsync(compare(row('nothing'), startSide, effort), {
    message: /^glorot: Error: no program for 'nothing'/,
  })
})

/** A side that gives the same answer to everything. */
const parrot = (answer: object) => {
  const program = `
console.log(JSON.stringify({ name: 'parrot', version: '1', details: '' }))
require('node:readline').createInterface(process.stdin).on('line', () => console.log(${JSON.stringify(JSON.stringify(answer))}))`
  return Worker.start(process.execPath, ['--eval', program])
}

async function besideParrot(answer: object, started: Worker[] = []) {
  const start = async (side: Side) => {
    const worker = await parrot(side === 'glorot' ? { value: 1, samples: [1e-3] } : answer)
    started.push(worker)
    return worker
  }
  const run = (side: Side) => ({ side, work: 'any', args: {}, threads: 1 })
  const row = { title: 'any', ours: run('glorot'), theirs: run('numpy') }
  return await compare(row, start, { rounds: 7, seconds: 0.1, cpu: false })
}

test('each row has processes of its own, which end with it', async t => {
  const started: Worker[] = []
  await besideParrot({ value: 1, samples: [1] }, started)
  await t.throwsAsync(besideParrot({ error: 'no' }, started), { message: 'numpy: no' })
  t.is(started.length, 3)
  for (const worker of started)
    t.regex((await worker.ask({ do: 'prepare', work: '', args: {}, threads: 1 })).error!, /process ended/)
})

test('a slow peer gets fewer turns, and still a ratio', async t => {
  const turns = async (seconds: number) => (await besideParrot({ value: 1, samples: [seconds] })).rounds.theirs.length
  t.is(await turns(0.01), 7)
  t.is(await turns(3), 3)
  t.is(await turns(60), 1)
  t.is((await besideParrot({ value: 1, samples: [60] })).ratio, 60000)
})

test('what a peer lacks is told from what goes wrong', async t => {
  await t.throwsAsync(besideParrot({ lacks: 'no such loss' }), { instanceOf: Beyond, message: 'no such loss' })
  await t.throwsAsync(besideParrot({ value: 2 }), { message: /compute different things/ })
})

test('a package that is not there is named, with the way to get it', async t => {
  await t.throwsAsync(foreign('no-such-package', ''), { message: /GLOROT_PEERS/ })
  await t.throwsAsync(foreign('no-such-package', import.meta.dirname), { message: /npm install .* no-such-package/ })
})

for (const side of ['TensorFlow.js wasm', 'TensorFlow.js cpu', 'js-pytorch'] as const) {
  const here = process.env.GLOROT_PEERS ? test : test.skip
  here(`${side} computes what we do`, async t => {
    const rows = groups.flatMap(g => g.rows).filter(r => r.theirs.side === side && r.title.startsWith('founding'))
    t.true(rows.length > 0)
    for (const row of rows) {
      const measured = compare(row, startSide, { rounds: 1, seconds: 0.01, cpu: false })
      await measured.then(m => t.true(m.ratio > 0)).catch(problem => t.true(problem instanceof Beyond, problem.message))
    }
  })
}

test('a side that cannot start says why', async t => {
  await t.throwsAsync(Worker.start(process.execPath, ['--eval', 'throw new Error("no torch")']), {
    message: /no torch/,
  })
  await t.throwsAsync(Worker.start('no such program', []), { code: 'ENOENT' })
})
