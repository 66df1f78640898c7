// Layers without parameters that change shapes, or nothing.
import { checkInteger, checkOptions, formatShape, ShapeError } from '../core/errors.js'
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
    return x.flatten({ startDim: this.startDim, endDim: this.endDim })
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`
  }
}

/** Splits a dimension into several: `new nn.Unflatten(1, [2, 5])`. One of the sizes may be -1. */
export class Unflatten extends Module {
  readonly dim: number
  readonly sizes: readonly number[]

  constructor(dim: number, sizes: readonly number[]) {
    super()
    this.dim = checkInteger('Unflatten', 'dim', dim, Number.MIN_SAFE_INTEGER)
    this.sizes = sizes.map((n, i) => checkInteger('Unflatten', `size ${i}`, n, -1))
  }

  override forward(x: Tensor): Tensor {
    const d = this.dim < 0 ? this.dim + x.shape.length : this.dim
    if (d < 0 || d >= x.shape.length) {
      throw new ShapeError(`input ${formatShape(x.shape)} has no dim ${this.dim}`, {
        op: 'Unflatten',
        shapes: [x.shape],
      })
    }
    const known = this.sizes.reduce((a, n) => (n === -1 ? a : a * n), 1)
    const sizes = this.sizes.map(n => (n === -1 ? x.shape[d] / known : n))
    return x.reshape([...x.shape.slice(0, d), ...sizes, ...x.shape.slice(d + 1)])
  }

  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=(${this.sizes.join(', ')})`
  }
}
