// A program of the collection: how it is made, and what is wrong with it.
import type { DiagnoseOptions, Report, Watcher } from 'glorot/doctor'

export interface Program {
  readonly name: string
  /** Findings of which one names what is wrong, the best first; none for a healthy program. */
  readonly sickness: readonly string[]
  readonly make: (seed: number) => DiagnoseOptions
  /** Where the trouble is in the loop: trains under the watcher. Without it the program is given to diagnose. */
  readonly loop?: (options: DiagnoseOptions, watch: (o: DiagnoseOptions) => Watcher) => Report
}
