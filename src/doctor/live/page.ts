// The live page: the report, redrawn as the run goes on.
import liveScript from '../page/live.js?text'
import readingScript from '../page/reading.js?text'
import { count } from '../render/format.js'
import { html, type Markup } from '../render/html/markup.js'
import { page, reportBody, skipLink } from '../render/html.js'
import type { ReportParts } from '../report.js'

/** What a reader gets to see. */
export interface Shown {
  readonly title: string
  readonly status: string
  readonly body: Markup
}

export const waiting: Shown = {
  title: 'glorot doctor',
  status: 'Waiting for the first step.',
  body: html`<header><p class="brand">glorot doctor</p><h1>Waiting for the first step</h1></header><main id="main" tabindex="-1"></main>`,
}

export function shownOf(report: ReportParts): Shown {
  const { steps, plannedSteps, model } = report.meta
  const planned = plannedSteps === null ? '' : ` of ${count(plannedSteps)}`
  return {
    title: `${count(steps)} steps: ${model}`,
    status: `Step ${count(steps)}${planned}`,
    body: reportBody(report),
  }
}

export function livePage({ title, status, body }: Shown, ended: boolean): string {
  return page({
    title,
    body: [
      skipLink,
      html`<aside id="run" aria-label="The run"><p id="status">${ended ? `${status}. The run has ended.` : status}</p></aside><div id="live">${body}</div>`,
    ],
    scripts: [readingScript, liveScript],
    connects: true,
  })
}
