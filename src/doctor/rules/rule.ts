// A rule: one cause, how it is recognised and what to do.
import type { Context } from '../context.js'
import type { Severity } from '../finding.js'
import type { Treatment } from '../run.js'

/**
 * How a finding has to be earned.
 * `stands`: by itself.
 * `outcome`: it is a mere fact where the run learned and the change does not help.
 * `proof`: it needs a run that stalled, or a change that helps; where the run learned it needs the latter.
 */
export type Proof = 'stands' | 'outcome' | 'proof'

export interface Draft {
  readonly severity: Severity
  readonly layer?: string
  readonly evidence: Readonly<Record<string, number | string>>
  readonly cause: string
  readonly summary: string
  readonly code?: string
  /** What the change is, for `fix.apply()` and for counterfactuals. */
  readonly treat?: Treatment
  /** The change is the user's to decide: it is tried, but there is no `fix.apply()`. */
  readonly onConsent?: boolean
  /** Name of the counterfactual that tries the change, where several rules share one. Default: the rule's id. */
  readonly trial?: string
  /** Default: 'stands'. */
  readonly proof?: Proof
  /** By nature a consequence: attached to a cause where there is one. */
  readonly symptom?: boolean
}

export interface Rule {
  readonly id: string
  /** Looked at only where no other rule found why: it costs time, or says little beside a cause. */
  readonly late?: boolean
  check(c: Context): Draft | null
}

/** `model[0].fc1` for the layer '0.fc1'. */
export function place(layer: string): string {
  return layer === ''
    ? 'model'
    : `model${layer
        .split('.')
        .map(part => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
        .join('')}`
}
