// A finding: what is wrong, the numbers that show it, why it happens in plain words, and what to do.
import type { DiagnoseOptions } from './options.js'

/** `error`: cannot work. `warning`: likely why it does not learn. `info`: a fact worth knowing. */
export type Severity = 'info' | 'warning' | 'error'

export interface Fix {
  /** One sentence: what to change. */
  readonly summary: string
  /** The change as code in the user's own terms. */
  readonly code?: string
  /**
   * Makes the change: model and optimizer in place; what cannot be changed in place (criterion, data, epochs, shuffle) is replaced on the
   * options object that was passed in. Absent where the change is the user's to decide.
   * @returns the options that it changed
   */
  readonly apply?: () => Partial<DiagnoseOptions>
}

export interface Finding {
  /** Name of the rule: `lr-too-high`. */
  readonly id: string
  readonly severity: Severity
  /** Where: the dotted name of a layer or parameter, as in `namedModules()`. */
  readonly layer?: string
  /** What was measured, by a readable name. Numbers that are not finite are given as strings. */
  readonly evidence: Readonly<Record<string, number | string>>
  /** The cause in plain words. */
  readonly cause: string
  /** What follows from this cause, and is therefore not listed beside it. */
  readonly symptoms?: readonly Finding[]
  readonly fix: Fix
  /** Name of the counterfactual in `trace.counterfactuals` that tried the fix. */
  readonly counterfactual?: string
}
