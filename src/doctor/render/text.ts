// The report as terminal text.
import type { Finding } from '../finding.js'
import type { ReportParts } from '../report.js'

const indent = (text: string, by: string) => text.replaceAll(/^/gm, by)

function printed(finding: Finding): string {
  const where = finding.layer ? ` at ${finding.layer}` : ''
  const lines = [`${finding.severity}: ${finding.id}${where}`, `  ${finding.cause}`]
  for (const [name, value] of Object.entries(finding.evidence)) lines.push(`  ${name}: ${value}`)
  lines.push(`  fix: ${finding.fix.summary}`)
  if (finding.fix.code !== undefined) lines.push(indent(finding.fix.code, '    '))
  for (const symptom of finding.symptoms ?? [])
    lines.push(`  with it comes ${symptom.id}${symptom.layer ? ` at ${symptom.layer}` : ''}`)
  return lines.join('\n')
}

export function renderText({ findings }: Pick<ReportParts, 'findings'>): string {
  return findings.length === 0
    ? 'Nothing found that keeps this network from learning.'
    : findings.map(printed).join('\n\n')
}
