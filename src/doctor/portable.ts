// A report that can leave its thread or process: plain data.
import type { ReportParts } from './report.js'

/** Functions cannot leave; that there is one does. */
function plain(value: unknown): unknown {
  if (typeof value === 'function') return true
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(plain)
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, plain(v)]))
}

export const portable = ({ findings, trace, meta }: ReportParts): ReportParts => ({
  findings: plain(findings) as ReportParts['findings'],
  trace,
  meta,
})
