// Pass: fusion. A linear layer whose result goes into relu, sigmoid or tanh and nowhere else computes that too, while its elements are in
// the cache; the result before the function is never stored. To the bit the same: both kernels have the same function.
import { kernel, kernelOf } from '../core/dispatch.js'
import type { Storage } from '../core/storage.js'
import { type Made, type RecordedLaunch, uses } from './recorder.js'

const LINEAR = kernel('linear')
/** By the number that the linear kernel knows them by: native/kernels/matmul.cpp. */
const FUNCTIONS = new Map([
  [kernel('relu'), 1],
  [kernel('sigmoid'), 2],
  [kernel('tanh'), 3],
])

/** The launch that does both, where `then` is all that becomes of the result of `first`. */
function together(first: RecordedLaunch, then: RecordedLaunch): RecordedLaunch | null {
  const f = FUNCTIONS.get(kernelOf(then.code))
  const [M, N] = first.sizes
  const isFirst = kernelOf(first.code) === LINEAR && first.sizes.length === 6
  const sameDType = then.code - kernelOf(then.code) === first.code - kernelOf(first.code)
  if (!isFirst || f === undefined || !sameDType) return null
  const whole =
    then.storages[0] === first.storages[2] && then.offsets[0] === first.offsets[2] && then.sizes[0] === M * N
  if (!whole || first.storages.includes(then.storages[1])) return null
  return {
    ...first,
    storages: first.storages.map((s, i) => (i === 2 ? then.storages[1] : s)),
    offsets: first.offsets.map((o, i) => (i === 2 ? then.offsets[1] : o)),
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
  const done: RecordedLaunch[] = []
  for (const launch of launches) {
    const before = done.at(-1)
    const between = before?.storages[2]
    const alone = between !== undefined && fresh.has(between) && !kept.has(between) && count.get(between) === 2
    const both = before !== undefined && alone ? together(before, launch) : null
    if (both === null) done.push(launch)
    else done[done.length - 1] = both
  }
  return done
}
