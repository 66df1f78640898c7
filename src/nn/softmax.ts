// Softmax and its kin as modules.
import { checkTensor } from '../autograd/defineOp.js'
import { checkInteger, checkOptions, formatShape, ShapeError } from '../core/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { logSoftmax, softmax, softmin } from './functional/softmax.js'
import { Module } from './module.js'

interface Along {
  /** The dimension along which results add up to 1. Default: none, which is 0 for 0, 1 and 3 dimensions, else 1. */
  dim?: number | null
}

abstract class OverDim extends Module {
  dim: number | null

  constructor(op: string, options: Along | undefined) {
    super()
    checkOptions(op, options, ['dim'])
    const dim = options?.dim ?? null
    this.dim = dim === null ? null : checkInteger(op, 'dim', dim, Number.MIN_SAFE_INTEGER)
  }

  override extraRepr(): string {
    return `dim=${this.dim ?? 'None'}`
  }
}

/** eˣ/Σeˣ along a dimension: `new nn.Softmax({ dim: 1 })`. */
export class Softmax extends OverDim {
  constructor(options?: Along) {
    super('Softmax', options)
  }

  override forward(x: Tensor): Tensor {
    return softmax(x, this.dim)
  }
}

/** log(softmax(x)) along a dimension. */
export class LogSoftmax extends OverDim {
  constructor(options?: Along) {
    super('LogSoftmax', options)
  }

  override forward(x: Tensor): Tensor {
    return logSoftmax(x, this.dim)
  }
}

/** softmax(-x) along a dimension. */
export class Softmin extends OverDim {
  constructor(options?: Along) {
    super('Softmin', options)
  }

  override forward(x: Tensor): Tensor {
    return softmin(x, this.dim)
  }
}

/** Softmax over the channels at each place of [N, C, H, W] or [C, H, W]. @throws ShapeError if it has other dimensions */
export class Softmax2d extends Module {
  constructor(options?: Readonly<Record<string, never>>) {
    super()
    checkOptions('Softmax2d', options, [])
  }

  override forward(x: Tensor): Tensor {
    checkTensor('Softmax2d', x)
    if (x.shape.length !== 3 && x.shape.length !== 4) {
      throw new ShapeError(`input ${formatShape(x.shape)} must have 3 or 4 dimensions`, {
        op: 'Softmax2d',
        shapes: [x.shape],
      })
    }
    return softmax(x, -3)
  }
}
