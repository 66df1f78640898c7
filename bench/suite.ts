// Benny with the settings that all suites here share: short cases, one thread, details as JSON in bench/results.
import path from 'node:path'
import benny from 'benny'
import { buildInfo, setNumThreads } from 'glorot'

/** A case: what it is, and a setup that gives the function to time. */
export type Case = readonly [title: string, setup: () => () => unknown]

const folder = path.join(import.meta.dirname, '..', '..', 'bench', 'results')

/** Runs the cases of an area and saves them as `<file>.json`. */
export async function suite(file: string, title: string, cases: readonly Case[]): Promise<void> {
  setNumThreads(1)
  const { isa } = buildInfo()
  await benny.suite(
    `${title} (${isa}, one thread)`,
    ...cases.map(([name, setup]) => benny.add(name, setup, { maxTime: 0.5 })),
    benny.cycle(),
    benny.save({ file, folder, details: true, format: 'json' }),
  )
}
