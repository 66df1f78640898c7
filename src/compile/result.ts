// What a compiled function may return: a tensor, an array of tensors, or an object of tensors.
import { copyOf } from '../autograd/accumulate.js'
import { CompileError, describe } from '../core/errors.js'
import { Tensor } from '../tensor/tensor.js'

export type Result = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>

/** A result taken apart: its tensors, contiguous, and how others are put in their place. */
export interface Shaped {
  readonly tensors: readonly Tensor[]
  build(tensors: readonly Tensor[]): Result
}

function wrong(value: unknown, where: string): never {
  const async = value instanceof Promise ? '; an async function cannot be recorded' : ''
  const message = `the compiled function must return a Tensor, an array or an object of them, got ${describe(value)}${where}${async}`
  throw new CompileError(message, { op: 'compile' })
}

/** Outside the graph and contiguous: a copy, recorded, where it is not. */
const plain = (t: Tensor) => (t.isContiguous() ? t.detach() : copyOf(t))

export function takeApart(result: unknown): Shaped {
  if (result instanceof Tensor) return { tensors: [plain(result)], build: ([t]) => t }
  if (typeof result !== 'object' || result === null || result instanceof Promise) wrong(result, '')
  const entries = Object.entries(result)
  for (const [key, value] of entries) if (!(value instanceof Tensor)) wrong(value, ` at ${key}`)
  const tensors = entries.map(([, t]) => plain(t as Tensor))
  if (Array.isArray(result)) return { tensors, build: all => [...all] }
  const prototype = Object.getPrototypeOf(result)
  if (prototype !== Object.prototype && prototype !== null) wrong(result, '')
  return { tensors, build: all => Object.fromEntries(entries.map(([key], i) => [key, all[i]])) }
}
