// Convolution layers.
import {
  checkArray,
  checkChoice,
  checkFlag,
  checkInteger,
  checkOptions,
  formatShape,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import * as ops from '../ops/conv.js'
import { type PadMode, pad } from '../ops/pad.js'
import { type Extent, extents, reach } from '../ops/window.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import * as init from './init.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'
import { tuple } from './repr.js'

const paddingModes = ['zeros', 'reflect', 'replicate', 'circular'] as const
/** What surrounds the input: zeros, or the input itself continued. */
export type PaddingMode = (typeof paddingModes)[number]

interface Settings {
  /** Step of the window. Default: 1. */
  stride?: Extent
  /** Step between the elements that the window sees. Default: 1. */
  dilation?: Extent
  /** Parts that the channels are divided into, each convolved by itself. Default: 1. */
  groups?: number
  /** Add a learned constant to each channel. Default: true. */
  bias?: boolean
}

export interface ConvLayerOptions extends Settings {
  /** Elements around the input: as many, 'same' for a result of the input's size, 'valid' for none. Default: 0. */
  padding?: ops.Padding
  /** Default: 'zeros'. */
  paddingMode?: PaddingMode
}

export interface ConvTransposeLayerOptions extends Settings {
  /** Elements cut off around the result. Default: 0. */
  padding?: Extent
  /** Elements added behind the result. Default: 0. */
  outputPadding?: Extent
  /** Only 'zeros'. */
  paddingMode?: 'zeros'
}

/** What convolutions and transposed ones share: channels, kernel, parameters. */
abstract class Convolving extends Module {
  readonly inChannels: number
  readonly outChannels: number
  readonly kernelSize: readonly number[]
  readonly stride: readonly number[]
  readonly padding: readonly number[] | 'same' | 'valid'
  readonly dilation: readonly number[]
  readonly outputPadding: readonly number[]
  readonly groups: number
  readonly paddingMode: PaddingMode
  weight: Parameter
  bias: Parameter | null

  constructor(
    op: string,
    protected readonly dims: number,
    transposed: boolean,
    inChannels: number,
    outChannels: number,
    kernelSize: Extent,
    options: (ConvLayerOptions & { outputPadding?: Extent }) | undefined,
  ) {
    super()
    const own = transposed ? ['outputPadding'] : []
    checkOptions(op, options, ['stride', 'padding', ...own, 'dilation', 'groups', 'bias', 'paddingMode'])
    this.inChannels = checkInteger(op, 'inChannels', inChannels)
    this.outChannels = checkInteger(op, 'outChannels', outChannels)
    this.kernelSize = extents(op, 'kernelSize', kernelSize, dims, 1)
    this.stride = extents(op, 'stride', options?.stride ?? 1, dims, 1)
    this.dilation = extents(op, 'dilation', options?.dilation ?? 1, dims, 1)
    this.outputPadding = extents(op, 'outputPadding', options?.outputPadding ?? 0, dims, 0)
    this.groups = checkInteger(op, 'groups', options?.groups ?? 1, 1)
    this.paddingMode = checkChoice(op, 'paddingMode', options?.paddingMode ?? 'zeros', paddingModes)
    const padding = options?.padding ?? 0
    if (transposed) {
      if (this.paddingMode !== 'zeros')
        throw new ValueError(`paddingMode must be 'zeros' here, got '${this.paddingMode}'`, { op })
      this.padding = extents(op, 'padding', padding, dims, 0)
    } else {
      const { before } = ops.paddingOf(op, padding, this.kernelSize, this.stride, this.dilation)
      this.padding = typeof padding === 'string' ? padding : before
    }
    for (const [what, n] of Object.entries({ inChannels, outChannels })) {
      if (n % this.groups !== 0) throw new ValueError(`${what} ${n} does not divide into ${this.groups} groups`, { op })
    }
    const [first, second] = transposed ? [inChannels, outChannels] : [outChannels, inChannels]
    this.weight = new Parameter(emptyTensor([first, second / this.groups, ...this.kernelSize], 'float32'))
    this.bias = checkFlag(op, 'bias', options?.bias ?? true)
      ? new Parameter(emptyTensor([outChannels], 'float32'))
      : null
    this.resetParameters()
  }

  /** Draws weight and bias anew: uniform in ±1/√fanIn, fanIn the size of weight[0]. */
  resetParameters(): void {
    init.kaimingUniform_(this.weight, { a: Math.sqrt(5) })
    const fanIn = this.weight.shape.slice(1).reduce((a, b) => a * b, 1)
    if (this.bias !== null && fanIn > 0) init.uniform_(this.bias, -1 / Math.sqrt(fanIn), 1 / Math.sqrt(fanIn))
  }

  /** @internal Products and sums that each element of a side takes part in, the constant left out. */
  protected _perElement(channels: number): number {
    return (channels / this.groups) * this.kernelSize.reduce((a, b) => a * b, 1)
  }

  override extraRepr(): string {
    const { padding, dilation, outputPadding, groups, paddingMode } = this
    const parts = [
      `${this.inChannels}, ${this.outChannels}, kernel_size=${tuple(this.kernelSize)}, stride=${tuple(this.stride)}`,
    ]
    if (typeof padding === 'string') parts.push(`padding=${padding}`)
    else if (padding.some(n => n !== 0)) parts.push(`padding=${tuple(padding)}`)
    if (dilation.some(n => n !== 1)) parts.push(`dilation=${tuple(dilation)}`)
    if (outputPadding.some(n => n !== 0)) parts.push(`output_padding=${tuple(outputPadding)}`)
    if (groups !== 1) parts.push(`groups=${groups}`)
    if (this.bias === null) parts.push('bias=False')
    if (paddingMode !== 'zeros') parts.push(`padding_mode=${paddingMode}`)
    return parts.join(', ')
  }

  override _label(): string {
    return `${this.constructor.name} ${this.inChannels} -> ${this.outChannels}`
  }
}

abstract class Convolution extends Convolving {
  constructor(
    op: string,
    dims: number,
    inChannels: number,
    outChannels: number,
    kernelSize: Extent,
    options: ConvLayerOptions | undefined,
    private readonly convolve: typeof ops.conv2d,
  ) {
    super(op, dims, false, inChannels, outChannels, kernelSize, options)
  }

  override multiplyAdds(_inputs: readonly unknown[], output: Tensor): number {
    return output.count * (this._perElement(this.inChannels) + (this.bias === null ? 0 : 1))
  }

  override forward(x: Tensor): Tensor {
    const { stride, padding, dilation, groups } = this
    if (this.paddingMode === 'zeros')
      return this.convolve(x, this.weight, this.bias, { stride, padding, dilation, groups })
    const { before, behind } = ops.paddingOf('padding', padding, this.kernelSize, stride, dilation)
    const edges = before.flatMap((n, d) => [n, behind[d]])
    // `pad` starts with the last dimension.
    const pairs = before.flatMap((_, d) => edges.slice(2 * (this.dims - 1 - d), 2 * (this.dims - d)))
    const padded = pad(x, pairs, { mode: this.paddingMode as PadMode })
    return this.convolve(padded, this.weight, this.bias, { stride, dilation, groups })
  }
}

/**
 * Convolution of sequences. Shapes: input [N, C, L] or [C, L], result [N, K, L']; weight [K, C / groups, kernel].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv1d.html
 */
export class Conv1d extends Convolution {
  constructor(inChannels: number, outChannels: number, kernelSize: Extent, options?: ConvLayerOptions) {
    super('Conv1d', 1, inChannels, outChannels, kernelSize, options, ops.conv1d)
  }
}

/**
 * Convolution of images. Shapes: input [N, C, H, W] or [C, H, W], result [N, K, H', W']; weight [K, C / groups, kernel, kernel].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv2d.html
 */
export class Conv2d extends Convolution {
  constructor(inChannels: number, outChannels: number, kernelSize: Extent, options?: ConvLayerOptions) {
    super('Conv2d', 2, inChannels, outChannels, kernelSize, options, ops.conv2d)
  }
}

/**
 * Convolution of volumes. Shapes: input [N, C, D, H, W] or [C, D, H, W]; weight [K, C / groups, kernel, kernel, kernel].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Conv3d.html
 */
export class Conv3d extends Convolution {
  constructor(inChannels: number, outChannels: number, kernelSize: Extent, options?: ConvLayerOptions) {
    super('Conv3d', 3, inChannels, outChannels, kernelSize, options, ops.conv3d)
  }
}

abstract class ConvolutionTransposed extends Convolving {
  constructor(
    op: string,
    dims: number,
    inChannels: number,
    outChannels: number,
    kernelSize: Extent,
    options: ConvTransposeLayerOptions | undefined,
    private readonly convolve: typeof ops.convTranspose2d,
  ) {
    super(op, dims, true, inChannels, outChannels, kernelSize, options)
  }

  override multiplyAdds([x]: readonly Tensor[], output: Tensor): number {
    return x.count * this._perElement(this.outChannels) + (this.bias === null ? 0 : output.count)
  }

  /** @param outputSize the spatial size of the result, where several would have given this input; default: the smallest, and outputPadding */
  override forward(x: Tensor, outputSize?: readonly number[]): Tensor {
    const { stride, dilation, groups } = this
    const padding = this.padding as readonly number[]
    const outputPadding = outputSize === undefined ? this.outputPadding : this.#paddingFor(x, outputSize)
    return this.convolve(x, this.weight, this.bias, { stride, padding, outputPadding, dilation, groups })
  }

  #paddingFor(x: Tensor, outputSize: readonly number[]): number[] {
    const op = this.constructor.name
    const size = extents(op, 'outputSize', checkArray(op, 'outputSize', outputSize).slice(-this.dims), this.dims, 1)
    const padding = this.padding as readonly number[]
    const from = x.shape.slice(-this.dims)
    const least = from.map(
      (n, d) => (n - 1) * this.stride[d] - 2 * padding[d] + reach(this.kernelSize[d], this.dilation[d]),
    )
    const most = least.map((n, d) => n + this.stride[d] - 1)
    if (size.some((n, d) => n < least[d] || n > most[d])) {
      const message = `outputSize ${formatShape(size)} must be from ${formatShape(least)} to ${formatShape(most)} for input ${formatShape(x.shape)}`
      throw new ShapeError(message, { op, shapes: [x.shape] })
    }
    return size.map((n, d) => n - least[d])
  }
}

