// A recording that can be replayed, and what is left to JavaScript after a replay.
import type { NativeProgram } from '../core/dispatch.js'
import type { Tensor } from '../tensor/tensor.js'
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

/** Who follows a training that is replayed: no hook runs then. */
export interface Onlooker {
  /** How many steps may be run before it is told. */
  most(): number
  /** A run was replayed. `inputs` where they are at hand; `resultOf` its i-th result, of those that are a number. */
  replayed(ready: Ready, inputs: readonly Tensor[] | null, resultOf: (i: number) => number): void
}

export const onlookers = new Set<Onlooker>()

const countWrites = ({ plan }: Ready) => {
  for (const [storage, n] of plan.writes) storage.version += n
}

/** What is left of a run that ended in an error, in JavaScript. */
export function failed(ready: Ready): void {
  countWrites(ready)
  ready.recording.dropGrads()
}

/** What JavaScript would have done during a run. */
export function afterwards(
  ready: Ready,
  inputs: readonly Tensor[] | null = null,
  resultOf?: (i: number) => number,
): void {
  countWrites(ready)
  ready.recording.assignGrads()
  if (onlookers.size === 0) return
  const of = resultOf ?? (i => ready.outputs[i].item())
  for (const onlooker of onlookers) onlooker.replayed(ready, inputs, of)
}
