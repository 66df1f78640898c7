// Recurrent layers over whole sequences: RNN, LSTM and GRU, with PyTorch's parameters, draws and results.
import { checkTensor } from '../autograd/defineOp.js'
import {
  checkChoice,
  checkFlag,
  checkInteger,
  checkNumber,
  checkOptions,
  DTypeError,
  describe,
  formatShape,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import { sameShape } from '../core/shape.js'
import { dropout } from '../ops/dropout.js'
import { cat } from '../ops/join.js'
import { type CellKind, recurrent } from '../ops/recurrent.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import * as init from './init.js'
import { Module } from './module.js'
import { PackedSequence, reorder } from './packed.js'
import { Parameter } from './parameter.js'
import { projected } from './projected.js'
import { float } from './repr.js'

export interface RecurrentOptions {
  /** Layers on top of each other. Default: 1. */
  numLayers?: number
  /** Default: true. */
  bias?: boolean
  /** Inputs and results are [N, L, *] and not [L, N, *]. Default: false. */
  batchFirst?: boolean
  /** Dropout on the results of all layers but the last. Default: 0. */
  dropout?: number
  /** A second direction, from the end to the beginning; results of both lie side by side. Default: false. */
  bidirectional?: boolean
}
const optionNames = ['numLayers', 'bias', 'batchFirst', 'dropout', 'bidirectional']

export interface LSTMOptions extends RecurrentOptions {
  /** Size that results and h are projected to, below hiddenSize; 0: they are not. Default: 0. */
  projSize?: number
}

/** Rows of step after step, and how they belong to sequences. */
interface Rows {
  readonly data: Tensor
  readonly steps: number
  readonly batch: number
  /** Rows of each step where they differ. */
  readonly rows: Tensor | null
  /** The same as numbers. */
  readonly sizes: readonly number[] | null
}

/** PyTorch's None. */
type Absent = null | undefined

/** What RNN, LSTM and GRU share. */
export abstract class RecurrentLayer extends Module {
  readonly inputSize: number
  readonly hiddenSize: number
  readonly numLayers: number
  readonly bias: boolean
  readonly batchFirst: boolean
  readonly dropout: number
  readonly bidirectional: boolean
  /** Of results, where they are projected; else 0. */
  readonly projSize: number
  /** @internal */
  protected readonly cell!: CellKind

  constructor(
    op: string,
    cell: CellKind,
    gates: number,
    inputSize: number,
    hiddenSize: number,
    options: LSTMOptions = {},
  ) {
    super()
    this.inputSize = checkInteger(op, 'inputSize', inputSize, 1)
    this.hiddenSize = checkInteger(op, 'hiddenSize', hiddenSize, 1)
    this.numLayers = checkInteger(op, 'numLayers', options.numLayers ?? 1, 1)
    this.bias = checkFlag(op, 'bias', options.bias ?? true)
    this.batchFirst = checkFlag(op, 'batchFirst', options.batchFirst ?? false)
    this.dropout = checkNumber(op, 'dropout', options.dropout ?? 0, 0, 1)
    this.bidirectional = checkFlag(op, 'bidirectional', options.bidirectional ?? false)
    this.projSize = checkInteger(op, 'projSize', options.projSize ?? 0)
    if (this.projSize >= hiddenSize)
      throw new ValueError(`projSize ${this.projSize} must be below hiddenSize ${hiddenSize}`, { op })
    Object.defineProperty(this, 'cell', { value: cell })
    const rows = gates * hiddenSize
    const register = (name: string, shape: number[]) =>
      this.registerParameter(name, new Parameter(emptyTensor(shape, 'float32')))
    this.eachDirection((layer, end) => {
      register(`weight_ih_${end}`, [rows, layer === 0 ? inputSize : this.directions * this.outputSize])
      register(`weight_hh_${end}`, [rows, this.outputSize])
      if (this.bias) {
        register(`bias_ih_${end}`, [rows])
        register(`bias_hh_${end}`, [rows])
      }
      if (this.projSize > 0) register(`weight_hr_${end}`, [this.projSize, hiddenSize])
    })
    this.resetParameters()
  }

  /** Draws all parameters anew: uniform in ±1/√hiddenSize. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize)
    for (const p of this.parameters()) init.uniform_(p, -bound, bound)
  }

  private get directions(): 1 | 2 {
    return this.bidirectional ? 2 : 1
  }

  /** Of h and of the results of a direction. */
  private get outputSize(): number {
    return this.projSize || this.hiddenSize
  }

  private eachDirection(fn: (layer: number, end: string) => void): void {
    for (let layer = 0; layer < this.numLayers; layer++)
      for (let d = 0; d < this.directions; d++) fn(layer, `l${layer}${d === 0 ? '' : '_reverse'}`)
  }

  /** The parameters of a layer, both directions. */
  private weightsOf(layer: number): Tensor[] {
    const found: Tensor[] = []
    const names = ['weight_ih', 'weight_hh', ...(this.bias ? ['bias_ih', 'bias_hh'] : [])]
    if (this.projSize > 0) names.push('weight_hr')
    this.eachDirection((at, end) => {
      if (at !== layer) return
      for (const name of names) found.push((this as unknown as Record<string, Tensor>)[`${name}_${end}`])
    })
    return found
  }

  /** The sequence as rows of step after step. */
  private rowsOf(x: Tensor | PackedSequence): Rows {
    const op = this.constructor.name
    if (x instanceof PackedSequence) {
      this.checkFeatures(x.data)
      const { data, batchSizes: sizes, rows } = x
      return { data, steps: sizes.length, batch: sizes[0], rows, sizes }
    }
    checkTensor(op, x)
    const { shape } = x
    if (shape.length !== 2 && shape.length !== 3) {
      const order = this.batchFirst ? '[N, L, inputSize]' : '[L, N, inputSize]'
      const message = `input ${formatShape(shape)} must be ${order}, or [L, inputSize] without a batch`
      throw new ShapeError(message, { op, shapes: [shape] })
    }
    this.checkFeatures(x)
    const stepsFirst = this.batchFirst && shape.length === 3 ? x.transpose(0, 1) : x
    const [steps, batch] = shape.length === 2 ? [shape[0], 1] : stepsFirst.shape
    if (steps === 0) throw new ShapeError(`input ${formatShape(shape)} has no steps`, { op, shapes: [shape] })
    return { data: stepsFirst.reshape([steps * batch, this.inputSize]), steps, batch, rows: null, sizes: null }
  }

  private checkFeatures(x: Tensor): void {
    const op = this.constructor.name
    const weight = this.weightsOf(0)[0]
    const features = x.shape[x.shape.length - 1]
    if (features !== this.inputSize) {
      const message = `input ${formatShape(x.shape)} has ${features} features, the layer expects inputSize ${this.inputSize}`
      throw new ShapeError(message, { op, shapes: [x.shape] })
    }
    if (x.dtype !== weight.dtype)
      throw new DTypeError(`input is ${x.dtype}, the weights are ${weight.dtype}; convert one with .to(dtype)`, { op })
  }

  /** An initial state as [layers·directions, batch, its size]; null where none is given. */
  private stateOf(x: Tensor | PackedSequence, what: string, given: Absent | Tensor, batch: number): Tensor | null {
    if (given === undefined || given === null) return null
    const op = this.constructor.name
    const packed = x instanceof PackedSequence
    const data = packed ? x.data : x
    const size = what === 'h0' ? this.outputSize : this.hiddenSize
    const shape = [this.numLayers * this.directions, batch, size]
    checkTensor(op, given, what)
    const unbatched = !packed && data.shape.length === 2
    const expected = unbatched ? [shape[0], shape[2]] : shape
    if (!sameShape(given.shape, expected)) {
      const message = `${what} is ${formatShape(given.shape)}, it must be ${formatShape(expected)}: layers x directions${unbatched ? '' : ', batch'}, ${size === this.hiddenSize ? 'hiddenSize' : 'projSize'}`
      throw new ShapeError(message, { op, shapes: [given.shape, data.shape] })
    }
    if (given.dtype !== data.dtype)
      throw new DTypeError(`${what} is ${given.dtype}, the input ${data.dtype}; convert one with .to(dtype)`, { op })
    if (unbatched) return given.unsqueeze(1)
    return packed ? reorder(given, x.sortedIndices) : given
  }

  /** All layers. @returns the results in the form of x, then the last states */
  protected run(
    x: Tensor | PackedSequence,
    states: readonly (readonly [string, Absent | Tensor])[],
  ): [Tensor | PackedSequence, ...Tensor[]] {
    const { data, steps, batch, rows, sizes } = this.rowsOf(x)
    const initial = states.map(([what, given]) => this.stateOf(x, what, given, batch))
    const { directions } = this
    const plan = { cell: this.cell, steps, batch, biased: this.bias, rows, directions }
    let y = data
    const last: Tensor[][] = states.map(() => [])
    for (let layer = 0; layer < this.numLayers; layer++) {
      if (layer > 0 && this.dropout > 0) y = dropout(y, { p: this.dropout, training: this.training })
      const [h, c] =
        this.numLayers === 1 ? initial : initial.map(s => s?.narrow(0, layer * directions, directions) ?? null)
      const weights = this.weightsOf(layer)
      const [out, ...ends] =
        this.projSize === 0
          ? recurrent(y, h, c ?? null, plan, weights)
          : projected(y, h, c ?? null, plan, weights, sizes)
      y = out
      ends.forEach((end, i) => {
        last[i].push(end)
      })
    }
    const ends = last.map(list => (list.length === 1 ? list[0] : cat(list)))
    if (x instanceof PackedSequence) return [x.withData(y), ...ends.map(end => reorder(end, x.unsortedIndices))]
    if (x.shape.length === 2) return [y, ...ends.map(end => end.squeeze(1))]
    const out = y.reshape([steps, batch, directions * this.outputSize])
    return [this.batchFirst ? out.transpose(0, 1) : out, ...ends]
  }

  override multiplyAdds([x]: readonly (Tensor | PackedSequence)[]): number {
    const { count } = x instanceof PackedSequence ? x.data : x
    let held = 0
    for (const p of this.parameters()) held += p.count
    return (held * count) / this.inputSize
  }

  override extraRepr(): string {
    const parts = [`${this.inputSize}, ${this.hiddenSize}`]
    if (this.projSize > 0) parts.push(`proj_size=${this.projSize}`)
    if (this.numLayers !== 1) parts.push(`num_layers=${this.numLayers}`)
    if (!this.bias) parts.push('bias=False')
    if (this.batchFirst) parts.push('batch_first=True')
    if (this.dropout !== 0) parts.push(`dropout=${float(this.dropout)}`)
    if (this.bidirectional) parts.push('bidirectional=True')
    return parts.join(', ')
  }

  override _label(): string {
    return `${this.constructor.name} ${this.inputSize} -> ${this.hiddenSize}`
  }
}

/**
 * h_t = tanh(W_ih·x_t + b_ih + W_hh·h_(t-1) + b_hh), or relu.
 *
 * Shapes: input [L, N, inputSize] ([N, L, inputSize] with `batchFirst`; [L, inputSize]; or packed), h0 [layers·directions, N,
 * hiddenSize], results [L, N, directions·hiddenSize] and the last h.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
 */
export class RNN extends RecurrentLayer {
  readonly nonlinearity: 'tanh' | 'relu'

  /** @param options also `nonlinearity`: 'tanh', the default, or 'relu' */
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentOptions & { nonlinearity?: 'tanh' | 'relu' }) {
    checkOptions('RNN', options, ['nonlinearity', ...optionNames])
    const cell = checkChoice('RNN', 'nonlinearity', options?.nonlinearity ?? 'tanh', ['tanh', 'relu'])
    super('RNN', cell, 1, inputSize, hiddenSize, options)
    this.nonlinearity = cell
  }

  override forward(x: Tensor, h0?: Tensor | null): [output: Tensor, hn: Tensor]
  override forward(x: PackedSequence, h0?: Tensor | null): [output: PackedSequence, hn: Tensor]
  override forward(x: Tensor | PackedSequence, h0?: Tensor | null): [Tensor | PackedSequence, Tensor] {
    const [output, hn] = this.run(x, [['h0', h0]])
    return [output, hn]
  }
}

