// The report as one self-contained page: no script, style or picture from elsewhere, and a policy that allows none.
import readingScript from '../page/reading.js?text'
import styleSheet from '../page/style.css?text'
import type { ReportParts } from '../report.js'
import { dataFacts, model } from './html/data.js'
import { findings } from './html/findings.js'
import { histograms } from './html/histograms.js'
import { layerCharts } from './html/layers.js'
import { html, Markup, type Piece } from './html/markup.js'
import { training } from './html/training.js'
import { particulars, verdict } from './summary.js'

const { createHash } = process.getBuiltinModule('node:crypto')

export interface PageOptions {
  readonly title: string
  readonly body: Piece
  /** Scripts that the page may run. */
  readonly scripts?: readonly string[]
  /** Whether it may ask its own server. */
  readonly connects?: boolean
}

/** A page that runs its own scripts and nothing else. */
export function page({ title, body, scripts = [], connects = false }: PageOptions): string {
  const hashes = scripts.map(script => `'sha256-${createHash('sha256').update(script).digest('base64')}'`)
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    'img-src data:',
    ...(hashes.length > 0 ? [`script-src ${hashes.join(' ')}`] : []),
    ...(connects ? ["connect-src 'self'"] : []),
  ]
  const text = html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy.join('; ')}"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="generator" content="glorot"><title>${title}</title><link rel="icon" href="data:,"><style>${new Markup(styleSheet)}</style></head><body>${body}${scripts.map(
    script => html`<script>${new Markup(script)}</script>`,
  )}</body></html>`
  return text.text
}

function tone({ findings }: ReportParts): string {
  return findings.some(f => f.severity === 'error')
    ? 'error'
    : findings.some(f => f.severity === 'warning')
      ? 'warning'
      : 'healthy'
}

/** Everything on the page that changes as a run goes on. */
export function reportBody(report: ReportParts): Markup {
  const sections = [
    findings(report),
    training(report),
    layerCharts(report),
    histograms(report.trace.layers),
    dataFacts(report),
  ]
  return html`<header><p class="brand">glorot doctor</p><h1 class="${tone(report)}">${verdict(report)}</h1><ul class="particulars">${particulars(
    report,
  ).map(
    part => html`<li>${part}</li>`,
  )}</ul></header><main id="main" tabindex="-1">${sections}${model(report)}</main><footer><p>glorot ${report.meta.version}</p></footer>`
}

export const skipLink = html`<a class="skip" href="#main">To the findings</a>`

export function renderHtml(report: ReportParts): string {
  return page({
    title: `glorot doctor: ${report.meta.model}`,
    body: [skipLink, reportBody(report)],
    scripts: [readingScript],
  })
}
