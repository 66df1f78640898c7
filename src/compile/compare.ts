// Whether two recordings of a function did the same. Memory made within them is the same by the order of making; any other memory
// must be the very same. What differs would be frozen by a replay, so it is named.
import { kernelName } from '../core/dispatch.js'
import type { Storage } from '../core/storage.js'
import type { Made, RecordedLaunch, Recording } from './recorder.js'

const STATE =
  'keep what lasts from call to call in one tensor and change that in place: state.copy_(next) instead of state = next'

function sameNumbers(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Math.min(a.length, b.length)
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return i
  return -1
}

function sameBytes(x: Storage, { at, bytes }: Made, y: Storage, other: Made): boolean {
  return (
    bytes === other.bytes &&
    Buffer.compare(x.bytes.subarray(at, at + bytes), y.bytes.subarray(other.at, other.at + bytes)) === 0
  )
}

function differentLaunch(a: Recording, b: Recording, x: RecordedLaunch, y: RecordedLaunch): string | null {
  const name = kernelName(y.code)
  if (x.code !== y.code || x.storages.length !== y.storages.length)
    return `'${name}' ran where '${kernelName(x.code)}' ran in the call before: a branch on something that changes from call to call`
  const size = sameNumbers(x.sizes, y.sizes)
  if (size >= 0) return `'${name}' ran on other sizes or options than in the call before`
  const float = sameNumbers(x.floats, y.floats)
  if (float >= 0)
    return (
      `the number ${x.floats[float]} of '${name}' became ${y.floats[float]}: a number from JavaScript is frozen by a replay; ` +
      'pass it in as a tensor'
    )
  for (let i = 0; i < x.storages.length; i++) {
    const constant = a.constants.get(x.storages[i])
    const other = b.constants.get(y.storages[i])
    if (constant !== undefined && other?.index === constant.index) {
      if (sameBytes(x.storages[i], constant, y.storages[i], other)) continue
      return `a tensor made of JavaScript values has other values than in the call before: pass it in`
    }
    const p = a.fresh.get(x.storages[i])
    const q = b.fresh.get(y.storages[i])
    if (p === undefined && q === undefined) {
      if (x.storages[i] === y.storages[i] && x.offsets[i] === y.offsets[i]) continue
      return `'${name}' ran on another tensor than in the call before: ${STATE}`
    }
    if (p === undefined || q === undefined || p.index !== q.index || x.offsets[i] - p.at !== y.offsets[i] - q.at)
      return `'${name}' ran on a tensor from elsewhere than in the call before: ${STATE}`
  }
  return null
}

/** What b did otherwise than a, in words; null where they agree. */
export function difference(a: Recording, b: Recording): string | null {
  const n = Math.min(a.launches.length, b.launches.length)
  for (let i = 0; i < n; i++) {
    const found = differentLaunch(a, b, a.launches[i], b.launches[i])
    if (found !== null) return found
  }
  if (a.launches.length === b.launches.length) return null
  return `it launched ${b.launches.length} kernels, ${a.launches.length} in the call before`
}