/**
 * Gated recurrent units: r, z = σ(…), n = tanh(W_in·x + b_in + r·(W_hn·h + b_hn)), h' = (1-z)·n + z·h. Cho et al. 2014, arXiv:1406.1078
 *
 * Shapes as in RNN; weights hold r, z, n below each other.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GRU.html
 */
export class GRU extends RecurrentLayer {
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentOptions) {
    checkOptions('GRU', options, optionNames)
    super('GRU', 'gru', 3, inputSize, hiddenSize, options)
  }

  override forward(x: Tensor, h0?: Tensor | null): [output: Tensor, hn: Tensor]
  override forward(x: PackedSequence, h0?: Tensor | null): [output: PackedSequence, hn: Tensor]
  override forward(x: Tensor | PackedSequence, h0?: Tensor | null): [Tensor | PackedSequence, Tensor] {
    const [output, hn] = this.run(x, [['h0', h0]])
    return [output, hn]
  }
}

/**
 * Long short-term memory: i, f, o = σ(…), g = tanh(…), c' = f·c + i·g, h' = o·tanh(c'). Hochreiter, Schmidhuber 1997
 *
 * Shapes as in RNN, the state being [h, c]; weights hold i, f, g, o below each other. With `projSize` h and the results have that size:
 * h' = W_hr·(o·tanh(c')).
 *
 * ```ts
 * const [output, [h, c]] = lstm.forward(x, [h0, c0])
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
 */
