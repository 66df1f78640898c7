// Pass: fusion. A linear layer whose result goes into relu, sigmoid or tanh and nowhere else computes that too, while its elements are in
// the cache; the result before the function is never stored. To the bit the same: both kernels have the same function.
import { kernel } from '../core/dispatch.js'
import type { Storage } from '../core/storage.js'
import type { Made, RecordedLaunch } from './recorder.js'

const LINEAR = kernel('linear')
/** By the number that the linear kernel knows them by: native/kernels/matmul.cpp. */
const FUNCTIONS = new Map([
  [kernel('relu'), 1],
  [kernel('sigmoid'), 2],
  [kernel('tanh'), 3],
])
const DTYPES = 4

const family = (code: number) => code - (code % DTYPES)

/** How many operands of launches each storage is. */
function uses(launches: readonly RecordedLaunch[]): Map<Storage, number> {
  const found = new Map<Storage, number>()
  for (const { storages } of launches) for (const s of storages) found.set(s, (found.get(s) ?? 0) + 1)
  return found
}

/** The launch that does both, where `then` is all that becomes of the result of `first`. */
function together(first: RecordedLaunch, then: RecordedLaunch): RecordedLaunch | null {
  const f = FUNCTIONS.get(family(then.code))
  const [M, N] = first.sizes
  const isFirst = family(first.code) === LINEAR && first.sizes.length === 6
  if (!isFirst || f === undefined || then.code % DTYPES !== first.code % DTYPES) return null
  const whole =
    then.storages[0] === first.storages[2] && then.offsets[0] === first.offsets[2] && then.sizes[0] === M * N
  if (!whole || first.storages.includes(then.storages[1])) return null
  return {
    code: first.code,
    storages: first.storages.map((s, i) => (i === 2 ? then.storages[1] : s)),
    offsets: first.offsets.map((o, i) => (i === 2 ? then.offsets[1] : o)),
    sizes: [...first.sizes, f],
    floats: first.floats,
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
