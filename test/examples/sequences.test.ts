// The examples over sequences, shortened: they run on their own, learn, and print what they promise.
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'

const run = promisify(execFile)

async function printed(example: string, ...options: string[]): Promise<string> {
  const file = path.join(import.meta.dirname, '..', '..', 'examples', example, 'main.js')
  const { stdout, stderr } = await run(process.execPath, [file, ...options])
  if (stderr !== '') throw new Error(stderr)
  return stdout
}

const numbers = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(m => Number(m[1]))

test('forecast: after four epochs the LSTM is nearer than yesterday and the week before', async t => {
  const text = await printed('forecast', '--epochs', '4')
  const naive = numbers(text, /^As .*: ([\d.]+) MW off$/gm)
  t.is(naive.length, 2)
  const losses = numbers(text, /Loss: ([\d.]+)/g)
  t.is(losses.length, 4)
  t.true(losses[3] < losses[0])
  const [reached] = numbers(text, /^LSTM: ([\d.]+) MW off/gm)
  t.true(reached < Math.min(...naive), text)
})

test('shakespeare: in 30 steps the held-out loss falls below that of knowing how often characters occur, and it writes', async t => {
  const text = await printed('shakespeare', '--steps', '30', '--write', '50')
  const [baseline] = numbers(text, /^Loss of counting pairs: ([\d.]+)$/gm)
  t.true(baseline > 2.3 && baseline < 2.6)
  const heldOut = numbers(text, /Held out: ([\d.]+)/g)
  t.is(heldOut.length, 11)
  // Single characters have an entropy of 3.2 nats in this text.
  t.true(heldOut[10] < 3 && heldOut[10] < heldOut[0], text)
  t.true(text.split('\n\n').slice(1).join('\n\n').length >= 50)
})
