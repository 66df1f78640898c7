// Distances and angles between vectors as modules.
import { checkInteger, checkNumber, checkOptions, describe } from '../core/errors.js'
import { pairwiseDistance } from '../ops/loss/index.js'
import type { Tensor } from '../tensor/tensor.js'
import { type CosineOptions, cosineSimilarity } from './functional/distance.js'
import { Module } from './module.js'

/** Cosine of the angle between vectors along a dimension; see `functional.cosineSimilarity`. Defaults: dim 1, eps 1e-8. */
export class CosineSimilarity extends Module {
  readonly dim: number
  readonly eps: number

  constructor(options?: CosineOptions) {
    super()
    checkOptions('CosineSimilarity', options, ['dim', 'eps'])
    this.dim = checkInteger('CosineSimilarity', 'dim', options?.dim ?? 1, Number.MIN_SAFE_INTEGER)
    this.eps = checkNumber('CosineSimilarity', 'eps', options?.eps ?? 1e-8)
  }

  override forward(x: Tensor, y: Tensor): Tensor {
    return cosineSimilarity(x, y, { dim: this.dim, eps: this.eps })
  }
}

/** The p-norm of the difference of vectors; see `functional.pairwiseDistance`. Defaults: p 2, eps 1e-6, keepdim false. */
export class PairwiseDistance extends Module {
  readonly p: number
  readonly eps: number
  readonly keepdim: boolean

  constructor(options?: { p?: number; eps?: number; keepdim?: boolean }) {
    super()
    const op = 'PairwiseDistance'
    checkOptions(op, options, ['p', 'eps', 'keepdim'])
    const { p = 2, eps = 1e-6, keepdim = false } = options ?? {}
    if (typeof keepdim !== 'boolean') throw new TypeError(`${op}: keepdim must be a boolean, got ${describe(keepdim)}`)
    this.p = checkNumber(op, 'p', p)
    this.eps = checkNumber(op, 'eps', eps)
    this.keepdim = keepdim
  }

  override forward(x: Tensor, y: Tensor): Tensor {
    return pairwiseDistance(x, y, { p: this.p, eps: this.eps, keepdim: this.keepdim })
  }
}
