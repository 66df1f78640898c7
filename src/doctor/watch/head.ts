// What a loop does with the model's output before the loss: nothing, a change of shape, an activation.
import type { Node } from '../../autograd/node.js'
import { sameShape } from '../../core/shape.js'
import { relu } from '../../ops/activation.js'
import { logSoftmax, softmax } from '../../ops/softmax.js'
import { sigmoid, tanh } from '../../ops/unary.js'
import type { Tensor } from '../../tensor/tensor.js'
import type { LossSeen } from './batches.js'

export type Head = (output: Tensor) => Tensor

const activations: Readonly<Record<string, Head>> = {
  sigmoid,
  tanh,
  relu: x => relu(x),
  softmax: x => softmax(x, x.shape.length > 1 ? 1 : 0),
  logSoftmax: x => logSoftmax(x, x.shape.length > 1 ? 1 : 0),
}

const SHAPING = new Set(['view', 'pick', 'select', 'narrow'])

/** Past changes of shape alone. */
function under(node: Node | null): Node | null {
  let at = node
  while (at !== null && SHAPING.has(at.operation.name)) at = at.next[0]
  return at
}

const shaped =
  (shape: readonly number[]): Head =>
  x =>
    sameShape(x.shape.slice(1), shape.slice(1)) ? x : x.reshape([x.shape[0], ...shape.slice(1)])

/** What is between an output and a loss; null where that is more than can be told. */
export function headBetween(output: Tensor, { prediction, node }: Pick<LossSeen, 'prediction' | 'node'>): Head | null {
  const from = under(node.next[0])
  const own = under(output.gradFn)
  if (from === null || own === null || (prediction !== null && prediction.count !== output.count)) return null
  const reshape = shaped(prediction?.shape ?? output.shape)
  if (from === own) return reshape
  const activation = activations[from.operation.name]
  return activation !== undefined && under(from.next[0]) === own ? x => reshape(activation(x)) : null
}
