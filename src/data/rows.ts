// Rows of tensors: one as a view, many gathered in one launch.
import { copyOf } from '../autograd/accumulate.js'
import { kernel, launch } from '../core/dispatch.js'
import { emptyTensor, type Tensor, viewOf } from '../tensor/tensor.js'

const GATHER = kernel('gatherRows')

/** Row i of t as a view; outside the graph, like all that a dataset gives. */
export function selectRow(t: Tensor, i: number): Tensor {
  const source = t.detach()
  return viewOf(source, source.shape.slice(1), source.strides.slice(1), i * source.strides[0])
}

/** The rows of t that the int32 tensor `index` names, copied into a new tensor. @throws IndexError if one does not exist */
export function gatherRows(t: Tensor, index: Tensor): Tensor {
  const shape = t.shape.slice()
  shape[0] = index.count
  const out = emptyTensor(shape, t.dtype)
  const length = t.shape[0] === 0 ? 0 : t.count / t.shape[0]
  const source = t.customStrides === null ? t : copyOf(t)
  launch(GATHER, t.dtype, [source, index, out], [t.shape[0], length, index.count])
  return out
}
