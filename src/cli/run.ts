// A process for the script, with the doctor loaded before it. The script sees what it would see without: its arguments, input, output,
// exit code and errors are its own.
import type { Request } from '../doctor/script/preload.js'
import type { SessionResult } from '../doctor/script/session.js'
import type { Script } from './script.js'

const { spawn } = process.getBuiltinModule('node:child_process')
const { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = process.getBuiltinModule('node:fs')
const { constants, tmpdir } = process.getBuiltinModule('node:os')
const path = process.getBuiltinModule('node:path')
const { fileURLToPath, pathToFileURL } = process.getBuiltinModule('node:url')
const { deserialize } = process.getBuiltinModule('node:v8')

/** dist/, of the glorot that this command belongs to. */
const own = fileURLToPath(new URL('.', import.meta.url))

export interface RunOptions {
  readonly args: readonly string[]
  /** Where standard output is wanted for something else. */
  readonly stdoutToStderr: boolean
  readonly serve: boolean
}

export interface RunResult {
  readonly exitCode: number
  /** Null where the process ended by a signal or by other means that leave nothing behind. */
  readonly result: SessionResult | null
}

export async function runScript(script: Script, { args, stdoutToStderr, serve }: RunOptions): Promise<RunResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'glorot-doctor-'))
  const file = path.join(folder, 'result')
  // The glorot of the script, unless it has no doctor.
  const theirs = path.join(script.glorot ?? own, 'dist')
  const dist = existsSync(path.join(theirs, 'doctor/script.js')) ? theirs : own
  const stop = path.join(folder, 'stop')
  const request: Request = { file, stop, serve }
  const imports = [...(script.typescript ? ['cli/register.js'] : []), 'doctor/script.js'].map(entry => {
    const folder = entry.startsWith('cli/') ? own : dist
    return ['--import', pathToFileURL(path.join(folder, entry)).href]
  })
  const child = spawn(process.execPath, [...process.execArgv, ...imports.flat(), script.file, ...args], {
    stdio: ['inherit', stdoutToStderr ? 2 : 'inherit', 'inherit'],
    env: { ...process.env, GLOROT_DOCTOR: JSON.stringify(request) },
  })
  // The terminal sends Ctrl-C to the script as well, which a training loop does not notice; pressed again, it ends whatever goes on.
  const leave = () => {
    if (existsSync(stop)) child.kill('SIGKILL')
    else writeFileSync(stop, '')
  }
  process.on('SIGINT', leave)
  const terminate = () => child.kill('SIGTERM')
  process.on('SIGTERM', terminate)
  try {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (...end) => resolve(end))
    })
    return {
      exitCode: code ?? 128 + (signal === null ? 1 : constants.signals[signal]),
      result: existsSync(file) ? (deserialize(readFileSync(file)) as SessionResult) : null,
    }
  } finally {
    process.off('SIGINT', leave)
    process.off('SIGTERM', terminate)
    rmSync(folder, { recursive: true, force: true })
  }
}
