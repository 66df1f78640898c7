// Losses as modules: the options of a function of ops/loss, kept. Each docstring there holds formula and shapes.
import { checkChoice, checkOptions } from '../core/errors.js'
import * as loss from '../ops/loss/index.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/**
 * Keeps options as properties, after checking their names: `settings` are those with a default. Tensors among them become buffers, under
 * the names that PyTorch gives them. What is set later counts.
 */
abstract class Loss<O extends { reduction?: loss.Reduction | 'batchmean' }> extends Module {
  declare reduction: NonNullable<O['reduction']>
  /** @internal The options of the function, read from the properties. */
  protected readonly options: O

  constructor(
    name: string,
    options: O | undefined,
    settings: Partial<O> = {},
    tensors: Partial<Record<keyof O & string, string>> = {},
    broadcasts = true,
  ) {
    super()
    const all: Partial<O> = { reduction: 'mean', ...settings }
    checkOptions(name, options, [...Object.keys(tensors), ...Object.keys(all), ...(broadcasts ? ['broadcast'] : [])])
    this.options = { ...options } as O
    const choices = ['none', 'mean', 'sum', ...(name === 'KLDivLoss' ? ['batchmean'] : [])]
    checkChoice(name, 'reduction', options?.reduction ?? 'mean', choices)
    const properties = this as unknown as Record<string, unknown>
    const keep = (option: keyof O & string, property: string) =>
      Object.defineProperty(this.options, option, { enumerable: true, get: () => properties[property] })
    for (const option of Object.keys(all) as (keyof O & string)[]) {
      properties[option] = options?.[option] ?? all[option]
      keep(option, option)
    }
    for (const [option, buffer] of Object.entries(tensors) as [keyof O & string, string][]) {
      // Read from the buffer, which moves with the module.
      this.registerBuffer(buffer, (options?.[option] as Tensor | null | undefined) ?? null)
      keep(option, buffer)
    }
  }
}

/** (x - t)²; see `functional.mseLoss`. */
export class MSELoss extends Loss<loss.PairOptions> {
  constructor(options?: loss.PairOptions) {
    super('MSELoss', options)
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.mseLoss(input, target, this.options)
  }
}

/** |x - t|; see `functional.l1Loss`. */
export class L1Loss extends Loss<loss.PairOptions> {
  constructor(options?: loss.PairOptions) {
    super('L1Loss', options)
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.l1Loss(input, target, this.options)
  }
}

/** A square near 0, a line beyond beta; see `functional.smoothL1Loss`. Defaults: beta 1. */
export class SmoothL1Loss extends Loss<loss.SmoothL1Options> {
  declare beta: number
  constructor(options?: loss.SmoothL1Options) {
    super('SmoothL1Loss', options, { beta: 1 })
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.smoothL1Loss(input, target, this.options)
  }
}

/** A square near 0, a line beyond delta; see `functional.huberLoss`. Defaults: delta 1. */
export class HuberLoss extends Loss<loss.HuberOptions> {
  declare delta: number
  constructor(options?: loss.HuberOptions) {
    super('HuberLoss', options, { delta: 1 })
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.huberLoss(input, target, this.options)
  }
}

/** Binary cross entropy of probabilities; see `functional.binaryCrossEntropy`. */
export class BCELoss extends Loss<loss.BinaryOptions> {
  declare weight: Tensor | null
  constructor(options?: loss.BinaryOptions) {
    super('BCELoss', options, {}, { weight: 'weight' })
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.binaryCrossEntropy(input, target, this.options)
  }
}

/** Binary cross entropy of logits, without overflow; see `functional.binaryCrossEntropyWithLogits`. */
export class BCEWithLogitsLoss extends Loss<loss.BinaryLogitsOptions> {
  declare weight: Tensor | null
  declare pos_weight: Tensor | null
  get posWeight(): Tensor | null {
    return this.pos_weight
  }
  set posWeight(weight: Tensor | null) {
    this.pos_weight = weight
  }
  constructor(options?: loss.BinaryLogitsOptions) {
    super('BCEWithLogitsLoss', options, {}, { weight: 'weight', posWeight: 'pos_weight' })
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.binaryCrossEntropyWithLogits(input, target, this.options)
  }
}

/** log(1 + exp(-t·x)); see `functional.softMarginLoss`. */
export class SoftMarginLoss extends Loss<loss.PairOptions> {
  constructor(options?: loss.PairOptions) {
    super('SoftMarginLoss', options)
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.softMarginLoss(input, target, this.options)
  }
}

