// What the rules judge by: the program, its data, the network at the start, a run, and answers that cost time, found when asked for.
import { gatherRows } from '../data/rows.js'
import { Generator } from '../tensor/generator.js'
import { randperm } from '../tensor/random.js'
import type { Case } from './case.js'
import { controlOf } from './control.js'
import type { DataView } from './dataView.js'
import { skillOf } from './loss.js'
import { median } from './numbers.js'
import type { DiagnoseOptions } from './options.js'
import { type Run, type Treatment, train } from './run.js'
import type { Values } from './sandbox.js'
import type { State } from './state.js'
import type { Control, Counterfactual } from './trace.js'
import type { Wiring } from './watch/wiring.js'

/** How a run went. */
export interface Outcome {
  /** 1 - loss / baseline on the fixed batch, at the end; the part of the first loss that is gone, where there is no baseline. */
  readonly skill: number
  /** The same at the start. */
  readonly startSkill: number
  /** Share of the first loss that is gone. */
  readonly improved: number
  /** Learned half of what there is, or about what the control network does. */
  readonly learned: boolean
  /** Went far enough to tell, and learned nothing. */
  readonly stalled: boolean
}

/** A run with a change, against the run without. */
export interface Tried extends Counterfactual {
  /** Skill at the end without and with the change. */
  readonly skillBefore: number
  readonly skillAfter: number
  /** The change gains a tenth of the baseline or more. */
  readonly wins: boolean
  readonly run: Run
}

/** Steps that are affordable. */
export interface Budget {
  readonly trial: number
  readonly counterfactual: number
}

/** Part of the baseline that a change has to gain. */
export const WINS = 0.1
const MOST_COUNTERFACTUALS = 12

/** Skill on the fixed batch at a step (the last one at or before it); single evaluations jump, so it is the median of three. */
export function skillAt(run: Run, step = Number.POSITIVE_INFINITY): number {
  if (run.nonfinite !== null && step >= run.nonfinite.step) return Number.NEGATIVE_INFINITY
  const until = run.probe.filter(p => p.step <= step)
  if (until.length === 0) return Number.NaN
  const end = until[until.length - 1]
  const late = until.filter(p => p.step >= 0.9 * end.step).slice(-3)
  const last = late.length === 3 ? median(late.map(p => p.loss)) : end.loss
  const first = run.probe[0].loss
  const scale = run.baseline !== null && run.baseline > 1e-12 ? run.baseline : Math.abs(first) || 1
  const skill = run.baseline !== null && run.baseline > 1e-12 ? 1 - last / scale : (first - last) / scale
  if (Number.isNaN(skill)) return Number.NEGATIVE_INFINITY
  // Of absolute errors: as if they were squared, so that one threshold fits both.
  return run.kind === 'l1' ? 1 - (1 - skill) ** 2 : skill
}

export class Context {
  readonly tried: Tried[] = []
  private knownControl: Control | null = null
  private knownOutcome: Outcome | null = null
  private knownBase: Run | null = null
  private readonly byKey = new Map<string, Tried | null>()

  constructor(
    readonly program: Case,
    readonly data: DataView,
    readonly start: State,
    readonly run: Run,
    readonly budget: Budget,
    /** What was seen of the user's own loop; null where the doctor runs its own. */
    readonly wiring: Wiring | null,
    /** Values that the run began with, where they are not the present ones. */
    private readonly values: Values | undefined,
    /** Nothing is tried: what there is has to do. */
    readonly quick = false,
  ) {}

  /** The learning rate that the run began with. */
  get lr(): number {
    const { startRates, optimizer } = this.program
    return startRates?.[0] ?? Number(optimizer.paramGroups[0].lr)
  }

  /** The control network's result. */
  get control(): Control {
    if (this.quick) return { skill: null, rows: 0 }
    this.knownControl ??= controlOf(this.program, this.start.kind)
    return this.knownControl
  }

