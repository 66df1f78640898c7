// Pass: dead launches. What writes only to memory that nobody reads afterwards, and that nobody keeps, need not run: an accuracy that is
// not returned, the gradient of what is frozen.
import type { Storage } from '../core/storage.js'
import type { Made, RecordedLaunch } from './recorder.js'

/** The launches without those that nobody would miss. `kept` storages are needed at the end. */
export function prune(
  launches: readonly RecordedLaunch[],
  fresh: ReadonlyMap<Storage, Made>,
  kept: ReadonlySet<Storage>,
): RecordedLaunch[] {
  const read = new Set<Storage>()
  const needed = (s: Storage) => !fresh.has(s) || kept.has(s) || read.has(s)
  const live: RecordedLaunch[] = []
  for (const launch of launches.toReversed()) {
    const { storages, written } = launch
    // One that writes nothing is there to look at its operands and complain.
    if (written.includes(true) && !storages.some((s, i) => written[i] && needed(s))) continue
    // Those it writes to as well: it may do so in part.
    for (const s of storages) read.add(s)
    live.push(launch)
  }
  return live.reverse()
}
