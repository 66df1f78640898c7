// Each example runs on its own and prints the losses that PyTorch prints for the same program and seed.
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import { goldenCases } from '../harness/golden.js'

interface Program {
  id: string
  lossEvery: number
  losses: number[]
  lossTolerance: number[]
}

const run = promisify(execFile)
const golden = new Map((goldenCases('training') as unknown as Program[]).map(c => [c.id, c]))

/** Losses by epoch, as printed. */
async function losses(example: string): Promise<[epoch: number, loss: number][]> {
  const file = path.join(import.meta.dirname, '..', '..', 'examples', `${example}.js`)
  const { stdout, stderr } = await run(process.execPath, [file])
  if (stderr !== '') throw new Error(stderr)
  return [...stdout.matchAll(/^Epoch: (\d+), Loss: (.+)$/gm)].map(([, epoch, loss]) => [Number(epoch), Number(loss)])
}

// The third program trains on the data of the second, which runs before it in the same stream.
const examples = {
  'linear-sigmoid/vanishing': ['training/founding1'],
  'linear-sigmoid/improved': ['training/founding2'],
  'linear-sigmoid/normalized': ['training/founding2', 'training/founding3'],
}

for (const [example, ids] of Object.entries(examples)) {
  test(example, async t => {
    const printed = await losses(example)
    const want = ids.flatMap(id => {
      const { losses, lossEvery, lossTolerance } = golden.get(id)!
      return losses.map((loss, i) => ({ epoch: i * lossEvery, loss, tolerance: lossTolerance[i] }))
    })
    t.is(printed.length, want.length)
    want.forEach(({ epoch, loss, tolerance }, i) => {
      t.is(printed[i][0], epoch)
      t.true(
        Math.abs(printed[i][1] - loss) <= tolerance,
        `epoch ${epoch}: ${printed[i][1]}, expected ${loss} ± ${tolerance}`,
      )
    })
  })
}
