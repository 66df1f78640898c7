// Puts a report together.
import { buildInfo } from '../core/info.js'
import type { Context } from './context.js'
import type { Finding } from './finding.js'
import { criterionName } from './loss.js'
import { shown } from './numbers.js'
import type { WatchOptions } from './options.js'
import { Report, type ReportMeta } from './report.js'
import type { Trace } from './trace.js'

function traceOf(c: Context): Trace {
  const { run } = c
  return {
    losses: run.losses,
    rates: run.rates,
    layers: run.layers,
    validation: run.validation,
    data: c.data.facts,
    baseline: run.baseline ?? c.start.baseline,
    probe: run.probe,
    control: c.controlIfKnown,
    counterfactuals: c.tried.map(({ name, fixSummary, before, after }) => ({ name, fixSummary, before, after })),
  }
}

/** The parts of a report. */
export function reportOf(
  c: Context,
  findings: readonly Finding[],
  source: 'diagnose' | 'watch',
  seconds: number,
  notes: readonly string[],
): Report {
  const { model, optimizer, criterion, steps, planned } = c.program
  return new Report({
    findings,
    trace: traceOf(c),
    meta: {
      ...metaOf({ model, optimizer, criterion }),
      source,
      steps: c.run.steps,
      plannedSteps: planned ? steps : null,
      seconds,
      notes,
    },
  })
}

type Described = Pick<ReportMeta, 'version' | 'model' | 'structure' | 'parameters' | 'optimizer' | 'criterion'>

function metaOf({ model, optimizer, criterion }: Pick<WatchOptions, 'model' | 'optimizer' | 'criterion'>): Described {
  return {
    version: buildInfo().version,
    model: model.constructor.name,
    structure: model.toString(),
    parameters: [...model.parameters()].reduce((n, p) => n + p.count, 0),
    optimizer: `${optimizer.constructor.name}(lr ${shown(Number(optimizer.paramGroups[0].lr))})`,
    criterion: criterionName(criterion),
  }
}

/** The report on a loop of which the calls were seen, and the layers. */
export function callsReport(
  options: WatchOptions,
  findings: readonly Finding[],
  seen: Pick<Trace, 'losses' | 'rates' | 'layers' | 'validation'>,
  meta: Pick<ReportMeta, 'steps' | 'plannedSteps' | 'seconds' | 'notes'>,
): Report {
  const trace: Trace = { ...seen, data: null, baseline: null, probe: [], control: null, counterfactuals: [] }
  return new Report({ findings, trace, meta: { ...metaOf(options), source: 'watch', ...meta } })
}
