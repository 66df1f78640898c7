// What every chart stands in: a caption, the drawing with a description, a legend, the same numbers as a table.
import { HEIGHT, WIDTH } from './axes.js'
import { html, type Markup } from './markup.js'

export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export interface Figure {
  readonly id: string
  readonly title: string
  readonly about: string
  readonly drawing: Markup
  readonly height?: number
  readonly legend: readonly {
    readonly name: string
    readonly color: string
    readonly dashed?: boolean
    readonly faint?: boolean
  }[]
  readonly table: Table
  /** Makes the chart readable by pointer and arrow keys. */
  readonly data?: Markup
}

/** Class of a curve, and of its sample in the legend. */
export const curveClass = (dashed = false, faint = false): string =>
  `curve${dashed ? ' dashed' : ''}${faint ? ' faint' : ''}`

export function table({ columns, rows }: Table, caption: string): Markup {
  return html`<table><caption class="hidden">${caption}</caption><thead><tr>${columns.map(c => html`<th scope="col">${c}</th>`)}</tr></thead><tbody>${rows.map(
    ([first, ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map(cell => html`<td>${cell}</td>`)}</tr>`,
  )}</tbody></table>`
}

export function figure({ id, title, about, drawing, height = HEIGHT, legend, table: numbers, data }: Figure): Markup {
  const swatches = legend.map(
    ({ name, color, dashed, faint }) =>
      html`<li><svg width="22" height="8" aria-hidden="true"><path class="${curveClass(dashed, faint)}" style="--c:${color}" d="M1 4H21"/></svg>${name}</li>`,
  )
  const svg = html`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}-title" aria-describedby="${id}-about">${drawing}</svg>`
  return html`<figure id="${id}"><figcaption><h3 id="${id}-title">${title}</h3><p id="${id}-about">${about}</p></figcaption>${
    data
      ? html`<div class="chart" tabindex="0" role="group" aria-label="${title}: values by the arrow keys">${svg}<output aria-live="polite"></output><script type="application/json">${data}</script></div>`
      : html`<div class="chart">${svg}</div>`
  }${legend.length > 0 && html`<ul class="legend">${swatches}</ul>`}<details id="${id}-table"><summary>Numbers<span class="hidden"> of ${title}</span></summary><div class="scroll" tabindex="0" role="region" aria-label="Table: ${title}">${table(numbers, title)}</div></details></figure>`
}
