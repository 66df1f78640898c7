// Pass: fusion. A linear layer whose result goes into relu, sigmoid or tanh and nowhere else computes that too, while its elements are in
// the cache; the result before the function is never stored. Backward, the same of the gradient that it hands on and the function's slope.
// To the bit the same: both kernels have the same function.
import { kernel, kernelOf } from '../core/dispatch.js'
import type { Storage } from '../core/storage.js'
import { joined, type Made, type RecordedLaunch, uses } from './recorder.js'

interface Rule {
  readonly first: number
  /** Which operand of `first` its result is. */
  readonly result: number
  /** How many elements that has, from the sizes of `first`; -1 where there is none. */
  elements(sizes: readonly number[]): number
  /** What may be done to them, in the order of the numbers from 1 that `first` knows it by: native/kernels/matmul.cpp. */
  readonly functions: readonly number[]
}

const names = ['relu', 'sigmoid', 'tanh']
const rules: readonly Rule[] = [
  {
    first: kernel('linear'),
    result: 2,
    elements: ([M, N]) => M * N,
    functions: names.map(kernel),
  },
  {
    first: kernel('linearBackward'),
    result: 3,
    elements: ([M, , K, , , flags]) => (flags & 1 ? M * K : -1),
    functions: names.map(name => kernel(`${name}Backward`)),
  },
]

/**
 * The launch that does both, where it may.
 * @param passing whether memory is all that these two launches pass to each other, and nobody else sees it
 */
function together(
  first: RecordedLaunch,
  then: RecordedLaunch,
  passing: (storage: Storage) => boolean,
): RecordedLaunch | null {
  const rule = rules.find(rule => rule.first === kernelOf(first.code))
  const f = 1 + (rule?.functions.indexOf(kernelOf(then.code)) ?? -1)
  const sameDType = then.code - kernelOf(then.code) === first.code - kernelOf(first.code)
  if (rule === undefined || f === 0 || !sameDType || first.sizes.length !== 6) return null
  const { result } = rule
  // Its operands: what it reads besides (the result of the function, for a slope), what it is done to, its own result.
  const from = then.storages.length - 2
  const [more, out] = [then.storages.slice(0, from), then.storages[from + 1]]
  const whole =
    then.storages[from] === first.storages[result] &&
    then.offsets[from] === first.offsets[result] &&
    then.sizes[0] === rule.elements(first.sizes)
  if (!whole || !passing(first.storages[result])) return null
  const written = first.storages.filter((_, i) => first.written[i])
  if (first.storages.includes(out) || more.some(s => s === out || written.includes(s))) return null
  return {
    ...first,
    storages: [...first.storages.with(result, out), ...more],
    offsets: [...first.offsets.with(result, then.offsets[from + 1]), ...then.offsets.slice(0, from)],
    written: [...first.written, ...more.map(() => false)],
    sizes: [...first.sizes, f],
  }
}

/** The launches, with those that follow each other and can be one made one. `kept` storages are needed as they are. */
export function fuse(
  launches: readonly RecordedLaunch[],
  fresh: ReadonlyMap<Storage, Made>,
  kept: ReadonlySet<Storage>,
): RecordedLaunch[] {
  const count = uses(launches)
  const passing = (s: Storage) => fresh.has(s) && !kept.has(s) && count.get(s) === 2
  return joined(launches, (first, then) => together(first, then, passing))
}
