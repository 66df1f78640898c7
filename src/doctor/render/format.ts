// Numbers, counts and names for people to read.

/** Three digits, by an exponent where that is shorter: `0.0312`, `1.2e-7`, `6,234`. */
export function short(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : x > 0 ? 'Infinity' : '-Infinity'
  const size = Math.abs(x)
  if (size === 0) return '0'
  if (size < 1e-3 || size >= 1e6) return x.toExponential(1).replace('e+', 'e').replace('.0e', 'e')
  if (size >= 1000) return Math.round(x).toLocaleString('en')
  return String(Number(x.toPrecision(3)))
}

export const count = (n: number): string => Math.round(n).toLocaleString('en')

/** `1 step`, `1,000 steps`. */
export const counted = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`

/** `84 %`, with a decimal where whole percents would hide it. */
export function percent(share: number): string {
  const x = 100 * share
  return `${x === 0 || x >= 10 || x < 0 ? Math.round(x) : Number(x.toPrecision(1))} %`
}

export const seconds = (s: number): string =>
  s < 0.095 ? `${Math.round(1000 * s)} ms` : s < 100 ? `${s.toFixed(1)} s` : `${count(s)} s`

/** What an evidence value looks like. */
export const shown = (value: number | string): string => (typeof value === 'number' ? short(value) : value)

/** Text from outside on one line, without characters that steer a terminal or reverse the reading direction. */
export function tame(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}

/** A layer as it is shown: the dotted name, or what it is where it is the whole model. */
export const layerName = (name: string): string => (name === '' ? '(model)' : name)
