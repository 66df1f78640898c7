// Runs the tests: all of them on the best instruction set, and those under test/golden/ once more on every other one that this
// machine has. Arguments go to ava. With --tap, prints TAP and ends with a line of totals.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildInfo } from '../dist/index.js'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const ava = path.join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs')
const { isas, isa: best } = buildInfo()
const args = process.argv.slice(2)
const tap = args.includes('--tap')
const totals = { pass: 0, fail: 0 }

/** Runs ava in a process of its own, since an instruction set is chosen once per process. */
function run(isa, files) {
  return new Promise(resolve => {
    const child = spawn(process.execPath, [ava, ...args, ...files], {
      cwd: root,
      env: { ...process.env, GLOROT_ISA: isa },
      stdio: ['ignore', tap ? 'pipe' : 'inherit', 'inherit'],
    })
    let output = ''
    child.stdout?.on('data', chunk => {
      output += chunk
    })
    child.on('close', (code, signal) => {
      const count = key => Number(output.match(new RegExp(`^# ${key} (\\d+)`, 'm'))?.[1] ?? 0)
      if (tap) {
        totals.pass += count('pass')
        totals.fail += count('fail')
        const failures = output.split(/^(?=(?:not )?ok )/m).filter(block => block.startsWith('not ok'))
        process.stdout.write(failures.join(''))
        if (!/^# pass /m.test(output)) {
          process.stdout.write(
            `${isa}: ended early by ${signal ?? `exit code ${code}`}; its last lines:\n${output.slice(-2000)}\n`,
          )
        }
        process.stdout.write(`${isa}: ${count('pass')} passed, ${count('fail')} failed\n`)
      }
      resolve(code ?? 1)
    })
  })
}

const named = args.some(a => !a.startsWith('-'))
let worst = 0
for (const isa of named ? [process.env.GLOROT_ISA || best] : [best, ...isas.filter(i => i !== best)]) {
  if (!tap) console.log(`\n  instruction set ${isa}`)
  worst = Math.max(worst, await run(isa, isa === best || named ? [] : ['out/test/golden/**/*.test.js']))
}
if (tap) console.log(`${totals.pass} passed, ${totals.fail} failed`)
process.exitCode = worst