/**
 * The transpose of Conv1d. Shapes: input [N, C, L] or [C, L], result [N, K, L']; weight [C, K / groups, kernel].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose1d.html
 */
export class ConvTranspose1d extends ConvolutionTransposed {
  constructor(inChannels: number, outChannels: number, kernelSize: Extent, options?: ConvTransposeLayerOptions) {
    super('ConvTranspose1d', 1, inChannels, outChannels, kernelSize, options, ops.convTranspose1d)
  }
}

/**
 * The transpose of Conv2d. Shapes: input [N, C, H, W] or [C, H, W], result [N, K, H', W']; weight [C, K / groups, kernel, kernel].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose2d.html
 */
export class ConvTranspose2d extends ConvolutionTransposed {
  constructor(inChannels: number, outChannels: number, kernelSize: Extent, options?: ConvTransposeLayerOptions) {
    super('ConvTranspose2d', 2, inChannels, outChannels, kernelSize, options, ops.convTranspose2d)
  }
}

/**
 * The transpose of Conv3d. Shapes: input [N, C, D, H, W] or [C, D, H, W]; weight [C, K / groups, kernel, kernel, kernel].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ConvTranspose3d.html
 */
export class ConvTranspose3d extends ConvolutionTransposed {
  constructor(inChannels: number, outChannels: number, kernelSize: Extent, options?: ConvTransposeLayerOptions) {
    super('ConvTranspose3d', 3, inChannels, outChannels, kernelSize, options, ops.convTranspose3d)
  }
}