/** Binary cross entropy of many labels, averaged per sample; see `functional.multilabelSoftMarginLoss`. */
export class MultiLabelSoftMarginLoss extends Loss<loss.MultilabelOptions> {
  declare weight: Tensor | null
  constructor(options?: loss.MultilabelOptions) {
    super('MultiLabelSoftMarginLoss', options, {}, { weight: 'weight' }, false)
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.multilabelSoftMarginLoss(input, target, this.options)
  }
}

/** Cross entropy of logits and classes, or shares of classes; see `functional.crossEntropy`. */
export class CrossEntropyLoss extends Loss<loss.CrossEntropyOptions> {
  declare weight: Tensor | null
  declare ignoreIndex: number
  declare labelSmoothing: number
  constructor(options?: loss.CrossEntropyOptions) {
    super('CrossEntropyLoss', options, { ignoreIndex: -100, labelSmoothing: 0 }, { weight: 'weight' }, false)
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.crossEntropy(input, target, this.options)
  }
}

/** Negative log likelihood of log-probabilities; see `functional.nllLoss`. */
export class NLLLoss extends Loss<loss.ClassOptions> {
  declare weight: Tensor | null
  declare ignoreIndex: number
  constructor(options?: loss.ClassOptions) {
    super('NLLLoss', options, { ignoreIndex: -100 }, { weight: 'weight' }, false)
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.nllLoss(input, target, this.options)
  }
}

/** The margin between the right class and the others; see `functional.multiMarginLoss`. */
export class MultiMarginLoss extends Loss<loss.MultiMarginOptions> {
  declare weight: Tensor | null
  declare p: NonNullable<loss.MultiMarginOptions['p']>
  declare margin: number
  constructor(options?: loss.MultiMarginOptions) {
    super('MultiMarginLoss', options, { p: 1, margin: 1 }, { weight: 'weight' }, false)
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.multiMarginLoss(input, target, this.options)
  }
}

/** Kullback-Leibler divergence of log-probabilities; see `functional.klDiv`. */
export class KLDivLoss extends Loss<loss.KLDivOptions> {
  declare logTarget: boolean
  constructor(options?: loss.KLDivOptions) {
    super('KLDivLoss', options, { logTarget: false })
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.klDiv(input, target, this.options)
  }
}

/** Negative log likelihood of counts; see `functional.poissonNllLoss`. */
export class PoissonNLLLoss extends Loss<loss.PoissonOptions> {
  declare logInput: boolean
  declare full: boolean
  declare eps: number
  constructor(options?: loss.PoissonOptions) {
    super('PoissonNLLLoss', options, { logInput: true, full: false, eps: 1e-8 })
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.poissonNllLoss(input, target, this.options)
  }
}

/** Negative log likelihood under a normal distribution; see `functional.gaussianNllLoss`. */
export class GaussianNLLLoss extends Loss<loss.GaussianOptions> {
  declare full: boolean
  declare eps: number
  constructor(options?: loss.GaussianOptions) {
    super('GaussianNLLLoss', options, { full: false, eps: 1e-6 })
  }
  override forward(input: Tensor, target: Tensor, variance: Tensor): Tensor {
    return loss.gaussianNllLoss(input, target, variance, this.options)
  }
}

/** x, or the margin it lacks; see `functional.hingeEmbeddingLoss`. */
export class HingeEmbeddingLoss extends Loss<loss.HingeOptions> {
  declare margin: number
  constructor(options?: loss.HingeOptions) {
    super('HingeEmbeddingLoss', options, { margin: 1 })
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.hingeEmbeddingLoss(input, target, this.options)
  }
}

/** The angle between two vectors; see `functional.cosineEmbeddingLoss`. */
export class CosineEmbeddingLoss extends Loss<loss.MarginOptions> {
  declare margin: number
  constructor(options?: loss.MarginOptions) {
    super('CosineEmbeddingLoss', options, { margin: 0 }, {}, false)
  }
  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return loss.cosineEmbeddingLoss(input1, input2, target, this.options)
  }
}

/** Which of two numbers should be larger; see `functional.marginRankingLoss`. */
export class MarginRankingLoss extends Loss<loss.MarginOptions> {
  declare margin: number
  constructor(options?: loss.MarginOptions) {
    super('MarginRankingLoss', options, { margin: 0 }, {}, false)
  }
  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return loss.marginRankingLoss(input1, input2, target, this.options)
  }
}

/** An anchor should be nearer to the positive than to the negative; see `functional.tripletMarginLoss`. */
export class TripletMarginLoss extends Loss<loss.TripletOptions> {
  declare margin: number
  declare p: number
  declare eps: number
  declare swap: boolean
  constructor(options?: loss.TripletOptions) {
    super('TripletMarginLoss', options, { margin: 1, p: 2, eps: 1e-6, swap: false }, {}, false)
  }
  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return loss.tripletMarginLoss(anchor, positive, negative, this.options)
  }
}
