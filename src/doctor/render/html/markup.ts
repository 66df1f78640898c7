// Markup that cannot be broken by what is put into it: every text is escaped, only markup itself is not.

/** Text that is markup already. */
export class Markup {
  /** Said here because a bundler renames a class that speaks of itself. */
  static readonly name: string = 'Markup'
  constructor(readonly text: string) {}
}

export type Piece = string | number | Markup | null | undefined | false | readonly Piece[]

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

export const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, c => entities[c])

function printed(piece: Piece): string {
  if (piece instanceof Markup) return piece.text
  if (Array.isArray(piece)) return piece.map(printed).join('')
  if (piece === null || piece === undefined || piece === false) return ''
  return escaped(String(piece))
}

/** A template whose values are escaped. */
export function html(parts: TemplateStringsArray, ...values: Piece[]): Markup {
  let text = parts[0]
  values.forEach((value, i) => {
    text += printed(value) + parts[i + 1]
  })
  return new Markup(text)
}

/** Data for a script of the page. */
export function embedded(data: unknown): Markup {
  return new Markup(JSON.stringify(data).replaceAll('<', '\\u003c'))
}
