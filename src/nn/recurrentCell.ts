// Single steps of recurrent layers, for loops that users write.
import { checkTensor } from '../autograd/defineOp.js'
import {
  checkChoice,
  checkInteger,
  checkOptions,
  DTypeError,
  describe,
  formatShape,
  ShapeError,
} from '../core/errors.js'
import { sameShape } from '../core/shape.js'
import { type CellKind, recurrent } from '../ops/recurrent.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import * as init from './init.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'
import { lstmState } from './recurrent.js'

export interface RecurrentCellOptions {
  /** Default: true. */
  bias?: boolean
}

/** What the three cells share. */
export abstract class RecurrentCell extends Module {
  readonly inputSize: number
  readonly hiddenSize: number
  weight_ih: Parameter
  weight_hh: Parameter
  bias_ih: Parameter | null
  bias_hh: Parameter | null

  constructor(op: string, gates: number, inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super()
    this.inputSize = checkInteger(op, 'inputSize', inputSize, 1)
    this.hiddenSize = checkInteger(op, 'hiddenSize', hiddenSize, 1)
    const { bias = true } = options
    if (typeof bias !== 'boolean') throw new TypeError(`${op}: bias must be a boolean, got ${describe(bias)}`)
    const make = (...shape: number[]) => new Parameter(emptyTensor(shape, 'float32'))
    this.weight_ih = make(gates * hiddenSize, inputSize)
    this.weight_hh = make(gates * hiddenSize, hiddenSize)
    this.bias_ih = bias ? make(gates * hiddenSize) : null
    this.bias_hh = bias ? make(gates * hiddenSize) : null
    this.resetParameters()
  }

  /** Draws all parameters anew: uniform in ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize)
    for (const p of this.parameters()) init.uniform_(p, -bound, bound)
  }

  /** One step. @returns the new states, h first */
  protected step(
    cell: CellKind,
    x: Tensor,
    states: readonly (readonly [string, Tensor | null | undefined])[],
  ): Tensor[] {
    const op = this.constructor.name
    checkTensor(op, x)
    const { shape, dtype } = x
    if (shape.length !== 1 && shape.length !== 2) {
      throw new ShapeError(`input ${formatShape(shape)} must be [N, inputSize] or [inputSize]`, { op, shapes: [shape] })
    }
    const features = shape[shape.length - 1]
    if (features !== this.inputSize) {
      const message = `input ${formatShape(shape)} has ${features} features, the layer expects inputSize ${this.inputSize}`
      throw new ShapeError(message, { op, shapes: [shape] })
    }
    if (dtype !== this.weight_ih.dtype)
      throw new DTypeError(`input is ${dtype}, the weights are ${this.weight_ih.dtype}; convert one with .to(dtype)`, {
        op,
      })
    const batch = shape.length === 1 ? 1 : shape[0]
    const expected = shape.length === 1 ? [this.hiddenSize] : [batch, this.hiddenSize]
    const [h, c] = states.map(([what, given]) => {
      if (given === undefined || given === null) return null
      checkTensor(op, given, what)
      if (!sameShape(given.shape, expected)) {
        const message = `${what} is ${formatShape(given.shape)}, for input ${formatShape(shape)} it must be ${formatShape(expected)}`
        throw new ShapeError(message, { op, shapes: [given.shape, shape] })
      }
      if (given.dtype !== dtype)
        throw new DTypeError(`${what} is ${given.dtype}, the input ${dtype}; convert one with .to(dtype)`, { op })
      return given.reshape([1, batch, this.hiddenSize])
    })
    const weights: Tensor[] = [this.weight_ih, this.weight_hh]
    const biased = this.bias_ih !== null && this.bias_hh !== null
    if (biased) weights.push(this.bias_ih!, this.bias_hh!)
    const plan = { cell, steps: 1, batch, biased, rows: null, directions: 1 as const }
    const [y, , cn] = recurrent(x.reshape([batch, features]), h, c ?? null, plan, weights)
    return cn === undefined ? [y.reshape(expected)] : [y.reshape(expected), cn.reshape(expected)]
  }

  override multiplyAdds([x]: readonly Tensor[]): number {
    let held = 0
    for (const p of this.parameters()) held += p.count
    return (held * x.count) / this.inputSize
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.bias_ih === null ? ', bias=False' : ''}`
  }

  override _label(): string {
    return `${this.constructor.name} ${this.inputSize} -> ${this.hiddenSize}`
  }
}

/**
 * h' = tanh(W_ih·x + b_ih + W_hh·h + b_hh), or relu. Shapes: input [N, inputSize] or [inputSize], h and result likewise.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
 */
export class RNNCell extends RecurrentCell {
  readonly nonlinearity: 'tanh' | 'relu'

  constructor(
    inputSize: number,
    hiddenSize: number,
    options?: RecurrentCellOptions & { nonlinearity?: 'tanh' | 'relu' },
  ) {
    checkOptions('RNNCell', options, ['bias', 'nonlinearity'])
    super('RNNCell', 1, inputSize, hiddenSize, options)
    this.nonlinearity = checkChoice('RNNCell', 'nonlinearity', options?.nonlinearity ?? 'tanh', ['tanh', 'relu'])
  }

  override forward(x: Tensor, h?: Tensor | null): Tensor {
    return this.step(this.nonlinearity, x, [['h', h]])[0]
  }

  override extraRepr(): string {
    return super.extraRepr() + (this.nonlinearity === 'tanh' ? '' : `, nonlinearity=${this.nonlinearity}`)
  }
}

/**
 * A gated recurrent unit's step. Shapes as in RNNCell; weights hold r, z, n below each other.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
 */
export class GRUCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentCellOptions) {
    checkOptions('GRUCell', options, ['bias'])
    super('GRUCell', 3, inputSize, hiddenSize, options)
  }

  override forward(x: Tensor, h?: Tensor | null): Tensor {
    return this.step('gru', x, [['h', h]])[0]
  }
}

/**
 * An LSTM's step: `const [h, c] = cell.forward(x, [h, c])`. Shapes as in RNNCell; weights hold i, f, g, o below each other.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
 */
export class LSTMCell extends RecurrentCell {
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentCellOptions) {
    checkOptions('LSTMCell', options, ['bias'])
    super('LSTMCell', 4, inputSize, hiddenSize, options)
  }

  override forward(x: Tensor, state?: readonly [Tensor, Tensor] | null): [h: Tensor, c: Tensor] {
    const [h0, c0] = lstmState('LSTMCell', state)
    const [h, c] = this.step('lstm', x, [
      ['h', h0],
      ['c', c0],
    ])
    return [h, c]
  }
}
