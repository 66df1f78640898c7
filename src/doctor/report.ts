// Report: the findings, root causes first, with what was observed. How it looks is render/'s matter.
import { checkOptions } from '../core/errors.js'
import type { Finding } from './finding.js'
import { renderHtml } from './render/html.js'
import { renderJson } from './render/json.js'
import type { TextOptions } from './render/text/terminal.js'
import { renderText } from './render/text.js'
import type { Trace } from './trace.js'

export interface ReportMeta {
  /** Version of the package. */
  readonly version: string
  readonly source: 'diagnose' | 'watch'
  /** Class of the model, and the model as it prints. */
  readonly model: string
  readonly structure: string
  readonly parameters: number
  /** `Adam(lr 0.001)`. */
  readonly optimizer: string
  readonly criterion: string
  /** Steps that were observed. */
  readonly steps: number
  /** Steps that the whole training takes, where known. */
  readonly plannedSteps: number | null
  /** How long the doctor took, or the run that it watched. */
  readonly seconds: number
  /** What could not be looked at, and why. */
  readonly notes: readonly string[]
}

export interface ReportParts {
  readonly findings: readonly Finding[]
  readonly trace: Trace
  readonly meta: ReportMeta
}

export class Report {
  /** Said here because a bundler renames a class that speaks of itself. */
  static readonly name: string = 'Report'
  /** Root causes first. */
  readonly findings: readonly Finding[]
  readonly trace: Trace
  readonly meta: ReportMeta

  constructor(parts: ReportParts) {
    this.findings = parts.findings
    this.trace = parts.trace
    this.meta = parts.meta
  }

  /** No finding above 'info'. */
  get healthy(): boolean {
    return this.findings.every(f => f.severity === 'info')
  }

  /**
   * The report as terminal text, in the width and with the colours of standard output.
   * @param options `columns`, `color`, `unicode`: for another place
   */
  toString(options?: TextOptions): string {
    checkOptions('toString', options, ['columns', 'color', 'unicode'])
    return renderText(this, options)
  }

  /** The report as plain data, for `JSON.stringify`. */
  toJSON(): unknown {
    return renderJson(this)
  }

  /** The report as one self-contained page. */
  toHTML(): string {
    return renderHtml(this)
  }

  [Symbol.for('nodejs.util.inspect.custom')](_depth: number, options?: { colors?: boolean }): string {
    return this.toString({ color: options?.colors ?? false })
  }
}
