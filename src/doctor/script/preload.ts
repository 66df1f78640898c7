// Loaded by `glorot doctor` before a script: watches it, and leaves the reports in a file when the process ends.
import { portable } from '../portable.js'
import { Session } from './session.js'

const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs')
const { serialize } = process.getBuiltinModule('node:v8')
const { isMainThread } = process.getBuiltinModule('node:worker_threads')

/** Where the command says what it wants. */
export const REQUEST = 'GLOROT_DOCTOR'

export interface Request {
  /** The file for the result, in the form of v8.serialize: losses may be NaN. */
  readonly file: string
  /** The file that is there once the user has pressed Ctrl-C. */
  readonly stop: string
  readonly serve: boolean
}

/** Milliseconds between looks for it. */
const PATIENCE = 200
const INTERRUPTED = 130

/**
 * Ends the process on Ctrl-C in a way that leaves a report, unless the script takes the signal itself. A training loop gives signals no
 * turn, so each step looks whether one was meant.
 */
function endOnInterrupt(stop: string): () => void {
  const end = () => {
    if (process.listenerCount('SIGINT') === 1) process.exit(INTERRUPTED)
  }
  process.on('SIGINT', end)
  let looked = performance.now()
  return () => {
    if (performance.now() - looked < PATIENCE) return
    looked = performance.now()
    if (existsSync(stop)) end()
  }
}

export function watchScript(): void {
  const asked = process.env[REQUEST]
  // A process that the script starts is not watched: it would write to the same file.
  delete process.env[REQUEST]
  if (asked === undefined || !isMainThread) return
  const { file, stop, serve } = JSON.parse(asked) as Request
  const session = new Session({ serve, onStep: endOnInterrupt(stop) })
  process.on('exit', () => {
    const { reports, problems } = session.end()
    writeFileSync(file, serialize({ reports: reports.map(portable), problems }))
  })
}
