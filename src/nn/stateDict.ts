// State dicts: the tensors of a module by name, and how they come back into it.
import { noGrad } from '../autograd/mode.js'
import { checkOptions, describe, formatShape, nearest, StateDictError } from '../core/errors.js'
import { sameShape } from '../core/shape.js'
import { Tensor } from '../tensor/tensor.js'

/** Tensors by name, as in PyTorch: `fc1.weight`. */
export type StateDict = Record<string, Tensor>

export interface StateDictOptions {
  /** What keys start with, as it is. Default: nothing. */
  prefix?: string
  /** The parameters themselves, not tensors outside the graph that share their memory. Default: false. */
  keepVars?: boolean
}

export interface LoadedKeys {
  missingKeys: string[]
  unexpectedKeys: string[]
}

/** Copies a state dict into tensors of the same names; see `Module.loadStateDict`. */
export function load(mine: ReadonlyMap<string, Tensor>, state: StateDict, options?: { strict?: boolean }): LoadedKeys {
  const op = 'loadStateDict'
  checkOptions(op, options, ['strict'])
  if (typeof state !== 'object' || state === null)
    throw new TypeError(`${op}: expected an object of tensors, got ${describe(state)}`)
  const missingKeys = [...mine.keys()].filter(key => !Object.hasOwn(state, key))
  const unexpectedKeys = Object.keys(state).filter(key => !mine.has(key))
  const problems: string[] = []
  for (const [key, t] of mine) {
    if (!Object.hasOwn(state, key)) continue
    const from = state[key]
    if (!(from instanceof Tensor)) problems.push(`'${key}' is ${describe(from)}, not a Tensor`)
    else if (!sameShape(from.shape, t.shape))
      problems.push(`'${key}' is ${formatShape(t.shape)} in the model, ${formatShape(from.shape)} in the file`)
  }
  if (options?.strict ?? true) {
    for (const key of missingKeys) problems.push(`'${key}' is missing`)
    for (const key of unexpectedKeys) {
      const near = nearest(key, missingKeys)
      problems.push(`'${key}' is not in the model${near ? `, did you mean '${near}'?` : ''}`)
    }
  }
  if (problems.length > 0) throw new StateDictError(problems.join('\n    '), { op })
  noGrad(() => {
    for (const [key, t] of mine) if (Object.hasOwn(state, key)) t.copy_(state[key])
  })
  return { missingKeys, unexpectedKeys }
}
