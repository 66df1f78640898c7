// Switches that recording reads: whether operations are recorded at all, and whether each result is checked for nan.
import { describe } from '../core/errors.js'

export const mode = {
  grad: true,
  anomaly: false,
}

/** Runs `fn` with one switch set. */
export function runWith<T>(op: string, key: keyof typeof mode, value: boolean, fn: () => T): T {
  if (typeof fn !== 'function') throw new TypeError(`${op}: expected a function, got ${describe(fn)}`)
  const before = mode[key]
  mode[key] = value
  try {
    const result = fn()
    if (result instanceof Promise) {
      throw new TypeError(
        `${op}: the function is async, but the mode would end at its first await; use ${op} inside it, around synchronous code`,
      )
    }
    return result
  } finally {
    mode[key] = before
  }
}

/** Runs `fn` without recording operations: results do not require gradients. Returns what it returns. */
export function noGrad<T>(fn: () => T): T {
  return runWith('noGrad', 'grad', false, fn)
}

/** Runs `fn` with recording on, also within `noGrad`. */
export function enableGrad<T>(fn: () => T): T {
  return runWith('enableGrad', 'grad', true, fn)
}

/** Whether operations are being recorded. */
export function isGradEnabled(): boolean {
  return mode.grad
}
