// The programs of docs/why-not-learning.md: the doctor finds the cause that each is about, the cure works, and the guide shows what they
// print.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'

const run = promisify(execFile)
const root = path.join(import.meta.dirname, '../../..')
const guide = readFileSync(path.join(root, 'docs/why-not-learning.md'), 'utf8')

/** The first finding, and by how much the cure must lower the loss that the program ends with. */
const examples: Record<string, { finding: string; factor: number }> = {
  'the-question': { finding: 'symmetric-init', factor: 0.95 },
  'vanishing-gradients': { finding: 'vanishing-gradient', factor: 0.1 },
  'poor-initialisation': { finding: 'init-too-large', factor: 0.01 },
  'learning-rate': { finding: 'lr-too-high', factor: 0.01 },
  'unscaled-data': { finding: 'unscaled-features', factor: 0.1 },
  'deep-sigmoid': { finding: 'cannot-overfit-batch', factor: 0.1 },
  'mse-with-sigmoid': { finding: 'mse-classification', factor: 0.6 },
  'coin-flips': { finding: 'no-signal', factor: Number.POSITIVE_INFINITY },
}

const heading = /^(?:✗|▲|●) ([a-z-]+)(?: at \S+)? \((?:error|warning|note)\)$/gm
const findings = (text: string) => [...text.matchAll(heading)].map(m => m[1])

for (const [name, { finding, factor }] of Object.entries(examples)) {
  test(`${name}: ${finding}`, async t => {
    const { stdout } = await run(process.execPath, [path.join(root, `out/examples/doctor/${name}.js`)])
    const found = findings(stdout)
    t.is(found[0], finding)
    const losses = [...stdout.matchAll(/: loss \S+ to ([\d.]+|NaN)/g)].map(m => Number(m[1]))
    t.true(losses.length >= 2)
    const [sick, cured] = [losses[0], losses[losses.length - 1]]
    if (!Number.isNaN(sick)) t.true(cured < sick * factor, `${sick} to ${cured}`)
    else t.true(cured < 1)

    const [, shown] = guide.match(new RegExp(`<!-- output: ${name} -->\n\`\`\`text\n([\\s\\S]*?)\n\`\`\``))!
    t.deepEqual(findings(shown), found)
    for (const line of shown.split('\n')) t.true([...line].length <= 100, line)
  })
}
