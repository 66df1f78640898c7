// Pooling layers. They have no parameters.
import { checkOptions } from '../core/errors.js'
import * as ops from '../ops/pooling.js'
import { checkExtents, type Extent, extents } from '../ops/window.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import { flag, numbers } from './repr.js'

/** @see ops.maxPool2d */
abstract class MaxPooling extends Module {
  readonly kernelSize: Extent
  readonly stride: Extent
  readonly padding: Extent
  readonly dilation: Extent
  readonly ceilMode: boolean
  readonly returnIndices: boolean

  constructor(
    op: string,
    dims: number,
    kernelSize: Extent,
    options: ops.MaxPoolOptions | undefined,
    private readonly pool: typeof ops.maxPool2d,
  ) {
    super()
    checkOptions(op, options, ['stride', 'padding', 'dilation', 'returnIndices', 'ceilMode'])
    checkExtents(op, 'kernelSize', kernelSize, dims, 1)
    const { padding = 0, dilation = 1, returnIndices = false, ceilMode = false } = options ?? {}
    this.kernelSize = kernelSize
    this.stride = checkExtents(op, 'stride', options?.stride ?? kernelSize, dims, 1)
    this.padding = checkExtents(op, 'padding', padding, dims, 0)
    this.dilation = checkExtents(op, 'dilation', dilation, dims, 1)
    this.returnIndices = returnIndices
    this.ceilMode = ceilMode
  }

  /** The largest elements; with `returnIndices` an array of them and their indices. */
  // biome-ignore lint/suspicious/noExplicitAny: one tensor or two, as the options say
  override forward(x: Tensor): any {
    const { kernelSize, stride, padding, dilation, ceilMode, returnIndices } = this
    return this.pool(x, kernelSize, { stride, padding, dilation, ceilMode, returnIndices })
  }

  override extraRepr(): string {
    const [k, s, p, d] = [this.kernelSize, this.stride, this.padding, this.dilation].map(numbers)
    return `kernel_size=${k}, stride=${s}, padding=${p}, dilation=${d}, ceil_mode=${flag(this.ceilMode)}`
  }
}

/**
 * The largest element that each window sees, over [N, C, L] or [C, L].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool1d.html
 */
export class MaxPool1d extends MaxPooling {
  constructor(kernelSize: Extent, options?: ops.MaxPoolOptions) {
    super('MaxPool1d', 1, kernelSize, options, ops.maxPool1d)
  }
}
/**
 * The largest element that each window sees, over [N, C, H, W] or [C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool2d.html
 */
export class MaxPool2d extends MaxPooling {
  constructor(kernelSize: Extent, options?: ops.MaxPoolOptions) {
    super('MaxPool2d', 2, kernelSize, options, ops.maxPool2d)
  }
}
/**
 * The largest element that each window sees, over [N, C, D, H, W] or [C, D, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MaxPool3d.html
 */
export class MaxPool3d extends MaxPooling {
  constructor(kernelSize: Extent, options?: ops.MaxPoolOptions) {
    super('MaxPool3d', 3, kernelSize, options, ops.maxPool3d)
  }
}

/** @see ops.avgPool2d */
abstract class AveragePooling extends Module {
  readonly kernelSize: Extent
  readonly stride: Extent
  readonly padding: Extent
  readonly ceilMode: boolean
  readonly countIncludePad: boolean
  readonly divisorOverride: number | null

  constructor(
    op: string,
    dims: number,
    kernelSize: Extent,
    options: ops.AvgPoolAreaOptions | undefined,
    private readonly pool: typeof ops.avgPool2d,
  ) {
    super()
    const own = dims > 1 ? ['divisorOverride'] : []
    checkOptions(op, options, ['stride', 'padding', 'ceilMode', 'countIncludePad', ...own])
    const kernel = extents(op, 'kernelSize', kernelSize, dims, 1)
    const { padding = 0, ceilMode = false, countIncludePad = true, divisorOverride = null } = options ?? {}
    this.kernelSize = kernelSize
    this.stride = checkExtents(op, 'stride', options?.stride ?? kernelSize, dims, 1)
    this.padding = checkExtents(op, 'padding', padding, dims, 0)
    if (dims === 1) {
      // As PyTorch keeps, and prints, them.
      this.kernelSize = kernel
      this.stride = extents(op, 'stride', this.stride, 1, 1)
      this.padding = extents(op, 'padding', padding, 1, 0)
    }
    this.ceilMode = ceilMode
    this.countIncludePad = countIncludePad
    this.divisorOverride = divisorOverride
  }

  override forward(x: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this
    const options = { stride, padding, ceilMode, countIncludePad }
    return this.pool(x, kernelSize, divisorOverride === null ? options : { ...options, divisorOverride })
  }

  override extraRepr(): string {
    const [k, s, p] = [this.kernelSize, this.stride, this.padding].map(numbers)
    return `kernel_size=${k}, stride=${s}, padding=${p}`
  }
}

/**
 * The average of what each window sees, over [N, C, L] or [C, L].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool1d.html
 */
export class AvgPool1d extends AveragePooling {
  constructor(kernelSize: Extent, options?: ops.AvgPoolOptions) {
    super('AvgPool1d', 1, kernelSize, options, ops.avgPool1d)
  }
}
/**
 * The average of what each window sees, over [N, C, H, W] or [C, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool2d.html
 */
export class AvgPool2d extends AveragePooling {
  constructor(kernelSize: Extent, options?: ops.AvgPoolAreaOptions) {
    super('AvgPool2d', 2, kernelSize, options, ops.avgPool2d)
  }
}
/**
 * The average of what each window sees, over [N, C, D, H, W] or [C, D, H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.AvgPool3d.html
 */
export class AvgPool3d extends AveragePooling {
  constructor(kernelSize: Extent, options?: ops.AvgPoolAreaOptions) {
    super('AvgPool3d', 3, kernelSize, options, ops.avgPool3d)
  }
}
