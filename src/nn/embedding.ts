// Tables of learned vectors.
import { checkChoice, checkFlag, checkInteger, checkNumber, checkOptions } from '../core/errors.js'
import { checkTable, type EmbeddingOptions, embedding, embeddingOptions, paddingOf } from '../ops/embedding.js'
import { type BagMode, embeddingBag } from '../ops/embeddingBag.js'
import type { Index } from '../ops/indexing.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import * as init from './init.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'
import { flag, float } from './repr.js'

/** What both tables are made of. */
abstract class Table extends Module {
  readonly numEmbeddings: number
  readonly embeddingDim: number
  readonly paddingIdx: number | null
  readonly maxNorm: number | null
  readonly normType: number
  readonly scaleGradByFreq: boolean
  weight: Parameter

  /** @param table the weight; drawn where there is none */
  constructor(
    op: string,
    numEmbeddings: number,
    embeddingDim: number,
    options: EmbeddingOptions | undefined,
    table: Parameter | undefined,
  ) {
    super()
    this.numEmbeddings = checkInteger(op, 'numEmbeddings', numEmbeddings)
    this.embeddingDim = checkInteger(op, 'embeddingDim', embeddingDim)
    const padding = paddingOf(op, options?.paddingIdx, numEmbeddings)
    this.paddingIdx = padding < 0 ? null : padding
    const maxNorm = options?.maxNorm ?? null
    this.maxNorm = maxNorm === null ? null : checkNumber(op, 'maxNorm', maxNorm, 0)
    this.normType = checkNumber(op, 'normType', options?.normType ?? 2)
    this.scaleGradByFreq = checkFlag(op, 'scaleGradByFreq', options?.scaleGradByFreq ?? false)
    this.weight = table ?? new Parameter(emptyTensor([numEmbeddings, embeddingDim], 'float32'))
    if (table === undefined) this.resetParameters()
  }

  /** Draws the table anew, the padding row 0. */
  resetParameters(): void {
    init.normal_(this.weight)
    if (this.paddingIdx !== null) this.weight.detach().select(0, this.paddingIdx).zero_()
  }

  /** @internal */
  protected _options(): EmbeddingOptions {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq } = this
    return { paddingIdx, maxNorm, normType, scaleGradByFreq }
  }

  /** @internal The settings as they are printed, but for the padding row. */
  protected _settings(): { readonly padding: readonly string[]; readonly others: readonly string[] } {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq } = this
    return {
      padding: paddingIdx === null ? [] : [`padding_idx=${paddingIdx}`],
      others: [
        ...(maxNorm === null ? [] : [`max_norm=${float(maxNorm)}`]),
        ...(normType === 2 ? [] : [`norm_type=${float(normType)}`]),
        ...(scaleGradByFreq ? [`scale_grad_by_freq=${flag(scaleGradByFreq)}`] : []),
      ],
    }
  }

  /** Looking up multiplies nothing. */
  override multiplyAdds(): number {
    return 0
  }

  override _label(): string {
    return `${this.constructor.name} ${this.numEmbeddings} x ${this.embeddingDim}`
  }
}

/** A table that is there as the weight of a layer. */
function pretrained(op: string, table: Tensor, freeze: boolean | undefined): Parameter {
  checkTable(op, table)
  return new Parameter(table, { requiresGrad: !checkFlag(op, 'freeze', freeze ?? true) })
}

/**
 * A learned vector for each of `numEmbeddings` numbers: indices [*] give [*, embeddingDim]. The vectors start normal.
 * @throws IndexError if an index is out of range
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html
 */
export class Embedding extends Table {
  /** @param table see `fromPretrained` */
  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingOptions, table?: Parameter) {
    checkOptions('Embedding', options, embeddingOptions)
    super('Embedding', numEmbeddings, embeddingDim, options, table)
  }

  /** A layer on a table that is there. @param options `freeze`: do not learn it; default true */
  static fromPretrained(table: Tensor, options?: EmbeddingOptions & { freeze?: boolean }): Embedding {
    checkOptions('Embedding.fromPretrained', options, [...embeddingOptions, 'freeze'])
    const { freeze, ...others } = options ?? {}
    const weight = pretrained('Embedding.fromPretrained', table, freeze)
    return new this(...(weight.shape as [number, number]), others, weight)
  }

  override forward(input: Index): Tensor {
    return embedding(input, this.weight, this._options())
  }

  override extraRepr(): string {
    const { padding, others } = this._settings()
    return [this.numEmbeddings, this.embeddingDim, ...padding, ...others].join(', ')
  }
}

export interface EmbeddingBagLayerOptions extends EmbeddingOptions {
  /** Default: 'mean'. */
  mode?: BagMode
  /** The offsets end with the end of the last bag. Default: false. */
  includeLastOffset?: boolean
}

const bagOptions = [...embeddingOptions, 'mode', 'includeLastOffset']

/**
 * The sum, mean or maximum of the vectors of each bag of indices; see `functional.embeddingBag`.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
 */
export class EmbeddingBag extends Table {
  readonly mode: BagMode
  readonly includeLastOffset: boolean

  /** @param table see `fromPretrained` */
  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingBagLayerOptions, table?: Parameter) {
    const op = 'EmbeddingBag'
    checkOptions(op, options, bagOptions)
    super(op, numEmbeddings, embeddingDim, options, table)
    this.mode = checkChoice(op, 'mode', options?.mode ?? 'mean', ['sum', 'mean', 'max'])
    this.includeLastOffset = checkFlag(op, 'includeLastOffset', options?.includeLastOffset ?? false)
  }

  /** A layer on a table that is there. @param options `freeze`: do not learn it; default true */
  static fromPretrained(table: Tensor, options?: EmbeddingBagLayerOptions & { freeze?: boolean }): EmbeddingBag {
    const op = 'EmbeddingBag.fromPretrained'
    checkOptions(op, options, [...bagOptions, 'freeze'])
    const { freeze, ...others } = options ?? {}
    const weight = pretrained(op, table, freeze)
    return new this(...(weight.shape as [number, number]), others, weight)
  }

  /** @param input [bags, length], or [n] with `offsets`: where each bag starts */
  override forward(input: Index, options?: { offsets?: Index | null; perSampleWeights?: Tensor | null }): Tensor {
    checkOptions('EmbeddingBag', options, ['offsets', 'perSampleWeights'])
    const { mode, includeLastOffset } = this
    return embeddingBag(input, this.weight, { ...this._options(), mode, includeLastOffset, ...options })
  }

  override extraRepr(): string {
    const { padding, others } = this._settings()
    return [this.numEmbeddings, this.embeddingDim, ...others, `mode='${this.mode}'`, ...padding].join(', ')
  }
}
