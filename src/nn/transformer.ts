// Stacks of transformer layers, and the two stacks as one.
import { checkInteger, checkOptions, describe, formatShape, ShapeError } from '../core/errors.js'
import { triu } from '../ops/rearrange.js'
import { filled } from '../tensor/create.js'
import type { Tensor } from '../tensor/tensor.js'
import { ModuleList } from './container.js'
import { hiding } from './functional/attention.js'
import * as init from './init.js'
import { LayerNorm } from './layerNorm.js'
import { Module } from './module.js'
import {
  type DecoderLayerCall,
  decoderCallNames,
  layerOptionNames,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayer,
  type TransformerLayerOptions,
} from './transformerLayer.js'

/** Copies of a layer, all with its parameters. */
function copies<L extends TransformerLayer>(
  op: string,
  layer: L,
  kind: abstract new (...args: never[]) => L,
  count: number,
): ModuleList {
  if (!(layer instanceof kind)) throw new TypeError(`${op}: the layer must be a ${kind.name}, got ${describe(layer)}`)
  checkInteger(op, 'numLayers', count, 1)
  return new ModuleList(Array.from({ length: count }, () => layer.copy()))
}

interface StackOptions {
  /** Applied to the last layer's results. Default: none. */
  norm?: Module | null
}

function normOf(op: string, options: StackOptions | undefined): Module | null {
  checkOptions(op, options, ['norm'])
  const norm = options?.norm ?? null
  if (norm !== null && !(norm instanceof Module))
    throw new TypeError(`${op}: norm must be a Module, got ${describe(norm)}`)
  return norm
}

export interface EncoderCall {
  /** As srcMask of a layer. */
  mask?: Tensor | null
  srcKeyPaddingMask?: Tensor | null
  /** Default: false. */
  isCausal?: boolean
}

/**
 * Encoder layers on top of each other, copies of the one given.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
 */
export class TransformerEncoder extends Module {
  layers: ModuleList
  readonly numLayers: number
  norm: Module | null

  /** @param options `norm`: applied to the last layer's results */
  constructor(encoderLayer: TransformerEncoderLayer, numLayers: number, options?: StackOptions) {
    super()
    this.layers = copies('TransformerEncoder', encoderLayer, TransformerEncoderLayer, numLayers)
    this.numLayers = numLayers
    this.norm = normOf('TransformerEncoder', options)
  }

  override forward(src: Tensor, options?: EncoderCall): Tensor {
    checkOptions('TransformerEncoder', options, ['mask', 'srcKeyPaddingMask', 'isCausal'])
    const { mask = null, srcKeyPaddingMask = null, isCausal = false } = options ?? {}
    let x = src
    for (const layer of this.layers.children()) x = layer.forward(x, { srcMask: mask, srcKeyPaddingMask, isCausal })
    return this.norm === null ? x : this.norm.forward(x)
  }
}

/**
 * Decoder layers on top of each other, copies of the one given.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html
 */
export class TransformerDecoder extends Module {
  layers: ModuleList
  readonly numLayers: number
  norm: Module | null

  /** @param options `norm`: applied to the last layer's results */
  constructor(decoderLayer: TransformerDecoderLayer, numLayers: number, options?: StackOptions) {
    super()
    this.layers = copies('TransformerDecoder', decoderLayer, TransformerDecoderLayer, numLayers)
    this.numLayers = numLayers
    this.norm = normOf('TransformerDecoder', options)
  }

  override forward(tgt: Tensor, memory: Tensor, options?: DecoderLayerCall): Tensor {
    checkOptions('TransformerDecoder', options, decoderCallNames)
    let x = tgt
    for (const layer of this.layers.children()) x = layer.forward(x, memory, options)
    return this.norm === null ? x : this.norm.forward(x)
  }
}

export interface TransformerOptions extends TransformerLayerOptions {
  /** Features. Default: 512. */
  dModel?: number
  /** Default: 8. */
  nhead?: number
  /** Default: 6. */
  numEncoderLayers?: number
  /** Default: 6. */
  numDecoderLayers?: number
}

export interface TransformerCall extends Omit<DecoderLayerCall, 'memoryIsCausal'> {
  srcMask?: Tensor | null
  srcKeyPaddingMask?: Tensor | null
  /** Default: false. */
  srcIsCausal?: boolean
  /** Default: false. */
  memoryIsCausal?: boolean
}

/**
 * An encoder and a decoder that looks at its results. Vaswani et al. 2017, arXiv:1706.03762
 *
 * Shapes: src [S, N, dModel], tgt and result [L, N, dModel]; N comes first with `batchFirst`. Weights start Xavier-uniform.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Transformer.html
 */
export class Transformer extends Module {
  encoder: TransformerEncoder
  decoder: TransformerDecoder
  readonly dModel: number
  readonly nhead: number
  readonly batchFirst: boolean

  constructor(options?: TransformerOptions) {
    super()
    const counts = ['dModel', 'nhead', 'numEncoderLayers', 'numDecoderLayers']
    checkOptions('Transformer', options, [...counts, ...layerOptionNames])
    const { dModel = 512, nhead = 8, numEncoderLayers = 6, numDecoderLayers = 6, ...rest } = options ?? {}
    const norm = () => new LayerNorm(dModel, { eps: rest.layerNormEps ?? 1e-5, bias: rest.bias ?? true })
    this.encoder = new TransformerEncoder(new TransformerEncoderLayer(dModel, nhead, rest), numEncoderLayers, {
      norm: norm(),
    })
    this.decoder = new TransformerDecoder(new TransformerDecoderLayer(dModel, nhead, rest), numDecoderLayers, {
      norm: norm(),
    })
    this.dModel = dModel
    this.nhead = nhead
    this.batchFirst = rest.batchFirst ?? false
    for (const p of this.parameters()) if (p.shape.length > 1) init.xavierUniform_(p)
  }

  /** A mask under which steps look at no later ones: 0 up to the step itself, -inf after it. */
  static generateSquareSubsequentMask(size: number): Tensor {
    checkInteger('generateSquareSubsequentMask', 'size', size)
    return hiding(triu(filled([size, size], 'bool', 1), 1), 'float32')
  }

  override forward(src: Tensor, tgt: Tensor, options?: TransformerCall): Tensor {
    const op = 'Transformer'
    checkOptions(op, options, ['srcMask', 'srcKeyPaddingMask', 'srcIsCausal', ...decoderCallNames])
    const { srcMask = null, srcKeyPaddingMask = null, srcIsCausal = false, ...rest } = options ?? {}
    const batch = this.batchFirst ? 0 : 1
    if (src?.shape?.length === 3 && tgt?.shape?.length === 3 && src.shape[batch] !== tgt.shape[batch]) {
      const message = `src ${formatShape(src.shape)} is a batch of ${src.shape[batch]}, tgt ${formatShape(tgt.shape)} of ${tgt.shape[batch]}`
      throw new ShapeError(message, { op, shapes: [src.shape, tgt.shape] })
    }
    const memory = this.encoder.forward(src, { mask: srcMask, srcKeyPaddingMask, isCausal: srcIsCausal })
    return this.decoder.forward(tgt, memory, rest)
  }
}
