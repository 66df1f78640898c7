// Triage: which findings stand, which are the cause and which follow from it.

import type { Module } from '../nn/module.js'
import { type Context, type Tried, WINS } from './context.js'
import type { Finding, Severity } from './finding.js'
import type { DiagnoseOptions } from './options.js'
import { rules } from './rules/registry.js'
import type { Draft, Rule } from './rules/rule.js'
import { evalModeTraining } from './rules/structure/evalModeTraining.js'
import { gradNotZeroed } from './rules/structure/gradNotZeroed.js'
import { nonfiniteTraining } from './rules/training/nonfiniteTraining.js'
import type { Nonfinite, Treatment } from './run.js'
import type { Wiring } from './watch/wiring.js'

interface Candidate {
  readonly rule: Rule
  readonly draft: Draft
  readonly severity: Severity
  readonly tried: Tried | null
  /** Place in the registry. */
  readonly rank: number
}

const WEIGHT: Readonly<Record<Severity, number>> = { error: 0, warning: 1, info: 2 }
/** Counterfactuals that are run only to be shown. */
const SHOWN = 2
/** A skill that counts as cured, whatever else was found. */
const CURED = 0.5
/** A skill that leaves nothing to complain of. */
const WELL = 0.8
/** What a change has to gain where the run learned. */
const FAR_BETTER = 0.2

const tryOf = (c: Context, { rule, draft }: { rule: Rule; draft: Draft }): Tried | null =>
  draft.treat === undefined ? null : c.try(draft.trial ?? rule.id, draft.summary, draft.treat)

/** No network learns from these data: that one of them does not is no proof of anything. */
function withoutSignal(c: Context): boolean {
  const { skill } = c.control
  return skill !== null && skill <= 0.05
}

/** A run that learned is reported on only where a change does far better, on rows that neither run has seen as well. */
function lasting(c: Context, candidate: Candidate): Candidate | null {
  const { treat, symptom } = candidate.draft
  if (symptom || treat === undefined || c.outcome.skill >= WELL) return null
  const tried = tryOf(c, candidate)
  if (tried === null || tried.skillAfter < Math.max(tried.skillBefore, c.outcome.skill) + FAR_BETTER) return null
  const [before, after] = c.heldOut(treat)
  return after >= Math.max(before, 0) + WINS ? { ...candidate, tried } : null
}

/** What is left of a draft after the outcome of the run is looked at; null for nothing. */
function judged(c: Context, rule: Rule, draft: Draft, rank: number): Candidate | null {
  const candidate = { rule, draft, severity: draft.severity, tried: null, rank }
  const { proof = 'stands' } = draft
  if (proof === 'stands' || draft.severity === 'info') return candidate
  const { learned, stalled, skill } = c.outcome
  if (proof === 'outcome') {
    if (skill < WELL) return candidate
    const tried = tryOf(c, candidate)
    if (tried?.wins) return { ...candidate, tried }
    return draft.symptom ? null : { ...candidate, severity: 'info', tried }
  }
  if (learned) return lasting(c, candidate)
  if (stalled && !withoutSignal(c)) return candidate
  const tried = tryOf(c, candidate)
  if (tried?.wins) return { ...candidate, tried }
  return null
}

/** Whether a finding is explained by the cause before it. */
function follows(c: Context, cause: Candidate, other: Candidate): boolean {
  if (other.draft.symptom) return true
  const { proof = 'stands' } = other.draft
  if (proof === 'stands') return false
  if (cause.rule.id === 'no-signal' || cause.severity === 'error') return true
  const cure = cause.tried ?? tryOf(c, cause)
  const own = other.tried ?? tryOf(c, other)
  if (cure === null) return proof === 'proof'
  return (
    cure.wins || cure.skillAfter >= CURED || cure.skillAfter >= (own?.skillAfter ?? Number.NEGATIVE_INFINITY) - 0.05
  )
}

/** Makes a change to the user's own program. */
function applied({ program: { options, watched } }: Context, treat: Treatment): Partial<DiagnoseOptions> {
  const changed = treat(options)
  if (watched !== undefined) {
    if (changed.criterion !== undefined) watched.criterion = changed.criterion
    if (changed.epochs !== undefined) watched.epochs = changed.epochs
  }
  return changed
}

