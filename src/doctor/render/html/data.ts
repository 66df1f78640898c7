// What the network was given, what there is to learn from it at all, and the network itself.
import type { ReportParts } from '../../report.js'
import type { DataFacts } from '../../trace.js'
import { count, percent, short } from '../format.js'
import { WIDTH } from './axes.js'
import { colors } from './colors.js'
import { figure, table } from './figure.js'
import { html, type Markup } from './markup.js'

const shape = (dims: readonly number[]) => `[${dims.join(', ')}]`

const facts = (data: DataFacts): Markup =>
  html`<p>${count(data.rows)} rows.</p>${table(
    {
      columns: ['what', 'shape', 'mean', 'deviation', 'least', 'most'],
      rows: [
        ['inputs', shape(data.inputShape), ...[data.inputMean, data.inputStd, data.inputMin, data.inputMax].map(short)],
        [
          'targets',
          shape(data.targetShape),
          ...[data.targetMean, data.targetStd, data.targetMin, data.targetMax].map(short),
        ],
      ],
    },
    'The data in figures',
  )}`

function classChart(classes: readonly number[]): Markup {
  const most = Math.max(...classes, 1)
  const total = classes.reduce((a, b) => a + b, 0)
  const row = 24
  const left = 58
  const full = WIDTH - left - 70
  const bars = classes.map((n, i) => {
    const y = 4 + i * row
    return html`<text x="${left - 8}" y="${y + 14}" text-anchor="end">${i}</text><rect class="bar" style="--c:${colors.main}" x="${left}" y="${y}" width="${((full * n) / most).toFixed(1)}" height="17" rx="3"/><text x="${(left + (full * n) / most + 8).toFixed(1)}" y="${y + 14}">${count(n)}</text>`
  })
  return figure({
    id: 'classes',
    title: 'Rows per class',
    about: `${count(classes.length)} classes, the largest with ${percent(most / total)} of the rows.`,
    drawing: html`${bars}`,
    height: classes.length * row + 6,
    legend: [],
    table: { columns: ['class', 'rows'], rows: classes.map((n, i) => [String(i), count(n)]) },
  })
}

/** More bars say less than the table of the largest. */
const MOST_CLASSES = 30

export function dataFacts({ trace: { data, control } }: ReportParts): Markup | null {
  if (data === null && control === null) return null
  const learned =
    control === null
      ? null
      : control.skill === null
        ? html`<p>Whether there is something to learn, ${count(control.rows)} rows are too few to tell.</p>`
        : html`<p>A small network of the doctor's own, trained on ${count(control.rows)} rows, explains ${percent(control.skill)} of what the best constant answer leaves, on rows it has not seen: ${
            control.skill > 0.05 ? 'there is something to learn.' : 'it found nothing to learn.'
          }</p>`
  const classes = data?.classes
  return html`<section aria-labelledby="data"><h2 id="data">Data</h2>${data && html`<div class="scroll" tabindex="0" role="region" aria-label="The data in figures">${facts(data)}</div>`}${learned}${
    classes && classes.length <= MOST_CLASSES ? html`<div class="grid">${classChart(classes)}</div>` : null
  }</section>`
}

export function model({ meta }: ReportParts): Markup {
  return html`<section aria-labelledby="model"><h2 id="model">Model</h2><pre tabindex="0" role="region" aria-label="The model as it prints"><code>${meta.structure}</code></pre>${
    meta.notes.length > 0 && html`<h3>Notes</h3><ul>${meta.notes.map(note => html`<li>${note}</li>`)}</ul>`
  }</section>`
}
