// Checks that several optimizers share.
import { checkNumber, describe, ValueError } from '../core/errors.js'

/** Throws unless the named options are numbers >= 0. */
export function checkRates<O extends object>(op: string, group: O, names: readonly (keyof O & string)[]): void {
  for (const name of names) checkNumber(op, name, group[name], 0)
}

/** Throws unless value is an array of two. */
export function checkPair(op: string, name: string, value: unknown): void {
  if (!Array.isArray(value) || value.length !== 2)
    throw new TypeError(`${op}: ${name} must be an array of two numbers, got ${describe(value)}`)
}

/** Throws unless both are in [0, 1). */
export function checkBetas(op: string, betas: readonly [number, number]): void {
  checkPair(op, 'betas', betas)
  betas.forEach((beta, i) => {
    checkNumber(op, `betas[${i}]`, beta)
    if (!(beta >= 0 && beta < 1)) throw new ValueError(`betas[${i}] must be in [0, 1), got ${beta}`, { op })
  })
}