  /** Takes the control network's result from an earlier look at the same data. */
  adoptControl(control: Control): void {
    this.knownControl = control
  }

  get controlIfKnown(): Control | null {
    return this.knownControl
  }

  get outcome(): Outcome {
    this.knownOutcome ??= this.judge(this.run)
    return this.knownOutcome
  }

  judge(run: Run): Outcome {
    const skill = skillAt(run)
    const startSkill = skillAt(run, 0)
    const [first, last] = [run.probe[0]?.loss ?? Number.NaN, run.probe.at(-1)?.loss ?? Number.NaN]
    const improved = (first - last) / (Math.abs(first) || 1)
    const enough = run.steps >= Math.min(this.program.steps, Math.max(50, 0.2 * this.program.steps))
    const asControl = () => {
      const { skill: reachable } = this.control
      return reachable !== null && reachable > 0.1 && skill >= 0.8 * reachable
    }
    const learned = skill >= 0.5 || (skill > 0.05 && asControl())
    const stalled =
      !learned && (run.nonfinite !== null || (enough && (skill < 0.05 || (improved < 0.01 && skill < 0.5))))
    return { skill, startSkill, improved, learned, stalled }
  }

  /** The run that counterfactuals are compared with. */
  get base(): Run {
    if (this.wiring === null) return this.run
    this.knownBase ??= train(this.program, { steps: this.budget.counterfactual, values: this.values })
    return this.knownBase
  }

  /** Skill on a fifth of the rows after training on the others, without and with a change. */
  heldOut(treat?: Treatment): [before: number, after: number] {
    if (this.quick) return [Number.NaN, Number.NaN]
    const { program } = this
    const order = randperm(program.rows, { generator: new Generator(7) })
    const cut = Math.floor(0.8 * program.rows)
    const [inner, outer] = [order.narrow(0, 0, cut).contiguous(), order.narrow(0, cut, program.rows - cut).contiguous()]
    const [X, y] = [gatherRows(program.X, inner), gatherRows(program.y, inner)]
    const probe = [gatherRows(program.X, outer), gatherRows(program.y, outer)] as const
    const options: DiagnoseOptions = {
      ...program.options,
      data: [X, y],
      batchSize: Math.min(program.batchSize, cut),
      shuffle: program.shuffle,
    }
    delete options.validation
    const part = { ...program, options, X, y, rows: cut, batchSize: options.batchSize!, validation: null }
    const best = (treatment?: Treatment) => {
      const run = train(part, { steps: this.budget.counterfactual, probe, treat: treatment, values: this.values })
      return run.baseline === null ? Number.NaN : Math.max(...run.probe.map(p => skillOf(p.loss, run.baseline!)))
    }
    return [best(), treat === undefined ? Number.NaN : best(treat)]
  }

  /** Tries a change for as many steps as are affordable; null where it cannot be tried. */
  try(key: string, fixSummary: string, treat: Treatment): Tried | null {
    const known = this.byKey.get(key)
    if (known !== undefined) return known
    if (this.quick || this.byKey.size >= MOST_COUNTERFACTUALS) return null
    let result: Tried | null = null
    try {
      result = this.compare(key, fixSummary, treat)
    } catch {
      // A change that the program cannot take proves nothing.
    }
    this.byKey.set(key, result)
    if (result !== null) this.tried.push(result)
    return result
  }

  private compare(name: string, fixSummary: string, treat: Treatment): Tried {
    const steps = this.budget.counterfactual
    const run = train(this.program, { steps, treat, values: this.values })
    const skillBefore = skillAt(this.base, steps)
    const skillAfter = skillAt(run, steps)
    const before = this.base.losses.filter(p => p.step <= steps).map(p => p.loss)
    return {
      name,
      fixSummary,
      before,
      after: run.losses.map(p => p.loss),
      skillBefore,
      skillAfter,
      wins: skillAfter >= Math.max(skillBefore, -1) + WINS && skillAfter > 0.02,
      run,
    }
  }
}
