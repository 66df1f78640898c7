// How modules print their settings: as Python does.

/** A number as Python prints it: 1, 0.01, 1e-05, inf. */
export function number(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'nan' : x > 0 ? 'inf' : '-inf'
  const [digits, exponent] = x.toExponential().split('e')
  const e = Number(exponent)
  if (e >= -4 && e < 16) return String(x)
  return `${digits}e${e < 0 ? '-' : '+'}${String(Math.abs(e)).padStart(2, '0')}`
}

/** The same where Python has a float: 1.0. */
export function float(x: number): string {
  const text = number(x)
  return Number.isInteger(x) && !text.includes('e') ? `${text}.0` : text
}

/** A tuple: (3, 3), and (3,) of one. */
export function tuple(list: readonly (number | string)[]): string {
  return list.length === 1 ? `(${list[0]},)` : `(${list.join(', ')})`
}

/** A number or a tuple of them, as it was given. */
export function numbers(given: number | readonly number[]): string {
  return typeof given === 'number' ? String(given) : tuple(given)
}

/** True or False. */
export function flag(value: boolean): string {
  return value ? 'True' : 'False'
}
