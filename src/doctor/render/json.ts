// The report as plain data.
import type { ReportParts } from '../report.js'

export function renderJson({ findings, trace, meta }: ReportParts): unknown {
  return { healthy: findings.every(f => f.severity === 'info'), findings, trace, meta }
}
