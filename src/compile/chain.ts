// Pass: chains. Elementwise launches on many elements that follow each other run tile by tile, all of them on one tile before the next
// one: what one passes to another stays in the cache, and what only they see is never stored. To the bit the same, as each element is
// computed by the same kernels.
import { elementwise, kernelOf } from '../core/dispatch.js'
import { overlap, type Storage } from '../core/storage.js'
import { type Made, type RecordedLaunch, uses } from './recorder.js'

/** Elements from which it pays: fewer stay in the caches between two launches, and tiles then cost up to a tenth (32 MB of L3). */
const LEAST = 1 << 21
/** Launches of a chain: the three operands of each are then fewer temporaries than native/program.cpp allows, 255. */
const MOST = 64
const BYTES = 4

/** Launches that run as one. */
export interface Chain {
  readonly launches: readonly RecordedLaunch[]
  readonly elements: number
  /** Which of the sizes of each launch are the elements. */
  readonly elementsAt: readonly number[]
  /** What only these launches see, by number. */
  readonly temporaries: ReadonlyMap<Storage, number>
  /** All other memory of theirs. */
  readonly storages: readonly Storage[]
}

export const isChain = (x: RecordedLaunch | Chain): x is Chain => 'temporaries' in x

/** Which size of an elementwise launch counts its elements, or -1. Float32 alone, whose code is the kernel. */
function elementsAt({ code, storages, sizes }: RecordedLaunch): number {
  if (!elementwise.has(code) || kernelOf(code) !== code) return -1
  if (storages.length === 3 && sizes.length === 4) return sizes.every((n, i) => i === 1 || n === 1) ? 1 : -1
  return sizes.length === 1 || (storages.length === 2 && sizes.length === 2) ? 0 : -1
}

/** Whether each memory is used from one place on: a tile of one launch then touches that of no other tile. */
function isAligned(launches: readonly RecordedLaunch[]): boolean {
  const offsets = new Map<Storage, number>()
  return launches.every(launch =>
    launch.storages.every((s, i) => {
      const at = offsets.get(s)
      if (at !== undefined) return at === launch.offsets[i]
      for (const other of offsets.keys()) if (overlap(s, other)) return false
      offsets.set(s, launch.offsets[i])
      return true
    }),
  )
}

/** The launches, with those that can run tile by tile gathered into chains. */
export function chain(
  launches: readonly RecordedLaunch[],
  fresh: ReadonlyMap<Storage, Made>,
  kept: ReadonlySet<Storage>,
): (RecordedLaunch | Chain)[] {
  const count = uses(launches)
  const done: (RecordedLaunch | Chain)[] = []
  let open: RecordedLaunch[] = []
  const elementsOf = (launch: RecordedLaunch) => launch.sizes[elementsAt(launch)] ?? 0
  const close = () => {
    if (open.length > 1) done.push(together(open, elementsOf(open[0])))
    else done.push(...open)
    open = []
  }
  function together(launches: readonly RecordedLaunch[], elements: number): Chain {
    const own = uses(launches)
    const temporaries = new Map<Storage, number>()
    for (const [s, n] of own) {
      const whole = fresh.get(s)?.bytes === elements * BYTES
      if (whole && !kept.has(s) && n === count.get(s)) temporaries.set(s, temporaries.size)
    }
    const storages = [...own.keys()].filter(s => !temporaries.has(s))
    return { launches, elements, elementsAt: launches.map(elementsAt), temporaries, storages }
  }
  for (const launch of launches) {
    const elements = elementsOf(launch)
    const fits =
      open.length > 0 && open.length < MOST && elementsOf(open[0]) === elements && isAligned([...open, launch])
    if (!fits) close()
    if (elements >= LEAST) open.push(launch)
    else done.push(launch)
  }
  close()
  return done
}
