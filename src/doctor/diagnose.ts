// diagnose: looks at a program before it is trained, runs a part of the training on clones, and tries what might help.
import { manualSeed } from '../tensor/generator.js'
import type { Tensor } from '../tensor/tensor.js'
import { reportOf } from './assemble.js'
import { type Case, caseOf, insideOf } from './case.js'
import { type Budget, Context } from './context.js'
import { viewData } from './dataView.js'
import type { Finding } from './finding.js'
import type { DiagnoseOptions } from './options.js'
import type { Report } from './report.js'
import { nonfiniteData } from './rules/data/nonfiniteData.js'
import { type Run, train } from './run.js'
import { inSandbox, optimized } from './sandbox.js'
import { probeBatch, type State, stateOf } from './state.js'
import { triage } from './triage.js'

// Estimated seconds for the trial and for each counterfactual, at 40 GFlop/s and 80 us a step. Steps and not the clock decide where a
// run ends, so that the same program gives the same report.
const TRIAL_SECONDS = 2.5
const COUNTERFACTUAL_SECONDS = 1
const STEP_SECONDS = 80e-6
const FLOPS = 4e10
const FEWEST = 60
const MOST_TRIAL = 3000
const MOST_COUNTERFACTUAL = 400

/** Multiplications of weights for one row. */
function workPerRow({ network, inputs }: State, c: Pick<Case, 'model'>): number {
  const rows = inputs.shape[0]
  let work = 0
  for (const { module, output } of network.calls) {
    const t = output as Tensor | null
    for (const p of module.parameters()) {
      if (p.shape.length < 2) continue
      const uses = t?.count === undefined ? 1 : Math.max(1, t.count / p.shape[0] / rows)
      work += p.count * uses
    }
  }
  return work || [...c.model.parameters()].reduce((n, p) => n + p.count, 0)
}

export function budgetOf(start: State, c: Case): Budget {
  const seconds = STEP_SECONDS + (6 * c.batchSize * workPerRow(start, c)) / FLOPS
  const affordable = (given: number, most: number) =>
    Math.min(c.steps, most, Math.max(FEWEST, Math.floor(given / seconds)))
  const trial = affordable(TRIAL_SECONDS, MOST_TRIAL)
  return { trial, counterfactual: Math.min(trial, affordable(COUNTERFACTUAL_SECONDS, MOST_COUNTERFACTUAL)) }
}

/** The network as it is, or was with these values, on the fixed batch. */
export function startOf(c: Case, values?: Parameters<typeof inSandbox>[0]['values']): State {
  return inSandbox({ ...insideOf(c), values }, () => {
    manualSeed(0)
    const [x, y] = probeBatch(c)
    return stateOf(c, x, y)
  })
}

/** A run that could not be made. */
const noRun: Run = {
  steps: 0,
  complete: false,
  losses: [],
  rates: [],
  layers: [],
  probe: [],
  validation: [],
  baseline: null,
  kind: 'other',
  nonfinite: null,
  end: null,
  gap: null,
}

/**
 * Says why a network does not learn, or will not: looks at data, layers, loss and optimizer, trains on clones for a while, and tries
 * what might help from the same start. Model, optimizer, buffers, modes, gradients and random numbers are to the bit what they were.
 *
 * ```ts
 * const report = diagnose({ model, criterion, optimizer, data: [X, y], epochs: 20 })
 * console.log(`${report}`)
 * report.findings[0]?.fix.apply?.()
 * ```
 * @throws TypeError where an option is missing or of the wrong kind; what the model's forward, or the loss, throws
 */
export function diagnose(options: DiagnoseOptions): Report {
  const began = performance.now()
  const program = caseOf(options)
  const notes: string[] = []
  const start = startOf(program)
  const data = viewData(program, start.kind)
  const bad = data.badInputs !== null || data.badTargets !== null
  const movable = optimized(program.optimizer).some(p => p.leafRequiresGrad)
  const budget = budgetOf(start, program)
  let run = noRun
  if (bad) notes.push('not trained: the data are not finite')
  else if (!movable) notes.push('not trained: nothing is trainable')
  else if (start.lossError !== null) notes.push(`not trained: ${start.lossError.message}`)
  else {
    try {
      run = train(program, { steps: budget.trial, full: true, probeAt: [budget.counterfactual] })
    } catch (error) {
      // Rows beyond the fixed batch that the loss refuses.
      notes.push(`training stopped: ${(error as Error).message}`)
    }
  }
  const context = new Context(program, data, start, run, budget, null, undefined)
  const findings = bad ? only(context) : triage(context)
  // An error of the program's own that no rule explains is no diagnosis.
  if (start.lossError !== null && !bad && findings.every(f => f.severity !== 'error')) throw start.lossError
  return reportOf(context, findings, 'diagnose', (performance.now() - began) / 1000, notes)
}

/** Beside data that are not finite nothing else can be judged. */
function only(c: Context): Finding[] {
  const draft = nonfiniteData.check(c)!
  const { severity, evidence, cause, summary, code } = draft
  return [
    { id: nonfiniteData.id, severity, evidence, cause, fix: { summary, ...(code === undefined ? {} : { code }) } },
  ]
}
