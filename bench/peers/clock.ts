// How a side times its own work; clock.py does the same.

/** Seconds; long enough to hold many short steps, and the collections of garbage that they cause. */
const SAMPLE = 0.02

const wall = () => performance.now() / 1000

/** What all threads of this process used: the collector's and the compiler's count too. */
const used = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/**
 * Seconds per iteration: a tenth of the time warms up, then samples of some 20 ms until it is used up, at least one. A step that is
 * longer than all of the time is timed once.
 */
export function measure(step: () => unknown, seconds: number, cpu = false): number[] {
  const clock = cpu ? used : wall
  const start = wall()
  const begun = clock()
  let count = 0
  let spent: number
  do {
    step()
    count++
    spent = wall() - start
  } while (spent < seconds / 10)
  if (count === 1 && spent >= seconds) return [clock() - begun]
  const many = Math.max(1, Math.round(SAMPLE / (spent / count)))
  const samples: number[] = []
  do {
    const before = clock()
    for (let i = 0; i < many; i++) step()
    samples.push((clock() - before) / many)
  } while (wall() - start < seconds)
  return samples
}
