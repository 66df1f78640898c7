// Layers between images and columns of blocks, and between channels and blocks of pixels.
import { checkInteger, checkOptions } from '../core/errors.js'
import * as ops from '../ops/fold.js'
import { checkExtents, type Extent } from '../ops/window.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import { numbers } from './repr.js'

/**
 * The blocks that a window sees, each a column: [N, C, H, W] to [N, C · kernel, places].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html
 */
export class Unfold extends Module {
  readonly kernelSize: Extent
  readonly dilation: Extent
  readonly padding: Extent
  readonly stride: Extent

  constructor(kernelSize: Extent, options?: ops.UnfoldOptions) {
    super()
    const op = 'Unfold'
    checkOptions(op, options, ['dilation', 'padding', 'stride'])
    const { dilation = 1, padding = 0, stride = 1 } = options ?? {}
    this.kernelSize = checkExtents(op, 'kernelSize', kernelSize, 2, 1)
    this.dilation = checkExtents(op, 'dilation', dilation, 2, 1)
    this.padding = checkExtents(op, 'padding', padding, 2, 0)
    this.stride = checkExtents(op, 'stride', stride, 2, 1)
  }

  override forward(x: Tensor): Tensor {
    const { dilation, padding, stride } = this
    return ops.unfold(x, this.kernelSize, { dilation, padding, stride })
  }

  override extraRepr(): string {
    const [k, d, p, s] = [this.kernelSize, this.dilation, this.padding, this.stride].map(numbers)
    return `kernel_size=${k}, dilation=${d}, padding=${p}, stride=${s}`
  }
}

/**
 * Columns added up where their windows were: [N, C · kernel, places] to [N, C, outputSize…].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Fold.html
 */
export class Fold extends Module {
  readonly outputSize: Extent
  readonly kernelSize: Extent
  readonly dilation: Extent
  readonly padding: Extent
  readonly stride: Extent

  constructor(outputSize: Extent, kernelSize: Extent, options?: ops.UnfoldOptions) {
    super()
    const op = 'Fold'
    checkOptions(op, options, ['dilation', 'padding', 'stride'])
    const { dilation = 1, padding = 0, stride = 1 } = options ?? {}
    this.outputSize = checkExtents(op, 'outputSize', outputSize, 2, 1)
    this.kernelSize = checkExtents(op, 'kernelSize', kernelSize, 2, 1)
    this.dilation = checkExtents(op, 'dilation', dilation, 2, 1)
    this.padding = checkExtents(op, 'padding', padding, 2, 0)
    this.stride = checkExtents(op, 'stride', stride, 2, 1)
  }

  override forward(x: Tensor): Tensor {
    const { dilation, padding, stride } = this
    return ops.fold(x, this.outputSize, this.kernelSize, { dilation, padding, stride })
  }

  override extraRepr(): string {
    const [o, k, d, p, s] = [this.outputSize, this.kernelSize, this.dilation, this.padding, this.stride].map(numbers)
    return `output_size=${o}, kernel_size=${k}, dilation=${d}, padding=${p}, stride=${s}`
  }
}

/** [*, C·r², H, W] to [*, C, H·r, W·r]; see `functional.pixelShuffle`. */
export class PixelShuffle extends Module {
  readonly upscaleFactor: number

  constructor(upscaleFactor: number) {
    super()
    this.upscaleFactor = checkInteger('PixelShuffle', 'upscaleFactor', upscaleFactor, 1)
  }

  override forward(x: Tensor): Tensor {
    return ops.pixelShuffle(x, this.upscaleFactor)
  }

  override extraRepr(): string {
    return `upscale_factor=${this.upscaleFactor}`
  }
}

/** [*, C, H·r, W·r] to [*, C·r², H, W]; see `functional.pixelUnshuffle`. */
export class PixelUnshuffle extends Module {
  readonly downscaleFactor: number

  constructor(downscaleFactor: number) {
    super()
    this.downscaleFactor = checkInteger('PixelUnshuffle', 'downscaleFactor', downscaleFactor, 1)
  }

  override forward(x: Tensor): Tensor {
    return ops.pixelUnshuffle(x, this.downscaleFactor)
  }

  override extraRepr(): string {
    return `downscale_factor=${this.downscaleFactor}`
  }
}

/** Channels in the order of dealing `groups` stacks out; see `functional.channelShuffle`. */
export class ChannelShuffle extends Module {
  readonly groups: number

  constructor(groups: number) {
    super()
    this.groups = checkInteger('ChannelShuffle', 'groups', groups, 1)
  }

  override forward(x: Tensor): Tensor {
    return ops.channelShuffle(x, this.groups)
  }

  override extraRepr(): string {
    return `groups=${this.groups}`
  }
}
