// Parameter groups. The numbers of a group are a tensor that the optimizer's launches read: what a scheduler sets is what a recorded
// step uses when it is replayed.
import { checkNumber, describe } from '../core/errors.js'
import { recording } from '../core/recording.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'

/** Parameters that share their options; each option can be set at any time. */
export type ParamGroup<O extends object> = Required<O> & {
  params: Tensor[]
  /** The rate at the start, kept by learning-rate schedulers. */
  initialLr?: number
}

/** What a number of the group is: itself, 0 or 1 for false or true, or two numbers. */
export type Kind = 'number' | 'flag' | 'pair'

/** The options that a kernel reads, in its order. */
export type Hyper = Readonly<Record<string, Kind>>

function check(name: string, kind: Kind, value: unknown): void {
  const where = `group.${name}`
  if (kind === 'number') checkNumber(where, name, value)
  else if (kind === 'flag') {
    if (typeof value !== 'boolean') throw new TypeError(`${where}: must be true or false, got ${describe(value)}`)
  } else {
    if (!Array.isArray(value) || value.length !== 2)
      throw new TypeError(`${where}: must be an array of two numbers, got ${describe(value)}`)
    for (const v of value) checkNumber(where, name, v)
  }
}

/** Makes the options of `group` that kernels read properties on a new tensor, which is returned. */
export function bindNumbers(group: Record<string, unknown>, hyper: Hyper): Tensor {
  const kinds = Object.entries(hyper)
  const tensor = emptyTensor([kinds.reduce((n, [, kind]) => n + (kind === 'pair' ? 2 : 1), 0)], 'float64')
  const numbers = tensor.typedArray()
  let next = 0
  for (const [name, kind] of kinds) {
    const at = next
    next += kind === 'pair' ? 2 : 1
    const set = (value: unknown) => {
      check(name, kind, value)
      recording.active?.refuse(
        `it sets ${name} of an optimizer; do that, or call the scheduler, after the compiled call`,
      )
      if (kind === 'pair') numbers.set(value as number[], at)
      else numbers[at] = Number(value)
    }
    // Frozen: a number assigned into the array would be lost.
    const get = () => {
      if (recording.active !== null) {
        const [first, second] = [numbers[at], numbers[at + 1]]
        recording.active.guard(() => numbers[at] === first && (kind !== 'pair' || numbers[at + 1] === second))
      }
      if (kind === 'number') return numbers[at]
      return kind === 'flag' ? numbers[at] !== 0 : Object.freeze([numbers[at], numbers[at + 1]])
    }
    set(group[name])
    Object.defineProperty(group, name, { enumerable: true, configurable: true, get, set })
  }
  return tensor
}
