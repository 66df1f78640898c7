// The harness of bench/peers: its arithmetic, its protocol, and that every row it lists can run. Nothing here depends on time.
import path from 'node:path'
import test from 'ava'
import { manualSeed } from 'glorot'
import { compare } from '../../bench/peers/compare.js'
import { groups, type Row, type Side } from '../../bench/peers/rows.js'
import { compareRounds, geometricMean, median } from '../../bench/peers/statistics.js'
import { Worker } from '../../bench/peers/worker.js'
import { works } from '../../bench/peers/works.js'

test('medians and ratios', t => {
  t.is(median([3, 1, 2]), 2)
  t.is(median([4, 1, 2, 3]), 2.5)
  t.is(geometricMean([1, 4]), 2)
  t.deepEqual(compareRounds([1, 2, 3], [2, 8, 3]), { ratio: 1.5, low: 1, high: 4 })
})

for (const { name, rows } of groups.filter(group => !group.name.includes('1e7'))) {
  for (const row of rows)
    test(`${name}: ${row.title}`, t => {
      manualSeed(0)
      const { step, value } = works[row.ours.work](row.ours.args)
      t.true(Number.isFinite(value()))
      t.notThrows(step)
    })
}

test('a worker takes its turns, and a work that fails is named', async t => {
  const script = path.join(import.meta.dirname, '..', '..', 'bench', 'peers', 'glorotWorker.js')
  const worker = await Worker.start(process.execPath, [script])
  const sides = new Map<Side, Worker>([['glorot', worker]])
  const effort = { rounds: 2, seconds: 0.01, cpu: false }
  const run = (work: string) => ({ side: 'glorot', work, args: { op: 'add', shapes: [[2], [2]] }, threads: 1 }) as const
  const row = (work: string): Row => ({ title: work, ours: run(work), theirs: run(work) })
  const { rounds } = await compare(row('elementwise'), sides, effort)
  t.is(rounds.ours.length, 2)
  t.is(rounds.theirs.length, 2)
  await t.throwsAsync(compare(row('nothing'), sides, effort), { message: /^glorot: TypeError/ })
  worker.stop()
})

test('a side that cannot start says why', async t => {
  await t.throwsAsync(Worker.start(process.execPath, ['--eval', 'throw new Error("no torch")']), {
    message: /no torch/,
  })
  await t.throwsAsync(Worker.start('no such program', []), { code: 'ENOENT' })
})
