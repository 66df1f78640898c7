// The findings, root causes first: why, the figures, what to do, and what came of trying it.
import type { Finding } from '../../finding.js'
import type { ReportParts } from '../../report.js'
import type { Counterfactual } from '../../trace.js'
import { count, short, shown } from '../format.js'
import { experimentOf, severityNames } from '../summary.js'
import { extremes } from '../thin.js'
import { colors } from './colors.js'
import { lineChart } from './lines.js'
import { html, type Markup } from './markup.js'

const signs = { error: '✗', warning: '▲', info: '●' } as const

const evidence = (finding: Finding): Markup | null => {
  const entries = Object.entries(finding.evidence)
  if (entries.length === 0) return null
  return html`<dl class="evidence">${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${shown(value)}</dd></div>`)}</dl>`
}

/** The counterfactual: both curves, and in words where they end. */
export function experiment(id: string, { fixSummary, before, after }: Counterfactual): Markup {
  const steps = Math.max(before.length, after.length)
  const [low, high] = extremes([...before, ...after])
  const points = (losses: readonly number[]) => losses.map((loss, i) => [i + 1, loss] as const)
  return lineChart({
    id,
    title: 'The fix, tried',
    about: `The same ${count(steps)} steps on copies of the network: the loss ends at ${short(after[after.length - 1])} with the fix, at ${short(before[before.length - 1])} without. ${fixSummary}`,
    xTitle: 'step',
    yTitle: 'loss',
    log: low > 0 && high / low > 50,
    series: [
      { name: 'without', points: points(before), color: colors.before, dashed: true },
      { name: 'with the fix', points: points(after), color: colors.after },
    ],
  })
}

const symptom = (finding: Finding): Markup =>
  html`<li><strong>${finding.id}</strong>${finding.layer ? html` at <code>${finding.layer}</code>` : null}: ${finding.cause}${evidence(finding)}</li>`

function article(report: ReportParts, finding: Finding, i: number): Markup {
  const { id, severity, layer, cause, fix, symptoms = [] } = finding
  const name = `finding-${i + 1}`
  const tried = experimentOf(report, finding)
  return html`<article class="finding ${severity}" aria-labelledby="${name}"><h3 id="${name}"><span class="sign" aria-hidden="true">${signs[severity]}</span> ${id}${
    layer ? html` <span class="where">at <code>${layer}</code></span>` : null
  } <span class="severity">${severityNames[severity]}</span></h3><p class="cause">${cause}</p>${evidence(finding)}<h4>What to do</h4><p>${fix.summary}</p>${
    fix.code !== undefined &&
    html`<pre tabindex="0" role="region" aria-label="Code of the fix for ${id}"><code>${fix.code}</code></pre>`
  }${tried && experiment(`${name}-tried`, tried)}${
    symptoms.length > 0 && html`<h4>What follows from it</h4><ul class="symptoms">${symptoms.map(symptom)}</ul>`
  }</article>`
}

export function findings(report: ReportParts): Markup {
  return html`<section aria-labelledby="findings"><h2 id="findings">Findings</h2>${
    report.findings.length === 0
      ? html`<p>None.</p>`
      : html`<p>Root causes come first. What follows from one is listed with it.</p>${report.findings.map((f, i) => article(report, f, i))}`
  }</section>`
}
