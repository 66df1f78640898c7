// softmax and its kin with PyTorch's choice of a dimension where none is given.
import { checkTensor } from '../../autograd/defineOp.js'
import type { DTypeOption } from '../../ops/reduce.js'
import * as ops from '../../ops/softmax.js'
import type { Tensor } from '../../tensor/tensor.js'

function alongOf(op: string, run: typeof ops.softmax) {
  return (x: Tensor, dim?: number | null, options?: DTypeOption): Tensor => {
    checkTensor(op, x)
    const n = x.shape.length
    return run(x, dim ?? (n === 0 || n === 1 || n === 3 ? 0 : 1), options)
  }
}

/** eˣ/Σeˣ along a dimension. Without one: 0 for tensors of 0, 1 and 3 dimensions, else 1; PyTorch advises to name it. */
export const softmax = alongOf('softmax', ops.softmax)
/** log(softmax(x)) along a dimension; see `softmax`. */
export const logSoftmax = alongOf('logSoftmax', ops.logSoftmax)
/** softmax(-x) along a dimension; see `softmax`. */
export const softmin = alongOf('softmin', ops.softmin)
