// Where the demo writes, and what can be shown there.

/** A stream of text; a terminal has the rest. */
export type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number; getColorDepth?: () => number }

export interface Terminal {
  readonly stream: Output
  /** Somebody watches: a line may be drawn over. Not so in a pipe or a file. */
  readonly live: boolean
  readonly columns: number
  /** Block characters can be shown. */
  readonly unicode: boolean
  /** Bits of colour: 1 is none, 4 the sixteen colours, 8 the 256 with shades of grey. */
  readonly colorDepth: number
}

/** What `stream` can show. Whatever is not a terminal gets plain ASCII. */
export function terminalOf(stream: Output, env: NodeJS.ProcessEnv = process.env): Terminal {
  const live = stream.isTTY === true
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return {
    stream,
    live,
    get columns() {
      return stream.columns || 80
    },
    // Windows Terminal and VS Code read UTF-8 and set no locale.
    unicode: live && (/utf-?8/i.test(locale) || 'WT_SESSION' in env || env.TERM_PROGRAM === 'vscode'),
    colorDepth: live ? (stream.getColorDepth?.() ?? 1) : 1,
  }
}

const styles = { bold: 1, red: 31, green: 32 }

/** The text in a style, where there is colour. */
export function paint(terminal: Terminal, style: keyof typeof styles, text: string): string {
  return terminal.colorDepth > 1 ? `\x1b[${styles[style]}m${text}\x1b[0m` : text
}
