// Padding layers: the input continued past its edges by `functional.pad`. A number is for all edges; an array is [before, after] of the last
// dimension, then of the one before it.
import { checkTensor } from '../autograd/defineOp.js'
import { checkInteger, checkNumber, describe, formatShape, ShapeError, ValueError } from '../core/errors.js'
import { type PadMode, pad } from '../ops/pad.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import { number, tuple } from './repr.js'

/** As many elements at all edges, or [left, right, top, bottom, …]. */
export type Edges = number | readonly number[]

abstract class Padding extends Module {
  readonly padding: readonly number[]

  constructor(
    op: string,
    private readonly dims: number,
    padding: Edges,
    private readonly mode: PadMode,
  ) {
    super()
    const least = mode === 'constant' ? -Infinity : 0
    if (typeof padding !== 'number' && !Array.isArray(padding))
      throw new TypeError(`${op}: padding must be a number or an array of numbers, got ${describe(padding)}`)
    const list = typeof padding === 'number' ? new Array<number>(2 * dims).fill(padding) : (padding as number[])
    if (list.length !== 2 * dims)
      throw new ValueError(`padding must be one number or ${2 * dims}, got ${formatShape(list)} of ${list.length}`, {
        op,
      })
    this.padding = list.map(n => checkInteger(op, 'padding', n, least))
  }

  /** What is put past the edges, where the mode is one value. */
  protected get constant(): number {
    return 0
  }

  override forward(x: Tensor): Tensor {
    checkTensor(this.constructor.name, x)
    if (this.mode !== 'constant' && x.dim() !== this.dims + 1 && x.dim() !== this.dims + 2) {
      const message = `input ${formatShape(x.shape)} must have ${this.dims + 1} or ${this.dims + 2} dimensions`
      throw new ShapeError(message, { op: this.constructor.name, shapes: [x.shape] })
    }
    const { mode } = this
    return pad(x, this.padding, mode === 'constant' ? { mode, value: this.constant } : { mode })
  }

  override extraRepr(): string {
    return tuple(this.padding)
  }
}

/** [N, C, L] with zeros around. */
export class ZeroPad1d extends Padding {
  constructor(padding: Edges) {
    super('ZeroPad1d', 1, padding, 'constant')
  }
}

/** [N, C, H, W] with zeros around. */
export class ZeroPad2d extends Padding {
  constructor(padding: Edges) {
    super('ZeroPad2d', 2, padding, 'constant')
  }
}

/** [N, C, D, H, W] with zeros around. */
export class ZeroPad3d extends Padding {
  constructor(padding: Edges) {
    super('ZeroPad3d', 3, padding, 'constant')
  }
}

/** [N, C, L] continued by itself, mirrored without the edge. */
export class ReflectionPad1d extends Padding {
  constructor(padding: Edges) {
    super('ReflectionPad1d', 1, padding, 'reflect')
  }
}

/** [N, C, H, W] continued by itself, mirrored without the edge. */
export class ReflectionPad2d extends Padding {
  constructor(padding: Edges) {
    super('ReflectionPad2d', 2, padding, 'reflect')
  }
}

/** [N, C, D, H, W] continued by itself, mirrored without the edge. */
export class ReflectionPad3d extends Padding {
  constructor(padding: Edges) {
    super('ReflectionPad3d', 3, padding, 'reflect')
  }
}

/** [N, C, L] continued by its edge. */
export class ReplicationPad1d extends Padding {
  constructor(padding: Edges) {
    super('ReplicationPad1d', 1, padding, 'replicate')
  }
}

/** [N, C, H, W] continued by its edge. */
export class ReplicationPad2d extends Padding {
  constructor(padding: Edges) {
    super('ReplicationPad2d', 2, padding, 'replicate')
  }
}

/** [N, C, D, H, W] continued by its edge. */
export class ReplicationPad3d extends Padding {
  constructor(padding: Edges) {
    super('ReplicationPad3d', 3, padding, 'replicate')
  }
}

/** [N, C, L] continued by its other side. */
export class CircularPad1d extends Padding {
  constructor(padding: Edges) {
    super('CircularPad1d', 1, padding, 'circular')
  }
}

/** [N, C, H, W] continued by its other side. */
export class CircularPad2d extends Padding {
  constructor(padding: Edges) {
    super('CircularPad2d', 2, padding, 'circular')
  }
}

/** [N, C, D, H, W] continued by its other side. */
export class CircularPad3d extends Padding {
  constructor(padding: Edges) {
    super('CircularPad3d', 3, padding, 'circular')
  }
}

abstract class ConstantPadding extends Padding {
  readonly value: number

  constructor(op: string, dims: number, padding: Edges, value: number) {
    super(op, dims, padding, 'constant')
    this.value = checkNumber(op, 'value', value)
  }

  protected override get constant(): number {
    return this.value
  }

  override extraRepr(): string {
    return `padding=${tuple(this.padding)}, value=${number(this.value)}`
  }
}

/** [N, C, L] with `value` around. */
export class ConstantPad1d extends ConstantPadding {
  constructor(padding: Edges, value: number) {
    super('ConstantPad1d', 1, padding, value)
  }
}

/** [N, C, H, W] with `value` around. */
export class ConstantPad2d extends ConstantPadding {
  constructor(padding: Edges, value: number) {
    super('ConstantPad2d', 2, padding, value)
  }
}

/** [N, C, D, H, W] with `value` around. */
export class ConstantPad3d extends ConstantPadding {
  constructor(padding: Edges, value: number) {
    super('ConstantPad3d', 3, padding, value)
  }
}