export class LSTM extends RecurrentLayer {
  constructor(inputSize: number, hiddenSize: number, options?: LSTMOptions) {
    checkOptions('LSTM', options, [...optionNames, 'projSize'])
    super('LSTM', 'lstm', 4, inputSize, hiddenSize, options)
  }

  override forward(x: Tensor, state?: readonly [Tensor, Tensor] | null): [output: Tensor, state: [h: Tensor, c: Tensor]]
  override forward(
    x: PackedSequence,
    state?: readonly [Tensor, Tensor] | null,
  ): [output: PackedSequence, state: [h: Tensor, c: Tensor]]
  override forward(
    x: Tensor | PackedSequence,
    state?: readonly [Tensor, Tensor] | null,
  ): [Tensor | PackedSequence, [Tensor, Tensor]] {
    const [h0, c0] = lstmState('LSTM', state)
    const [output, h, c] = this.run(x, [
      ['h0', h0],
      ['c0', c0],
    ])
    return [output, [h, c]]
  }
}

/** An LSTM's state, checked to be a pair. */
export function lstmState(
  op: string,
  state: readonly [Tensor, Tensor] | Absent,
): readonly [Tensor, Tensor] | [undefined, undefined] {
  if (state === undefined || state === null) return [undefined, undefined]
  if (!Array.isArray(state)) throw new TypeError(`${op}: the state must be an array [h, c], got ${describe(state)}`)
  if (state.length !== 2) throw new ValueError(`the state must be [h, c], got ${state.length} of them`, { op })
  return state as unknown as readonly [Tensor, Tensor]
}
