// Pooling layers that are told the size of the result, and those that undo or generalise a pooling.
import { checkNumber, checkOptions } from '../core/errors.js'
import * as ops from '../ops/adaptive.js'
import { checkExtents, type Extent, extents } from '../ops/window.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import { flag, number, numbers, tuple } from './repr.js'

/** `3`, or `(2, None)`. */
function printed(outputSize: ops.OutputSize): string {
  return Array.isArray(outputSize) ? `(${outputSize.map(n => n ?? 'None').join(', ')})` : String(outputSize ?? 'None')
}

abstract class AdaptiveAverage extends Module {
  constructor(
    op: string,
    dims: number,
    readonly outputSize: ops.OutputSize,
    private readonly pool: typeof ops.adaptiveAvgPool2d,
  ) {
    super()
    ops.outputSizes(op, outputSize, dims)
  }

  override forward(x: Tensor): Tensor {
    return this.pool(x, this.outputSize)
  }

  override extraRepr(): string {
    return `output_size=${printed(this.outputSize)}`
  }
}

/** Averages of `outputSize` parts of [N, C, L] or [C, L]; see `functional.adaptiveAvgPool1d`. */
export class AdaptiveAvgPool1d extends AdaptiveAverage {
  constructor(outputSize: ops.OutputSize) {
    super('AdaptiveAvgPool1d', 1, outputSize, ops.adaptiveAvgPool1d)
  }
}
/** Averages of `outputSize` parts along each dimension of [N, C, H, W] or [C, H, W]; see `functional.adaptiveAvgPool2d`. */
export class AdaptiveAvgPool2d extends AdaptiveAverage {
  constructor(outputSize: ops.OutputSize) {
    super('AdaptiveAvgPool2d', 2, outputSize, ops.adaptiveAvgPool2d)
  }
}
/** Averages of `outputSize` parts along each dimension of [N, C, D, H, W] or [C, D, H, W]; see `functional.adaptiveAvgPool3d`. */
export class AdaptiveAvgPool3d extends AdaptiveAverage {
  constructor(outputSize: ops.OutputSize) {
    super('AdaptiveAvgPool3d', 3, outputSize, ops.adaptiveAvgPool3d)
  }
}

abstract class AdaptiveMax extends Module {
  readonly returnIndices: boolean

  constructor(
    op: string,
    dims: number,
    readonly outputSize: ops.OutputSize,
    options: ops.AdaptiveMaxPoolOptions | undefined,
    private readonly pool: typeof ops.adaptiveMaxPool2d,
  ) {
    super()
    checkOptions(op, options, ['returnIndices'])
    ops.outputSizes(op, outputSize, dims)
    this.returnIndices = options?.returnIndices ?? false
  }

  /** The largest elements; with `returnIndices` an array of them and their indices. */
  // biome-ignore lint/suspicious/noExplicitAny: one tensor or two, as the options say
  override forward(x: Tensor): any {
    return this.pool(x, this.outputSize, { returnIndices: this.returnIndices })
  }

  override extraRepr(): string {
    return `output_size=${printed(this.outputSize)}`
  }
}

/** The largest elements of `outputSize` parts of [N, C, L] or [C, L]; see `functional.adaptiveMaxPool1d`. */
export class AdaptiveMaxPool1d extends AdaptiveMax {
  constructor(outputSize: ops.OutputSize, options?: ops.AdaptiveMaxPoolOptions) {
    super('AdaptiveMaxPool1d', 1, outputSize, options, ops.adaptiveMaxPool1d)
  }
}
/** The largest elements of `outputSize` parts along each dimension of [N, C, H, W] or [C, H, W]; see `functional.adaptiveMaxPool2d`. */
export class AdaptiveMaxPool2d extends AdaptiveMax {
  constructor(outputSize: ops.OutputSize, options?: ops.AdaptiveMaxPoolOptions) {
    super('AdaptiveMaxPool2d', 2, outputSize, options, ops.adaptiveMaxPool2d)
  }
}
/** The largest elements of `outputSize` parts along each dimension of [N, C, D, H, W] or [C, D, H, W]. */
export class AdaptiveMaxPool3d extends AdaptiveMax {
  constructor(outputSize: ops.OutputSize, options?: ops.AdaptiveMaxPoolOptions) {
    super('AdaptiveMaxPool3d', 3, outputSize, options, ops.adaptiveMaxPool3d)
  }
}

