// Several environments in one process share the thread pool and nothing else: each has its own random stream and gets, at the same
// time as others, the numbers that it gets alone.
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import { train } from './worker.js'

function inWorker(seed: number, epochs: number, compiled = false): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(path.join(import.meta.dirname, 'worker.js'), {
      workerData: { train: true, seed, epochs, compiled },
    })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', code => code === 0 || reject(new Error(`exit code ${code}`)))
  })
}

test('four workers train at once, each to the numbers of a run alone', async t => {
  const seeds = [1, 2, 3, 4]
  const alone = seeds.map(seed => train(seed, 20))
  const together = await Promise.all(seeds.map(seed => inWorker(seed, 20)))
  t.deepEqual(together, alone)
  t.deepEqual(await Promise.all(seeds.map(seed => inWorker(seed, 20, true))), alone)
})

test('a worker may be terminated while a compiled function runs on another thread', async t => {
  const start = () => new Worker(path.join(import.meta.dirname, 'worker.js'), { workerData: { endless: true } })
  for (let round = 0; round < 40; round++) {
    const workers = [start(), start()]
    await Promise.all(workers.map(worker => once(worker, 'message')))
    // At all stages of a run, which takes some tenths of a millisecond.
    await setTimeout(round / 8)
    t.deepEqual(await Promise.all(workers.map(worker => worker.terminate())), [1, 1])
  }
})

test('workers may end and start again', async t => {
  for (let round = 0; round < 3; round++) {
    const [a, b] = await Promise.all([inWorker(7, 2), inWorker(7, 2)])
    t.deepEqual(a, b)
  }
})