function findingOf(
  c: Context,
  { rule, draft, severity, tried }: Candidate,
  symptoms: readonly Candidate[] = [],
): Finding {
  const { layer, evidence, cause, summary, code, treat, onConsent } = draft
  return {
    id: rule.id,
    severity,
    ...(layer === undefined || layer === '' ? {} : { layer }),
    evidence,
    cause,
    ...(symptoms.length > 0 ? { symptoms: symptoms.map(s => findingOf(c, s)) } : {}),
    fix: {
      summary,
      ...(code === undefined ? {} : { code }),
      ...(treat === undefined || onConsent ? {} : { apply: () => applied(c, treat) }),
    },
    ...(tried === null ? {} : { counterfactual: tried.name }),
  }
}

const byRank = (a: Candidate, b: Candidate) => WEIGHT[a.severity] - WEIGHT[b.severity] || a.rank - b.rank

/** Of rivals that a trial each speaks for, the better one comes first. */
function byProof(a: Candidate, b: Candidate): number {
  if (a.draft.proof !== 'proof' || b.draft.proof !== 'proof') return byRank(a, b)
  const [x, y] = [a.tried?.skillAfter, b.tried?.skillAfter]
  if (x === undefined || y === undefined || Math.abs(x - y) < 0.1) return byRank(a, b)
  return y - x
}

function candidates(c: Context, late: boolean): Candidate[] {
  return rules.flatMap((rule, rank) => {
    if ((rule.late ?? false) !== late) return []
    const draft = rule.check(c)
    const found = draft === null ? null : judged(c, rule, draft, rank)
    return found === null ? [] : [found]
  })
}

const serious = (list: readonly Candidate[]) => list.filter(x => x.severity !== 'info')

/** The findings of a case, root causes first. */
export function triage(c: Context): Finding[] {
  let all = candidates(c, false)
  if (!serious(all).some(x => !x.draft.symptom)) all = [...all, ...candidates(c, true)]
  const roots = serious(all)
    .filter(x => !x.draft.symptom)
    .sort(byRank)
    .sort(byProof)
  // Where nothing but signs was found, the first of them stands for the others.
  const heads = roots.length > 0 ? roots : serious(all).sort(byRank).slice(0, 1)
  const kept: Candidate[] = []
  const attached = new Map<Candidate, Candidate[]>()
  for (const head of heads) {
    const cause = kept.find(k => follows(c, k, head))
    if (cause === undefined) {
      kept.push(head)
      attached.set(head, [])
    } else attached.get(cause)!.push(head)
  }
  const rest: Candidate[] = []
  for (const other of all) {
    if (heads.includes(other)) continue
    if (kept.length === 0 || (other.severity === 'info' && !other.draft.symptom)) rest.push(other)
    else attached.get(kept[0])!.push(other)
  }
  const proven = kept.map((k, i) =>
    i < SHOWN && k.tried === null ? { head: k, shown: { ...k, tried: tryOf(c, k) } } : { head: k, shown: k },
  )
  // A sign of info severity alone is a fact.
  return [
    ...proven.map(({ head, shown }) => findingOf(c, shown, attached.get(head))),
    ...rest.sort(byRank).map(x => findingOf(c, x)),
  ]
}

/** What calls alone say: these rules look at nothing else. */
export function triageCalls(wiring: Wiring, nonfinite: Nonfinite | null, model: Module): Finding[] {
  const context = { wiring, run: { nonfinite }, program: { model } } as unknown as Context
  return [gradNotZeroed, evalModeTraining, nonfiniteTraining].flatMap(rule => {
    const draft = rule.check(context)
    if (draft === null) return []
    const { severity, layer, evidence, cause, summary, code } = draft
    const where = layer === undefined ? {} : { layer }
    return [
      { id: rule.id, severity, ...where, evidence, cause, fix: { summary, ...(code === undefined ? {} : { code }) } },
    ]
  })
}
