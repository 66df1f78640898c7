// Pictures as SVG: elements as text, and the logarithmic axes that both charts here have.

type Attributes = Readonly<Record<string, string | number>>

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escape = (text: string) => text.replace(/[&<>"]/g, c => entities[c])
const number = (x: number) => String(Math.round(x * 100) / 100)

/** <name attributes>children</name>; children are elements already. */
export function element(name: string, attributes: Attributes = {}, ...children: readonly string[]): string {
  const list = Object.entries(attributes).map(([k, v]) => ` ${k}="${typeof v === 'number' ? number(v) : escape(v)}"`)
  return children.length === 0
    ? `<${name}${list.join('')}/>`
    : `<${name}${list.join('')}>${children.join('')}</${name}>`
}

export const write = (x: number, y: number, words: string, attributes: Attributes = {}) =>
  element('text', { x, y, ...attributes }, escape(words))

export const line = (x1: number, y1: number, x2: number, y2: number, attributes: Attributes = {}) =>
  element('line', { x1, y1, x2, y2, ...attributes })

/** About how wide words are in the pictures' font. */
export const widthOf = (words: string, size = 12) => 0.56 * size * words.length

export const title = (words: string) => element('title', {}, escape(words))

// A picture in a page does not see the page's own colours: it brings its ground along, in both schemes.
const STYLE = `
text { font: 12px system-ui, sans-serif; fill: var(--ink); }
.ground { fill: var(--ground); } .faint { fill: var(--faint); } .axis { stroke: var(--faint); } .grid { stroke: var(--grid); }
.small { font-size: 11px; } .strong { font-weight: 600; } .mark { stroke: var(--ink); } .end { text-anchor: end; } .middle { text-anchor: middle; }
svg { --ink: #1f2328; --ground: #ffffff; --faint: #59636e; --grid: #d8dee4; --a: #0969da; --b: #bc4c00; --c: #1a7f37; --d: #8250df; --e: #bf3989; }
@media (prefers-color-scheme: dark) {
svg { --ink: #e6edf3; --ground: #0d1117; --faint: #9198a1; --grid: #30363d; --a: #58a6ff; --b: #f0883e; --c: #3fb950; --d: #a371f7; --e: #f778ba; }
}
`

/** A whole picture; `words` say what it shows to those who do not see it. */
export function picture(width: number, height: number, words: string, ...children: readonly string[]): string {
  const frame = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${Math.round(width)} ${Math.round(height)}`,
    width: Math.round(width),
    role: 'img',
  }
  const ground = element('rect', { class: 'ground', width, height })
  return `${element('svg', frame, title(words), element('style', {}, STYLE), ground, ...children.map(c => `\n${c}`))}\n`
}

export interface Scale {
  (value: number): number
  /** Powers of ten within the domain. */
  readonly ticks: readonly number[]
  readonly domain: readonly [number, number]
}

/** Places on a logarithmic axis from pixel `from` to pixel `to`. */
export function logarithmic(domain: readonly [number, number], from: number, to: number): Scale {
  const [low, high] = domain.map(Math.log10)
  const scale = (value: number) => from + ((Math.log10(value) - low) / (high - low)) * (to - from)
  const first = Math.ceil(low - 1e-9)
  const ticks = Array.from({ length: Math.floor(high + 1e-9) - first + 1 }, (_, i) => Number(`1e${first + i}`))
  return Object.assign(scale, { ticks, domain })
}
