// Pass: buffer reuse. Memory made within the function and not kept by anyone shares one arena: two tensors may have the same place
// where the last use of one comes before the first of the other. Greedy by size, largest first, each at the lowest place free: Pisarchyk
// and Lee 2020, "Efficient Memory Management for Deep Neural Net Inference", https://arxiv.org/abs/2001.03288
import type { Storage } from '../core/storage.js'
import type { Made } from './recorder.js'

const ALIGN = 64

/** What runs at one time: a launch, or several at once. */
interface Use {
  readonly storages: readonly Storage[]
}

interface Life {
  readonly storage: Storage
  readonly bytes: number
  readonly first: number
  last: number
  at: number
}

export interface ArenaPlan {
  readonly bytes: number
  /** Where each storage is in the arena. */
  readonly places: ReadonlyMap<Storage, number>
}

/** The lives of what may move, in launches. */
function lives(launches: readonly Use[], movable: ReadonlyMap<Storage, Made>): Life[] {
  const found = new Map<Storage, Life>()
  launches.forEach(({ storages }, i) => {
    for (const storage of storages) {
      const made = movable.get(storage)
      if (made === undefined) continue
      const life = found.get(storage)
      if (life !== undefined) life.last = i
      else {
        const bytes = Math.ceil(made.bytes / ALIGN) * ALIGN
        found.set(storage, { storage, bytes, first: i, last: i, at: 0 })
      }
    }
  })
  return [...found.values()]
}

/** Gives every storage that is `movable` its place. */
export function planArena(launches: readonly Use[], movable: ReadonlyMap<Storage, Made>): ArenaPlan {
  const placed: Life[] = []
  let size = 0
  for (const life of lives(launches, movable).sort((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    let at = 0
    // `placed` is in the order of places: the first gap among those alive at the same time that is wide enough.
    for (const other of placed) {
      if (other.last < life.first || other.first > life.last) continue
      if (other.at >= at + life.bytes) break
      at = Math.max(at, other.at + other.bytes)
    }
    life.at = at
    size = Math.max(size, at + life.bytes)
    const next = placed.findIndex(other => other.at > at)
    placed.splice(next < 0 ? placed.length : next, 0, life)
  }
  return { bytes: size, places: new Map(placed.map(({ storage, at }) => [storage, at])) }
}
