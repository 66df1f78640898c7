// What all forms of the report say first.
import type { Finding } from '../finding.js'
import type { ReportParts } from '../report.js'
import type { Counterfactual, LayerSample, LayerTrace } from '../trace.js'
import { counted, seconds } from './format.js'

/** Severities as people read them, the worst first. */
export const severities = ['error', 'warning', 'info'] as const
export const severityNames = { error: 'error', warning: 'warning', info: 'note' } as const

/** `1 error, 2 warnings, 1 note`. */
export function tally(findings: readonly Finding[]): string {
  const parts = severities.flatMap(severity => {
    const n = findings.filter(f => f.severity === severity).length
    return n > 0 ? [counted(n, severityNames[severity])] : []
  })
  return parts.join(', ')
}

/** The report in a sentence. */
export function verdict({ findings }: Pick<ReportParts, 'findings'>): string {
  if (findings.length === 0) return 'Nothing found that keeps this network from learning.'
  if (findings.every(f => f.severity === 'info'))
    return `Healthy: nothing found that keeps this network from learning. ${counted(findings.length, 'note')}.`
  return tally(findings)
}

/** What was looked at, in short phrases. */
export function particulars({ meta }: ReportParts): string[] {
  const { source, steps, plannedSteps, optimizer, criterion, model, parameters } = meta
  const planned = plannedSteps !== null && plannedSteps !== steps ? ` of ${counted(plannedSteps, 'step')}` : ''
  const seen = planned ? steps.toLocaleString('en') + planned : counted(steps, 'step')
  const time = seconds(meta.seconds)
  return [
    `${model}, ${counted(parameters, 'parameter')}`,
    optimizer,
    criterion,
    source === 'watch' ? `watched ${seen}, ${time}` : `diagnosed in ${time}`,
  ].filter(part => part !== '')
}

/** The experiment that tried a finding's fix. */
export function experimentOf({ trace }: ReportParts, finding: Finding): Counterfactual | undefined {
  return trace.counterfactuals.find(c => c.name === finding.counterfactual)
}

/** The last value of a kind that a layer's samples have. */
export function latest<K extends keyof LayerSample>(layer: LayerTrace, key: K): NonNullable<LayerSample[K]> | null {
  for (let i = layer.samples.length - 1; i >= 0; i--) {
    const value = layer.samples[i][key]
    if (value !== null && value !== undefined) return value as NonNullable<LayerSample[K]>
  }
  return null
}

/** What the outputs of a layer went through when they were looked at: `sigmoid`; its own class where nothing came after it. */
export function functionOf(layer: LayerTrace): string {
  const kind = latest(layer, 'activation')?.kind
  return kind === undefined || kind === 'linear' ? layer.type : kind
}
