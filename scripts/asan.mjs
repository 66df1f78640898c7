// asan.mjs <folder>: runs the tests that reach native code against the sanitizer build in <folder>/build/Release, with leak
// detection, in one process per file: ASan must be loaded first, so it is preloaded into node itself.
import { execFileSync, spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const folder = path.resolve(process.argv[2])
const preload = execFileSync('g++', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim()
const ava = path.join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs')
const files =
  process.argv.length > 3 ? process.argv.slice(3) : ['out/test/golden/**/*.test.js', 'out/test/hostile/**/*.test.js']

const { stdout, status } = spawnSync(process.execPath, [ava, '--tap', ...files], {
  encoding: 'utf8',
  maxBuffer: 1 << 28,
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    ...process.env,
    LD_PRELOAD: preload,
    ASAN_OPTIONS: 'detect_leaks=1',
    GLOROT_PREBUILD: folder,
    GLOROT_SANITIZED: '1',
  },
})
const count = key => Number(stdout.match(new RegExp(`^# ${key} (\\d+)`, 'm'))?.[1] ?? 0)
if (status !== 0) console.log(stdout)
console.log(`${count('pass')} passed, ${count('fail')} failed`)
process.exitCode = status ?? 1
