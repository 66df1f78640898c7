// Layers that change the size of images and sequences.
import { checkFlag, checkInteger, checkNumber, checkOptions } from '../core/errors.js'
import { checkMode, type InterpolateMode, type InterpolateOptions, interpolate } from '../ops/interpolate.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import { float, numbers, tuple } from './repr.js'

/**
 * [N, C, *] at another spatial size; see `functional.interpolate`. Defaults: mode 'nearest', alignCorners null.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Upsample.html
 */
export class Upsample extends Module {
  readonly size: number | readonly number[] | null
  readonly scaleFactor: number | readonly number[] | null
  readonly mode: InterpolateMode
  readonly alignCorners: boolean | null
  readonly recomputeScaleFactor: boolean | null

  constructor(options?: InterpolateOptions) {
    super()
    checkOptions('Upsample', options, ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor'])
    const { size = null, scaleFactor = null, alignCorners = null, recomputeScaleFactor = null } = options ?? {}
    for (const n of [size ?? []].flat()) checkInteger('Upsample', 'size', n, 1)
    for (const n of [scaleFactor ?? []].flat()) checkNumber('Upsample', 'scaleFactor', n)
    this.size = size
    this.scaleFactor = scaleFactor
    this.mode = checkMode('Upsample', options?.mode ?? 'nearest')
    this.alignCorners = alignCorners === null ? null : checkFlag('Upsample', 'alignCorners', alignCorners)
    this.recomputeScaleFactor =
      recomputeScaleFactor === null ? null : checkFlag('Upsample', 'recomputeScaleFactor', recomputeScaleFactor)
  }

  override forward(x: Tensor): Tensor {
    const { size, scaleFactor, mode, alignCorners, recomputeScaleFactor } = this
    return interpolate(x, { size, scaleFactor, mode, alignCorners, recomputeScaleFactor })
  }

  override extraRepr(): string {
    const { size, scaleFactor } = this
    const factor = (f: number | readonly number[]) => (typeof f === 'number' ? float(f) : tuple(f.map(float)))
    const how =
      scaleFactor !== null ? `scale_factor=${factor(scaleFactor)}` : `size=${size === null ? 'None' : numbers(size)}`
    return `${how}, mode='${this.mode}'`
  }
}

interface AreaOptions {
  /** Of the result. Either this or `scaleFactor`. */
  size?: number | readonly number[] | null
  /** How many times the size of the input. */
  scaleFactor?: number | readonly number[] | null
}

/** Upsample of [N, C, H, W] by mode 'nearest'. */
export class UpsamplingNearest2d extends Upsample {
  constructor(options?: AreaOptions) {
    checkOptions('UpsamplingNearest2d', options, ['size', 'scaleFactor'])
    super({ ...options, mode: 'nearest' })
  }
}

/** Upsample of [N, C, H, W] by mode 'bilinear' with aligned corners. */
export class UpsamplingBilinear2d extends Upsample {
  constructor(options?: AreaOptions) {
    checkOptions('UpsamplingBilinear2d', options, ['size', 'scaleFactor'])
    super({ ...options, mode: 'bilinear', alignCorners: true })
  }
}
