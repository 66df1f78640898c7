// Layers without parameters that change shapes, or nothing.
import { checkInteger, checkOptions, describe } from '../core/errors.js'
import { flatten, unflatten } from '../ops/view.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** Gives back what it gets. */
export class Identity extends Module {
  override forward<T>(x: T): T {
    return x
  }
}

/** Joins dimensions startDim to endDim. Defaults: 1, -1: all but the batch. */
export class Flatten extends Module {
  readonly startDim: number
  readonly endDim: number

  constructor(options?: { startDim?: number; endDim?: number }) {
    super()
    checkOptions('Flatten', options, ['startDim', 'endDim'])
    this.startDim = checkInteger('Flatten', 'startDim', options?.startDim ?? 1, Number.MIN_SAFE_INTEGER)
    this.endDim = checkInteger('Flatten', 'endDim', options?.endDim ?? -1, Number.MIN_SAFE_INTEGER)
  }

  override forward(x: Tensor): Tensor {
    return flatten(x, this.startDim, this.endDim)
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`
  }
}

/** Splits a dimension into several: `new nn.Unflatten(1, [2, 5])`. One of the sizes may be -1: what is left. */
export class Unflatten extends Module {
  readonly dim: number
  readonly sizes: readonly number[]

  constructor(dim: number, sizes: readonly number[]) {
    super()
    const op = 'Unflatten'
    this.dim = checkInteger(op, 'dim', dim, Number.MIN_SAFE_INTEGER)
    if (!Array.isArray(sizes)) throw new TypeError(`${op}: sizes must be an array of numbers, got ${describe(sizes)}`)
    this.sizes = sizes.map((n, i) => checkInteger(op, `size ${i}`, n, -1))
  }

  override forward(x: Tensor): Tensor {
    return unflatten(x, this.dim, this.sizes)
  }

  override extraRepr(): string {
    const sizes = this.sizes.length === 1 ? `${this.sizes[0]},` : this.sizes.join(', ')
    return `dim=${this.dim}, unflattened_size=(${sizes})`
  }
}
