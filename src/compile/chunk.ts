// Many batches in one native call: the gathering of rows, the step and the keeping of its result, batch after batch. Such programs are
// kept, as each epoch runs the same: only the order of the rows, an input, is new.
import { copyOf } from '../autograd/accumulate.js'
import { kernel, type NativeProgram, replayProgram, replayProgramAsync } from '../core/dispatch.js'
import { dtypes } from '../core/dtype.js'
import { emptyTensor, type Tensor, viewOf } from '../tensor/tensor.js'
import { assemble, type End, type Placed, type PlacedChain, type Plan } from './program.js'

const GATHER = kernel('gatherRows')
const COPY = kernel('copy')

/** A kind of call that is ready to be replayed, as far as an epoch needs it. */
export interface Step {
  readonly inputs: readonly Tensor[]
  readonly outputs: readonly Tensor[]
  readonly plan: Plan
}

/** Batches run by one call. */
export interface Chunk {
  readonly steps: readonly Step[]
  readonly tensors: readonly Tensor[]
  readonly native: NativeProgram
  /** The rows of all batches, one batch after the other. */
  readonly index: Tensor
  /** Results of each batch, [batches, …]. */
  readonly outputs: readonly Tensor[]
}

const bytesOf = (t: Tensor) => t.count * dtypes[t.dtype].bytes
export const endOf = (t: Tensor): End => ({ storage: t.storage, byteOffset: t.byteOffset, bytes: bytesOf(t) })

function placed(kernel: number, tensors: readonly Tensor[], sizes: readonly number[]): Placed {
  return {
    code: kernel + dtypes[tensors[0].dtype].code,
    buffers: tensors.map(t => t.storage.bytes),
    offsets: tensors.map(t => t.byteOffset),
    sizes,
    floats: [],
  }
}

/** Gathers the rows that `index` names into `own`. */
function gatherInto(source: Tensor, index: Tensor, own: Tensor): Placed {
  return placed(GATHER, [source, index, own], [source.shape[0], own.count / own.shape[0], index.count])
}

function copyInto(from: Tensor, to: Tensor): Placed {
  return placed(COPY, [from, to], [1, from.count, 1, 1])
}

/** `count` elements of a contiguous tensor from `at` on, flat. */
function part(t: Tensor, at: number, count: number): Tensor {
  return viewOf(t, [count], [1], at)
}

export function makeChunk(steps: readonly Step[], tensors: readonly Tensor[]): Chunk {
  const rows = steps.map(({ inputs }) => inputs[0].shape[0])
  const index = emptyTensor([rows.reduce((a, b) => a + b, 0)], 'int32')
  const outputs = steps[0].outputs.map(t => emptyTensor([steps.length, ...t.shape], t.dtype))
  const launches: (Placed | PlacedChain)[] = []
  let at = 0
  steps.forEach(({ inputs, outputs: own, plan }, k) => {
    const batch = part(index, at, rows[k])
    at += rows[k]
    inputs.forEach((input, i) => {
      launches.push(gatherInto(tensors[i], batch, input))
    })
    launches.push(...plan.launches)
    own.forEach((t, j) => {
      launches.push(copyInto(t, part(outputs[j], k * t.count, t.count)))
    })
  })
  return { steps, tensors, index, outputs, native: assemble([endOf(index)], outputs.map(endOf), launches) }
}

/** Whether a chunk is for these batches of these tensors. */
export function isFor(chunk: Chunk, steps: readonly Step[], tensors: readonly Tensor[]): boolean {
  return (
    chunk.steps.length === steps.length &&
    chunk.steps.every((s, i) => s === steps[i]) &&
    chunk.tensors.every((t, i) => t.storage === tensors[i].storage && t.byteOffset === tensors[i].byteOffset)
  )
}

export function runChunk({ native, outputs }: Chunk, index: Tensor): Tensor[] {
  const out = outputs.map(t => emptyTensor(t.shape, t.dtype))
  replayProgram(native, [index], out)
  return out
}

export async function runChunkAsync({ native, outputs }: Chunk, index: Tensor): Promise<Tensor[]> {
  await replayProgramAsync(native, [index])
  return outputs.map(copyOf)
}
