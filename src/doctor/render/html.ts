// The report as one self-contained page.
import type { ReportParts } from '../report.js'
import { renderText } from './text.js'

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

export function renderHtml(report: ReportParts): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>glorot doctor</title><pre>${escaped(renderText(report))}</pre></html>`
}
