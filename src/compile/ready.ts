// A recording that can be replayed, and what is left to JavaScript after a replay.
import type { NativeProgram } from '../core/dispatch.js'
import type { Step } from './chunk.js'
import type { Recording } from './recorder.js'
import type { Result, Shaped } from './result.js'

/** A kind of call that can be replayed. */
export interface Ready extends Step {
  readonly recording: Recording
  readonly native: NativeProgram
  readonly revision: number
  readonly build: Shaped['build']
  /** Its outputs themselves. */
  readonly result: Result
}

/** What JavaScript would have done during a run. */
export function afterwards({ plan, recording }: Pick<Ready, 'plan' | 'recording'>): void {
  for (const [storage, n] of plan.writes) storage.version += n
  recording.assignGrads()
}
