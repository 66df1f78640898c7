// The layers that transformers are stacks of: self-attention, in decoders attention to the encoder's results, and two linear maps.
import { checkTensor } from '../autograd/defineOp.js'
import {
  checkInteger,
  checkNumber,
  checkOptions,
  describe,
  formatShape,
  nearest,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import { gelu, relu } from '../ops/activation.js'
import { defaultGenerator } from '../tensor/generator.js'
import type { Tensor } from '../tensor/tensor.js'
import { MultiheadAttention, type MultiheadAttentionCall } from './attention.js'
import { Dropout } from './dropout.js'
import { LayerNorm } from './layerNorm.js'
import { Linear } from './linear.js'
import { Module } from './module.js'

export type TransformerActivation = 'relu' | 'gelu' | ((x: Tensor) => Tensor)

export interface TransformerLayerOptions {
  /** Features between the two linear maps. Default: 2048. */
  dimFeedforward?: number
  /** Default: 0.1. */
  dropout?: number
  /** Default: 'relu'. */
  activation?: TransformerActivation
  /** Default: 1e-5. */
  layerNormEps?: number
  /** Inputs and results are [N, L, *] and not [L, N, *]. Default: false. */
  batchFirst?: boolean
  /** Normalise before each block and not after it. Default: false. */
  normFirst?: boolean
  /** Default: true. */
  bias?: boolean
}

export const layerOptionNames = [
  'dimFeedforward',
  'dropout',
  'activation',
  'layerNormEps',
  'batchFirst',
  'normFirst',
  'bias',
]

/** Makes a module without drawing: its parameters are about to be replaced. */
function withoutDrawing<M>(make: () => M): M {
  const state = defaultGenerator.getState()
  try {
    return make()
  } finally {
    defaultGenerator.setState(state)
  }
}

/** What encoder and decoder layers share. Modules are declared, not fields: they are registered in PyTorch's order, that of assignment. */
export abstract class TransformerLayer extends Module {
  /** @internal */
  declare readonly made: readonly [number, number, TransformerLayerOptions]
  /** @internal */
  declare protected readonly activation: (x: Tensor) => Tensor
  declare readonly normFirst: boolean
  declare readonly batchFirst: boolean
  declare linear1: Linear
  declare dropout: Dropout
  declare linear2: Linear

  protected constructor(op: string, dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super()
    checkOptions(op, options, layerOptionNames)
    checkInteger(op, 'dModel', dModel, 1)
    checkInteger(op, 'nhead', nhead, 1)
    if (dModel % nhead !== 0) throw new ValueError(`dModel ${dModel} is not divisible by nhead ${nhead}`, { op })
    checkInteger(op, 'dimFeedforward', options.dimFeedforward ?? 2048, 1)
    checkNumber(op, 'dropout', options.dropout ?? 0.1, 0, 1)
    checkNumber(op, 'layerNormEps', options.layerNormEps ?? 1e-5)
    const { activation = 'relu', normFirst = false, batchFirst = false, bias = true } = options
    for (const [what, flag] of Object.entries({ normFirst, batchFirst, bias }))
      if (typeof flag !== 'boolean') throw new TypeError(`${op}: ${what} must be a boolean, got ${describe(flag)}`)
    if (activation !== 'relu' && activation !== 'gelu' && typeof activation !== 'function') {
      const near = typeof activation === 'string' ? nearest(activation, ['relu', 'gelu']) : undefined
      const hint = near === undefined ? '' : `, did you mean '${near}'?`
      throw new ValueError(`activation must be 'relu', 'gelu' or a function, got ${describe(activation)}${hint}`, {
        op,
      })
    }
    const fn = activation === 'relu' ? relu : activation === 'gelu' ? (x: Tensor) => gelu(x) : activation
    for (const [name, value] of Object.entries({
      made: [dModel, nhead, options],
      activation: fn,
      normFirst,
      batchFirst,
    }))
      Object.defineProperty(this, name, { value })
  }

  /** Attention with the layer's dropout and order of dimensions. */
  protected makeAttention(): MultiheadAttention {
    const [dModel, nhead, { dropout = 0.1, bias = true }] = this.made
    return new MultiheadAttention(dModel, nhead, { dropout, bias, batchFirst: this.batchFirst })
  }

  /** The two linear maps and the dropout between them. */
  protected makeFeedForward(): void {
    const [dModel, , { dimFeedforward = 2048, bias = true }] = this.made
    this.linear1 = new Linear(dModel, dimFeedforward, { bias })
    this.dropout = this.makeDropout()
    this.linear2 = new Linear(dimFeedforward, dModel, { bias })
  }

  protected makeNorm(): LayerNorm {
    const [dModel, , { layerNormEps = 1e-5, bias = true }] = this.made
    return new LayerNorm(dModel, { eps: layerNormEps, bias })
  }

  protected makeDropout(): Dropout {
    return new Dropout({ p: this.made[2].dropout ?? 0.1 })
  }

  /** @internal A layer of its own with the same parameters. */
  copy(): this {
    const make = this.constructor as new (...args: readonly [number, number, TransformerLayerOptions]) => this
    const layer = withoutDrawing(() => new make(...this.made))
    layer.loadStateDict(this.stateDict())
    return layer.train(this.training)
  }

  protected checkInput(what: string, x: Tensor): void {
    const op = this.constructor.name
    checkTensor(op, x, what)
    const [dModel] = this.made
    const { shape } = x
    if (shape.length !== 2 && shape.length !== 3) {
      const order = this.batchFirst ? '[N, L, dModel]' : '[L, N, dModel]'
      throw new ShapeError(`${what} ${formatShape(shape)} must be ${order}, or [L, dModel] without a batch`, {
        op,
        shapes: [shape],
      })
    }
    const features = shape[shape.length - 1]
    if (features !== dModel)
      throw new ShapeError(
        `${what} ${formatShape(shape)} has ${features} features, the layer expects dModel ${dModel}`,
        { op, shapes: [shape] },
      )
  }

  /** Attention of x to others, and its dropout. */
  protected attend(
    attention: MultiheadAttention,
    drop: Dropout,
    x: Tensor,
    to: Tensor,
    call: MultiheadAttentionCall,
  ): Tensor {
    const [out] = attention.forward(x, to, to, { ...call, needWeights: false })
    // PyTorch's attention works on [L, N, *] within, and its dropout draws in that order.
    const turned = this.batchFirst && out.shape.length === 3 && drop.p > 0 && drop.training
    return turned ? drop.forward(out.transpose(0, 1)).transpose(0, 1) : drop.forward(out)
  }

  /** The two linear maps, and their dropout. */
  protected feedForward(drop: Dropout, x: Tensor): Tensor {
    return drop.forward(this.linear2.forward(this.dropout.forward(this.activation(this.linear1.forward(x)))))
  }

  /** x + f(x), normalised before or after. */
  protected block(norm: LayerNorm, x: Tensor, f: (x: Tensor) => Tensor): Tensor {
    return this.normFirst ? x.add(f(norm.forward(x))) : norm.forward(x.add(f(x)))
  }

  override _label(): string {
    return `${this.constructor.name} ${this.made[0]}, ${this.made[1]} heads`
  }
}

export interface EncoderLayerCall {
  /** [L, L] or [N·heads, L, L]: added to the scores, or true where a step is not looked at. */
  srcMask?: Tensor | null
  /** [N, L]: true, or -inf, where a step is not looked at. */
  srcKeyPaddingMask?: Tensor | null
  /** Steps look at no later ones; stands for a srcMask that says so. Default: false. */
  isCausal?: boolean
}

/**
 * Self-attention and a feed-forward network, each added to its input and normalised. Vaswani et al. 2017, arXiv:1706.03762
 *
 * Shapes: src and result [L, N, dModel]; [N, L, dModel] with `batchFirst`; or [L, dModel].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
 */
export class TransformerEncoderLayer extends TransformerLayer {
  declare self_attn: MultiheadAttention
  declare norm1: LayerNorm
  declare norm2: LayerNorm
  declare dropout1: Dropout
  declare dropout2: Dropout

  constructor(dModel: number, nhead: number, options?: TransformerLayerOptions) {
    super('TransformerEncoderLayer', dModel, nhead, options)
    this.self_attn = this.makeAttention()
    this.makeFeedForward()
    this.norm1 = this.makeNorm()
    this.norm2 = this.makeNorm()
    this.dropout1 = this.makeDropout()
    this.dropout2 = this.makeDropout()
  }

  override forward(src: Tensor, options?: EncoderLayerCall): Tensor {
    checkOptions('TransformerEncoderLayer', options, ['srcMask', 'srcKeyPaddingMask', 'isCausal'])
    this.checkInput('src', src)
    const { srcMask = null, srcKeyPaddingMask = null, isCausal = false } = options ?? {}
    const call = { attnMask: srcMask, keyPaddingMask: srcKeyPaddingMask, isCausal }
    const x = this.block(this.norm1, src, v => this.attend(this.self_attn, this.dropout1, v, v, call))
    return this.block(this.norm2, x, v => this.feedForward(this.dropout2, v))
  }
}

export interface DecoderLayerCall {
  /** As srcMask of an encoder, for tgt. */
  tgtMask?: Tensor | null
  /** [L, S] or [N·heads, L, S]: which steps of memory tgt looks at. */
  memoryMask?: Tensor | null
  /** [N, L]. */
  tgtKeyPaddingMask?: Tensor | null
  /** [N, S]. */
  memoryKeyPaddingMask?: Tensor | null
  /** Default: false. */
  tgtIsCausal?: boolean
  /** Default: false. */
  memoryIsCausal?: boolean
}

export const decoderCallNames = [
  'tgtMask',
  'memoryMask',
  'tgtKeyPaddingMask',
  'memoryKeyPaddingMask',
  'tgtIsCausal',
  'memoryIsCausal',
]

/**
 * Self-attention, attention to an encoder's results, and a feed-forward network, each added to its input and normalised.
 *
 * Shapes: tgt and result [L, N, dModel], memory [S, N, dModel]; N comes first with `batchFirst`, and may be absent.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html
 */
export class TransformerDecoderLayer extends TransformerLayer {
  declare self_attn: MultiheadAttention
  declare multihead_attn: MultiheadAttention
  declare norm1: LayerNorm
  declare norm2: LayerNorm
  declare norm3: LayerNorm
  declare dropout1: Dropout
  declare dropout2: Dropout
  declare dropout3: Dropout

  constructor(dModel: number, nhead: number, options?: TransformerLayerOptions) {
    super('TransformerDecoderLayer', dModel, nhead, options)
    this.self_attn = this.makeAttention()
    this.multihead_attn = this.makeAttention()
    this.makeFeedForward()
    this.norm1 = this.makeNorm()
    this.norm2 = this.makeNorm()
    this.norm3 = this.makeNorm()
    this.dropout1 = this.makeDropout()
    this.dropout2 = this.makeDropout()
    this.dropout3 = this.makeDropout()
  }

  override forward(tgt: Tensor, memory: Tensor, options?: DecoderLayerCall): Tensor {
    checkOptions('TransformerDecoderLayer', options, decoderCallNames)
    this.checkInput('tgt', tgt)
    this.checkInput('memory', memory)
    const { tgtMask = null, memoryMask = null, tgtKeyPaddingMask = null, memoryKeyPaddingMask = null } = options ?? {}
    const own = { attnMask: tgtMask, keyPaddingMask: tgtKeyPaddingMask, isCausal: options?.tgtIsCausal ?? false }
    const other = {
      attnMask: memoryMask,
      keyPaddingMask: memoryKeyPaddingMask,
      isCausal: options?.memoryIsCausal ?? false,
    }
    const x = this.block(this.norm1, tgt, v => this.attend(this.self_attn, this.dropout1, v, v, own))
    const y = this.block(this.norm2, x, v => this.attend(this.multihead_attn, this.dropout2, v, memory, other))
    return this.block(this.norm3, y, v => this.feedForward(this.dropout3, v))
  }
}
