// The report as plain data, in the form that docs/doctor-report.schema.json describes.
import type { Finding } from '../finding.js'
import type { ReportParts } from '../report.js'

/** Raised where a reader of older reports would go wrong. */
export const JSON_VERSION = 1

/** JSON has no numbers for these. */
const plainNumber = (x: number): number | string => (Number.isFinite(x) ? x : String(x))

/** Functions go, numbers that JSON lacks become strings, undefined members go. */
function plain(value: unknown): unknown {
  if (typeof value === 'number') return plainNumber(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, v]) => v !== undefined && typeof v !== 'function')
  return Object.fromEntries(entries.map(([key, v]) => [key, plain(v)]))
}

const plainFinding = ({ symptoms, fix, ...rest }: Finding): Record<string, unknown> => ({
  ...rest,
  fix: { summary: fix.summary, code: fix.code, applicable: fix.apply !== undefined },
  symptoms: (symptoms ?? []).map(plainFinding),
})

export function renderJson({ findings, trace, meta }: ReportParts): Record<string, unknown> {
  return plain({
    version: JSON_VERSION,
    glorot: meta.version,
    healthy: findings.every(f => f.severity === 'info'),
    findings: findings.map(plainFinding),
    meta: { ...meta, version: undefined },
    trace,
  }) as Record<string, unknown>
}
