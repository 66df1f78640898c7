// Runs the command as a user does, on scripts that a test writes.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import test from 'ava'

export const root = path.join(import.meta.dirname, '../../..')
const cli = path.join(root, 'dist/cli.js')

/** A folder in which scripts find this glorot. */
export const folder = mkdtempSync(path.join(root, 'out/cli-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** Writes a file beside the others of the test. @returns its path */
export function write(name: string, text: string): string {
  const file = path.join(folder, name)
  writeFileSync(file, text)
  return file
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Options {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Called with what the process has written so far. */
  readonly onOutput?: (output: string, child: ReturnType<typeof spawn>) => void
}

export function glorot(args: readonly string[], { cwd = folder, env, onOutput }: Options = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...args], { cwd, env: { ...process.env, ...env } })
    const seen = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        seen[stream] += text
        onOutput?.(seen.stdout + seen.stderr, child)
      })
    }
    child.on('error', reject)
    child.on('close', code => resolve({ code, ...seen }))
  })
}
