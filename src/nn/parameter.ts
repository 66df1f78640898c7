// A tensor that a module learns: assigned to a module, it is one of its parameters.
import { checkTensor } from '../autograd/defineOp.js'
import { isFloating } from '../core/dtype.js'
import { checkOptions, DTypeError } from '../core/errors.js'
import { Tensor } from '../tensor/tensor.js'

/** What a module learns. A plain tensor assigned in its place is no parameter any more, which TypeScript refuses. */
export class Parameter extends Tensor {
  /** @internal Makes the type differ from Tensor's. */
  declare private readonly _learned: true

  /**
   * @param data shares its memory; outside the graph
   * @param options `requiresGrad`: default true
   */
  constructor(data: Tensor, options?: { requiresGrad?: boolean }) {
    checkTensor('Parameter', data, 'data')
    checkOptions('Parameter', options, ['requiresGrad'])
    if (!isFloating(data.dtype))
      throw new DTypeError(`a parameter must be floating, got ${data.dtype}`, { op: 'Parameter' })
    super(data.storage, data.byteOffset, data.shape, data.customStrides, data.dtype)
    this.leafRequiresGrad = options?.requiresGrad ?? true
  }
}
