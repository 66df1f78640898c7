// The demo in a process of its own, as `npm run demo` starts it.
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'

const main = path.join(import.meta.dirname, '../../examples/mnist/main.js')
const run = promisify(execFile)

test('the demo through a pipe: plain ASCII, exit code 1 below the goal', async t => {
  const failed = await t.throwsAsync(run(process.execPath, [main, '--digits', '3000', '--epochs', '2']))
  const { code, stdout, stderr } = failed as Error & { code: number; stdout: string; stderr: string }
  t.is(code, 1)
  t.is(stderr, '')
  t.regex(stdout, /^[\n\x20-\x7e]*$/)
  t.regex(stdout, /^glorot \d+\.\d+\.\d+, kernels \w+, threads \d+, Node 2\d/)
  t.is(stdout.match(/^ {2}epoch \d\/2 {3}loss \d\.\d{4} {3}test accuracy \d\d\.\d\d % {3}\d+\.\d s$/gm)?.length, 2)
  t.is(stdout.match(/x \d, is \d/g)?.length, 3)
  const [, reached] = stdout.match(/^(\d\d\.\d\d) % of 10,000 test digits read right, the goal is 97\.50 %$/m)!
  t.true(Number(reached) > 85)
  for (const line of ['time', 'speed', 'peak memory', 'kernels']) t.regex(stdout, new RegExp(`^  ${line} +\\w`, 'm'))
  for (const line of stdout.split('\n')) t.true(line.length <= 80, line)
})

test('the demo reads 97.5 % of the digits', async t => {
  const { stdout, stderr } = await run(process.execPath, [main])
  t.is(stderr, '')
  const [, reached] = stdout.match(/^(\d\d\.\d\d) % of 10,000 test digits read right/m)!
  t.true(Number(reached) >= 97.5, stdout)
  t.regex(stdout, /^x symmetric-init at 0 \(error\)$/m)
  t.regex(stdout, /^ {2}1\. symmetric-init: /m)
  const [, before, after] = stdout.match(/^ {2}(\S+) % of the test digits read right before, (\S+) % after/m)!
  t.true(Number(before) < 15 && Number(after) > 80, `${before} to ${after}`)
})

const wrongOptions = {
  "--epochs must be a whole number from 1, got 'many'": ['--epochs', 'many'],
  "--digits must be a whole number from 1, got '0'": ['--digits', '0'],
  "--seed must be a whole number from 0, got '1.5'": ['--seed', '1.5'],
  "Unknown option '--bogus'": ['--bogus'],
}
for (const [reason, options] of Object.entries(wrongOptions)) {
  test(`the demo refuses ${options.join(' ')}`, async t => {
    const failed = await t.throwsAsync(run(process.execPath, [main, ...options]))
    const { code, stderr } = failed as Error & { code: number; stderr: string }
    t.is(code, 2)
    t.true(stderr.startsWith(reason), stderr)
    t.is(stderr.trimEnd().split('\n').length, 1)
  })
}
