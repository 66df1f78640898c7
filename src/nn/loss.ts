// Losses as modules: the options of a function of ops/loss, kept. Each docstring there holds formula and shapes.
import { checkChoice, checkOptions } from '../core/errors.js'
import * as loss from '../ops/loss/index.js'
import type { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'

/** Keeps options after checking their names; tensors among them become buffers, under the names that PyTorch gives them. */
abstract class Loss<O extends { reduction?: loss.Reduction | 'batchmean' }> extends Module {
  reduction: NonNullable<O['reduction']>
  protected readonly options: O

  constructor(
    name: string,
    options: O | undefined,
    known: readonly (keyof O & string)[],
    tensors: Partial<Record<keyof O, string>> = {},
  ) {
    super()
    checkOptions(name, options, known)
    this.options = { ...options } as O
    const choices =
      name === 'KLDivLoss' ? (['none', 'mean', 'sum', 'batchmean'] as const) : (['none', 'mean', 'sum'] as const)
    this.reduction = checkChoice(name, 'reduction', options?.reduction ?? 'mean', choices) as NonNullable<
      O['reduction']
    >
    Object.defineProperty(this.options, 'reduction', { enumerable: true, get: () => this.reduction })
    for (const [option, buffer] of Object.entries(tensors) as [keyof O, string][]) {
      this.registerBuffer(buffer, (options?.[option] as Tensor | null | undefined) ?? null)
      // Read from the buffer, which moves with the module.
      Object.defineProperty(this.options, option, {
        enumerable: true,
        get: () => (this as unknown as Record<string, Tensor | null>)[buffer],
      })
    }
  }
}

/** (x - t)²; see `functional.mseLoss`. */
export class MSELoss extends Loss<loss.PairOptions> {
  constructor(options?: loss.PairOptions) {
    super('MSELoss', options, ['reduction', 'broadcast'])
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.mseLoss(input, target, this.options)
  }
}

/** |x - t|; see `functional.l1Loss`. */
export class L1Loss extends Loss<loss.PairOptions> {
  constructor(options?: loss.PairOptions) {
    super('L1Loss', options, ['reduction', 'broadcast'])
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.l1Loss(input, target, this.options)
  }
}

/** A square near 0, a line beyond beta; see `functional.smoothL1Loss`. Defaults: beta 1. */
export class SmoothL1Loss extends Loss<loss.SmoothL1Options> {
  constructor(options?: loss.SmoothL1Options) {
    super('SmoothL1Loss', options, ['reduction', 'beta', 'broadcast'])
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.smoothL1Loss(input, target, this.options)
  }
}

/** A square near 0, a line beyond delta; see `functional.huberLoss`. Defaults: delta 1. */
export class HuberLoss extends Loss<loss.HuberOptions> {
  constructor(options?: loss.HuberOptions) {
    super('HuberLoss', options, ['reduction', 'delta', 'broadcast'])
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.huberLoss(input, target, this.options)
  }
}

/** Binary cross entropy of probabilities; see `functional.binaryCrossEntropy`. */
export class BCELoss extends Loss<loss.BinaryOptions> {
  constructor(options?: loss.BinaryOptions) {
    super('BCELoss', options, ['weight', 'reduction', 'broadcast'], { weight: 'weight' })
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.binaryCrossEntropy(input, target, this.options)
  }
}

/** Binary cross entropy of logits, without overflow; see `functional.binaryCrossEntropyWithLogits`. */
export class BCEWithLogitsLoss extends Loss<loss.BinaryLogitsOptions> {
  constructor(options?: loss.BinaryLogitsOptions) {
    const known = ['weight', 'posWeight', 'reduction', 'broadcast'] as const
    super('BCEWithLogitsLoss', options, known, { weight: 'weight', posWeight: 'pos_weight' })
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.binaryCrossEntropyWithLogits(input, target, this.options)
  }
}

/** log(1 + exp(-t·x)); see `functional.softMarginLoss`. */
export class SoftMarginLoss extends Loss<loss.PairOptions> {
  constructor(options?: loss.PairOptions) {
    super('SoftMarginLoss', options, ['reduction', 'broadcast'])
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.softMarginLoss(input, target, this.options)
  }
}

/** Binary cross entropy of many labels, averaged per sample; see `functional.multilabelSoftMarginLoss`. */
export class MultiLabelSoftMarginLoss extends Loss<loss.MultilabelOptions> {
  constructor(options?: loss.MultilabelOptions) {
    super('MultiLabelSoftMarginLoss', options, ['weight', 'reduction'], { weight: 'weight' })
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.multilabelSoftMarginLoss(input, target, this.options)
  }
}

/** Cross entropy of logits and classes, or shares of classes; see `functional.crossEntropy`. */
export class CrossEntropyLoss extends Loss<loss.CrossEntropyOptions> {
  constructor(options?: loss.CrossEntropyOptions) {
    const known = ['weight', 'ignoreIndex', 'reduction', 'labelSmoothing'] as const
    super('CrossEntropyLoss', options, known, { weight: 'weight' })
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.crossEntropy(input, target, this.options)
  }
}

/** Negative log likelihood of log-probabilities; see `functional.nllLoss`. */
export class NLLLoss extends Loss<loss.ClassOptions> {
  constructor(options?: loss.ClassOptions) {
    super('NLLLoss', options, ['weight', 'ignoreIndex', 'reduction'], { weight: 'weight' })
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.nllLoss(input, target, this.options)
  }
}

/** The margin between the right class and the others; see `functional.multiMarginLoss`. */
export class MultiMarginLoss extends Loss<loss.MultiMarginOptions> {
  constructor(options?: loss.MultiMarginOptions) {
    super('MultiMarginLoss', options, ['p', 'margin', 'weight', 'reduction'], { weight: 'weight' })
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.multiMarginLoss(input, target, this.options)
  }
}

/** Kullback-Leibler divergence of log-probabilities; see `functional.klDiv`. */
export class KLDivLoss extends Loss<loss.KLDivOptions> {
  constructor(options?: loss.KLDivOptions) {
    super('KLDivLoss', options, ['reduction', 'logTarget', 'broadcast'])
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.klDiv(input, target, this.options)
  }
}

/** Negative log likelihood of counts; see `functional.poissonNllLoss`. */
export class PoissonNLLLoss extends Loss<loss.PoissonOptions> {
  constructor(options?: loss.PoissonOptions) {
    super('PoissonNLLLoss', options, ['logInput', 'full', 'eps', 'reduction', 'broadcast'])
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.poissonNllLoss(input, target, this.options)
  }
}

/** Negative log likelihood under a normal distribution; see `functional.gaussianNllLoss`. */
export class GaussianNLLLoss extends Loss<loss.GaussianOptions> {
  constructor(options?: loss.GaussianOptions) {
    super('GaussianNLLLoss', options, ['full', 'eps', 'reduction', 'broadcast'])
  }
  override forward(input: Tensor, target: Tensor, variance: Tensor): Tensor {
    return loss.gaussianNllLoss(input, target, variance, this.options)
  }
}

/** x, or the margin it lacks; see `functional.hingeEmbeddingLoss`. */
export class HingeEmbeddingLoss extends Loss<loss.HingeOptions> {
  constructor(options?: loss.HingeOptions) {
    super('HingeEmbeddingLoss', options, ['margin', 'reduction', 'broadcast'])
  }
  override forward(input: Tensor, target: Tensor): Tensor {
    return loss.hingeEmbeddingLoss(input, target, this.options)
  }
}

/** The angle between two vectors; see `functional.cosineEmbeddingLoss`. */
export class CosineEmbeddingLoss extends Loss<loss.MarginOptions> {
  constructor(options?: loss.MarginOptions) {
    super('CosineEmbeddingLoss', options, ['margin', 'reduction'])
  }
  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return loss.cosineEmbeddingLoss(input1, input2, target, this.options)
  }
}

/** Which of two numbers should be larger; see `functional.marginRankingLoss`. */
export class MarginRankingLoss extends Loss<loss.MarginOptions> {
  constructor(options?: loss.MarginOptions) {
    super('MarginRankingLoss', options, ['margin', 'reduction'])
  }
  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return loss.marginRankingLoss(input1, input2, target, this.options)
  }
}

/** An anchor should be nearer to the positive than to the negative; see `functional.tripletMarginLoss`. */
export class TripletMarginLoss extends Loss<loss.TripletOptions> {
  constructor(options?: loss.TripletOptions) {
    super('TripletMarginLoss', options, ['margin', 'p', 'eps', 'swap', 'reduction'])
  }
  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    return loss.tripletMarginLoss(anchor, positive, negative, this.options)
  }
}
