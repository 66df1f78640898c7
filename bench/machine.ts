// Where and on what a measurement ran.
import { execFileSync } from 'node:child_process'
import os from 'node:os'

const cpus = os.cpus()

export const machine = `${cpus[0].model.trim()}, ${cpus.length} CPUs, ${process.platform}-${process.arch}`

/** The load averages of the last 1, 5 and 15 minutes. */
export const load = () =>
  os
    .loadavg()
    .map(l => l.toFixed(2))
    .join(' ')

export const today = () => new Date().toISOString().slice(0, 10)

export function commit(root: string): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' with changes')
  } catch {
    return 'unknown'
  }
}
