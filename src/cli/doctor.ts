// `glorot doctor script`: the script in a process of its own, watched; then the report of it.
import type { Command } from 'commander'
import { Report, type ReportParts } from '../doctor/report.js'
import { runScript } from './run.js'
import { locate } from './script.js'

const { writeFileSync } = process.getBuiltinModule('node:fs')

export interface DoctorOptions {
  readonly html?: string
  readonly json?: boolean
  readonly serve?: boolean
}

const fail = (command: Command, message: string): never => command.error(`glorot doctor: ${message}`, { exitCode: 2 })

/** Several networks: the reports one after another. */
function textOf(reports: readonly Report[]): string {
  return reports.map(report => report.toString()).join(`\n\n`)
}

/** The report of the optimizer that made the most steps; those of others are listed in it. */
function jsonOf([first, ...others]: readonly Report[]): unknown {
  const json = first.toJSON() as Record<string, unknown>
  return others.length === 0 ? json : { ...json, others: others.map(report => report.toJSON()) }
}

/** `report.html`, `report-2.html`, … */
const numbered = (file: string, i: number): string => (i === 0 ? file : file.replace(/(\.\w+)?$/, `-${i + 1}$1`))

export async function doctor(
  name: string,
  args: readonly string[],
  options: DoctorOptions,
  command: Command,
): Promise<void> {
  const { html, json = false, serve = false } = options
  const script = locate(name)
  if (typeof script === 'string') fail(command, script)
  else {
    const { exitCode, result } = await runScript(script, { args, stdoutToStderr: json, serve })
    const say = (text: string) => process.stderr.write(`glorot doctor: ${text}\n`)
    process.exitCode = exitCode
    if (result === null) {
      say('the process ended without a report')
      process.exitCode ||= 1
      return
    }
    const reports = result.reports.map(parts => new Report(parts as ReportParts))
    if (reports.length === 0) {
      say(`nothing to report: ${result.problems.join('; ') || 'the script trained nothing'}`)
      return
    }
    for (const problem of result.problems) say(problem)
    process.stdout.write(json ? `${JSON.stringify(jsonOf(reports))}\n` : `\n${textOf(reports)}\n`)
    if (html !== undefined) {
      reports.forEach((report, i) => {
        const file = numbered(html, i)
        try {
          writeFileSync(file, report.toHTML())
          say(`wrote ${file}`)
        } catch (error) {
          fail(command, `cannot write ${file}: ${(error as Error).message}`)
        }
      })
    }
    if (reports.some(report => report.findings.some(f => f.severity === 'error'))) process.exitCode ||= 1
  }
}