interface UnpoolOptions {
  /** Step of the pooling. Default: the kernel. */
  stride?: Extent | null
  /** Of the pooling. Default: 0. */
  padding?: Extent
}

abstract class Unpooling extends Module {
  readonly kernelSize: readonly number[]
  readonly stride: readonly number[]
  readonly padding: readonly number[]

  constructor(
    op: string,
    dims: number,
    kernelSize: Extent,
    options: UnpoolOptions | undefined,
    private readonly unpool: typeof ops.maxUnpool2d,
  ) {
    super()
    checkOptions(op, options, ['stride', 'padding'])
    this.kernelSize = extents(op, 'kernelSize', kernelSize, dims, 1)
    this.stride = extents(op, 'stride', options?.stride ?? this.kernelSize, dims, 1)
    this.padding = extents(op, 'padding', options?.padding ?? 0, dims, 0)
  }

  /** @param outputSize size of what was pooled, where several would have given this input */
  override forward(x: Tensor, indices: Tensor, outputSize?: readonly number[]): Tensor {
    const options = { stride: this.stride, padding: this.padding }
    return this.unpool(x, indices, this.kernelSize, outputSize === undefined ? options : { ...options, outputSize })
  }

  override extraRepr(): string {
    return `kernel_size=${tuple(this.kernelSize)}, stride=${tuple(this.stride)}, padding=${tuple(this.padding)}`
  }
}

/** Elements of a MaxPool1d put back in their places; see `functional.maxUnpool1d`. */
export class MaxUnpool1d extends Unpooling {
  constructor(kernelSize: Extent, options?: UnpoolOptions) {
    super('MaxUnpool1d', 1, kernelSize, options, ops.maxUnpool1d)
  }
}
/** Elements of a MaxPool2d put back in their places; see `functional.maxUnpool2d`. */
export class MaxUnpool2d extends Unpooling {
  constructor(kernelSize: Extent, options?: UnpoolOptions) {
    super('MaxUnpool2d', 2, kernelSize, options, ops.maxUnpool2d)
  }
}
/** Elements of a MaxPool3d put back in their places; see `functional.maxUnpool3d`. */
export class MaxUnpool3d extends Unpooling {
  constructor(kernelSize: Extent, options?: UnpoolOptions) {
    super('MaxUnpool3d', 3, kernelSize, options, ops.maxUnpool3d)
  }
}

abstract class PowerPooling extends Module {
  readonly normType: number
  readonly stride: Extent | null
  readonly ceilMode: boolean

  constructor(
    op: string,
    dims: number,
    normType: number,
    readonly kernelSize: Extent,
    options: ops.LPPoolOptions | undefined,
    private readonly pool: typeof ops.lpPool2d,
  ) {
    super()
    checkOptions(op, options, ['stride', 'ceilMode'])
    checkExtents(op, 'kernelSize', kernelSize, dims, 1)
    this.normType = checkNumber(op, 'normType', normType)
    this.stride = (options?.stride ?? null) === null ? null : checkExtents(op, 'stride', options!.stride!, dims, 1)
    this.ceilMode = options?.ceilMode ?? false
  }

  override forward(x: Tensor): Tensor {
    return this.pool(x, this.normType, this.kernelSize, { stride: this.stride, ceilMode: this.ceilMode })
  }

  override extraRepr(): string {
    const stride = this.stride === null ? 'None' : numbers(this.stride)
    return `norm_type=${number(this.normType)}, kernel_size=${numbers(this.kernelSize)}, stride=${stride}, ceil_mode=${flag(this.ceilMode)}`
  }
}

/** (Σ xᵖ)^(1/p) over each window of [N, C, L] or [C, L]; see `functional.lpPool1d`. */
export class LPPool1d extends PowerPooling {
  constructor(normType: number, kernelSize: Extent, options?: ops.LPPoolOptions) {
    super('LPPool1d', 1, normType, kernelSize, options, ops.lpPool1d)
  }
}
/** (Σ xᵖ)^(1/p) over each window of [N, C, H, W] or [C, H, W]; see `functional.lpPool2d`. */
export class LPPool2d extends PowerPooling {
  constructor(normType: number, kernelSize: Extent, options?: ops.LPPoolOptions) {
    super('LPPool2d', 2, normType, kernelSize, options, ops.lpPool2d)
  }
}
