// Runs a row on both sides in turns, so that a slow spell of the machine hits both.
import type { Row, Run, Side } from './rows.js'
import { compareRounds, median, type Ratio } from './statistics.js'
import type { Worker } from './worker.js'

export interface Effort {
  /** Turns of each side. */
  readonly rounds: number
  /** Seconds of a turn. */
  readonly seconds: number
  /** Time by the process's CPU time instead of the wall's clock. */
  readonly cpu: boolean
}

export interface Measured extends Ratio {
  /** Median seconds per iteration. */
  readonly ours: number
  readonly theirs: number
  /** Median seconds per iteration of each turn. */
  readonly rounds: { readonly ours: readonly number[]; readonly theirs: readonly number[] }
}

/** What a peer cannot do: its row says so, and the comparison is complete without it. */
export class Beyond extends Error {}

/** Seconds that the turns of a slow peer may take in all: a step of seconds gets fewer rounds, a slower one no second turn. */
const PATIENCE = 10

/** Both sides draw the same numbers and run the same program: what they compute differs by rounding alone. */
function checkAgreement(ours: number, theirs: number): void {
  if (Math.abs(ours - theirs) <= 1e-6 + 1e-3 * Math.abs(theirs)) return
  throw new Error(`the sides compute different things: ${ours} against ${theirs}`)
}

/**
 * Both sides get a new process for each row: what an earlier one did to an allocator, a compiler or the caches would change the
 * figures of those that follow.
 *
 * @throws Error if a side does not start or fails, or if the two do not compute the same
 */
export async function compare(
  { ours, theirs }: Row,
  start: (side: Side) => Promise<Worker>,
  { rounds, seconds, cpu }: Effort,
): Promise<Measured> {
  const workers = new Map<Run, Worker>()
  const prepare = async (run: Run): Promise<number> => {
    const { side, work, args, threads } = run
    const worker = await start(side)
    workers.set(run, worker)
    const { value, error, lacks } = await worker.ask({ do: 'prepare', work, args, threads })
    if (lacks !== undefined) throw new Beyond(lacks)
    if (error !== undefined) throw new Error(`${run.side}: ${error}`)
    return value!
  }
  // Two threads take turns with themselves: CPU time would not show what they save.
  const byCpu = cpu && ours.threads === 1 && theirs.threads === 1
  const turn = async (run: Run): Promise<number> => {
    const request = { do: 'run', seconds, threads: run.threads, cpu: byCpu } as const
    const { samples, error } = await workers.get(run)!.ask(request)
    if (error !== undefined) throw new Error(`${run.side}: ${error}`)
    return median(samples!)
  }

  const mine: number[] = []
  const other: number[] = []
  try {
    const expected = await prepare(theirs)
    checkAgreement(await prepare(ours), expected)
    await turn(ours)
    const first = await turn(theirs)
    const times = first < seconds ? rounds : Math.min(rounds, Math.floor(PATIENCE / first))
    if (times === 0) {
      other.push(first)
      mine.push(await turn(ours))
    }
    for (let i = 0; i < times; i++) {
      if (i % 2 === 0) mine.push(await turn(ours))
      other.push(await turn(theirs))
      if (i % 2 === 1) mine.push(await turn(ours))
    }
  } finally {
    for (const worker of workers.values()) await worker.stop()
  }
  return {
    ...compareRounds(mine, other),
    ours: median(mine),
    theirs: median(other),
    rounds: { ours: mine, theirs: other },
  }
}
