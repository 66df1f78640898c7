// asan.mjs <folder> [files…]: runs the tests that reach native code against the sanitizer build in <folder>/build/Release, with leak
// detection, in one process per file: ASan must be loaded first, so it is preloaded into node itself.
import { execFileSync, spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const folder = path.resolve(process.argv[2])
const preload = execFileSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim()
const ava = path.join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs')

function run(files) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [ava, '--tap', ...files], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      LD_PRELOAD: preload,
      ASAN_OPTIONS: 'detect_leaks=1',
      GLOROT_PREBUILD: folder,
      GLOROT_SANITIZED: '1',
    },
  })
  process.stderr.write(stderr)
  if (status !== 0) console.log(stdout)
  const count = key => Number(stdout.match(new RegExp(`^# ${key} (\\d+)`, 'm'))?.[1] ?? 0)
  const ended = [...stdout.matchAll(/^not ok \d+ - (\S+) exited with a non-zero exit code/gm)].map(found => found[1])
  return { stderr, status, ended, passed: count('pass'), failed: count('fail') }
}

const given = process.argv.slice(3)
let { stderr, status, ended, passed, failed } = run(
  given.length > 0 ? given : ['out/test/golden/**/*.test.js', 'out/test/hostile/**/*.test.js'],
)
// The process that looks for leaks crashes now and then itself, once all tests of a file have passed, and has then said nothing
// (https://github.com/google/sanitizers/issues/1353): such files run again. What ASan or a test finds ends a file otherwise, and stays
// a failure.
const crashes = stderr.match(/LeakSanitizer has encountered a fatal error/g)?.length ?? 0
if (failed > 0 && failed === ended.length && failed === crashes) {
  console.log(`LeakSanitizer crashed, once more: ${ended.join(' ')}`)
  const again = run(ended)
  status = again.status
  failed = again.failed
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = status ?? 1
