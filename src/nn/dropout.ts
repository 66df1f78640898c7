// Dropout layers: in training they draw, in evaluation they are the identity. Draws equal PyTorch's.
import { checkNumber, checkOptions, describe } from '../core/errors.js'
import * as ops from '../ops/dropout.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import { flag, float } from './repr.js'

interface Options {
  /** Probability of 0. Default: 0.5. */
  p?: number
  /** Write the result into the memory of the input. Default: false. */
  inplace?: boolean
}

abstract class Dropping extends Module {
  p: number
  inplace: boolean

  constructor(
    op: string,
    options: Options | undefined,
    private readonly drop: (x: Tensor, options: ops.DropoutOptions) => Tensor,
  ) {
    super()
    checkOptions(op, options, ['p', 'inplace'])
    const { inplace = false } = options ?? {}
    if (typeof inplace !== 'boolean') throw new TypeError(`${op}: inplace must be a boolean, got ${describe(inplace)}`)
    this.p = checkNumber(op, 'p', options?.p ?? 0.5, 0, 1)
    this.inplace = inplace
  }

  override forward(x: Tensor): Tensor {
    return this.training ? this.drop(x, { p: this.p, training: true, inplace: this.inplace }) : x
  }

  override extraRepr(): string {
    return `p=${float(this.p)}, inplace=${flag(this.inplace)}`
  }
}

/**
 * Sets each element to 0 with probability p and multiplies the others by 1/(1-p). Default p: 0.5. Hinton et al. 2012, arXiv:1207.0580
 * @throws ValueError if p is outside [0, 1]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html
 */
export class Dropout extends Dropping {
  constructor(options?: Options) {
    super('Dropout', options, ops.dropout)
  }
}

/** Sets whole channels of [N, C, L] to 0. Default p: 0.5. */
export class Dropout1d extends Dropping {
  constructor(options?: Options) {
    super('Dropout1d', options, ops.dropout1d)
  }
}

/** Sets whole channels of [N, C, H, W] to 0. Default p: 0.5. Tompson et al. 2014, arXiv:1411.4280 */
export class Dropout2d extends Dropping {
  constructor(options?: Options) {
    super('Dropout2d', options, ops.dropout2d)
  }
}

/** Sets whole channels of [N, C, D, H, W] to 0. Default p: 0.5. */
export class Dropout3d extends Dropping {
  constructor(options?: Options) {
    super('Dropout3d', options, ops.dropout3d)
  }
}

/** Dropout that keeps mean and variance behind SELU. Default p: 0.5. Klambauer et al. 2017, arXiv:1706.02515 */
export class AlphaDropout extends Dropping {
  constructor(options?: Options) {
    super('AlphaDropout', options, ops.alphaDropout)
  }
}

/** Alpha dropout of whole channels of [N, C, *]. Default p: 0.5. */
export class FeatureAlphaDropout extends Dropping {
  constructor(options?: Options) {
    super('FeatureAlphaDropout', options, ops.featureAlphaDropout)
  }
}
