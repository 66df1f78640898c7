// What the place where text goes to can show.

export interface TextOptions {
  /** Width of a line. Default: that of the terminal, 80 elsewhere. */
  readonly columns?: number
  /** Default: on a terminal that has colours, unless NO_COLOR is set. */
  readonly color?: boolean
  /** Block characters and symbols; otherwise ASCII. */
  readonly unicode?: boolean
}

type Env = Readonly<Record<string, string | undefined>>

/** The part of `process.stdout` that matters. */
export interface TextStream {
  readonly isTTY?: boolean
  readonly columns?: number
  getColorDepth?(env?: object): number
}

/** Whether NO_COLOR, FORCE_COLOR and the stream ask for colours: https://no-color.org, https://force-color.org */
function wantsColor(stream: TextStream, env: Env): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0'
  return stream.isTTY === true && (stream.getColorDepth?.(env) ?? 1) > 1
}

function showsUnicode(env: Env, platform: string): boolean {
  if (platform === 'win32') return Boolean(env.WT_SESSION || env.TERM_PROGRAM || env.CI)
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG
  return env.TERM !== 'linux' && (locale === undefined || locale === '' || /utf-?8/i.test(locale))
}

/** How text looks on a stream. */
export function styleFor(
  stream: TextStream,
  env: Env = process.env,
  platform: string = process.platform,
): Required<TextOptions> {
  return {
    columns: (stream.isTTY && stream.columns) || 80,
    color: wantsColor(stream, env),
    unicode: showsUnicode(env, platform),
  }
}
