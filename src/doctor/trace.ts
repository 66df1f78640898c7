// What was observed of a training run, as plain data: everything that the rules judge and the reports draw.

/** A loss at the end of an optimizer step; steps count from 1. */
export interface LossPoint {
  readonly step: number
  readonly loss: number
}

/** A learning rate, noted when it changes. */
export interface RatePoint {
  readonly step: number
  readonly lr: number
}

export interface ValidationPoint {
  readonly step: number
  readonly epoch?: number
  readonly loss?: number
  readonly accuracy?: number
}

/** Counts of equal bins from `low` to `high`. */
export interface Histogram {
  readonly low: number
  readonly high: number
  readonly counts: readonly number[]
}

/** The outputs of a layer on a batch. */
export interface ActivationStats {
  /** The function that made them: `sigmoid`, `relu`, or `linear` for none. */
  readonly kind: string
  readonly mean: number
  readonly std: number
  /** Share of outputs on the flat part of a sigmoid or tanh; null for other layers. */
  readonly saturated: number | null
  /** Share of units that are 0 (ReLU and its kin) for every row of the batch; null for other layers. */
  readonly dead: number | null
  readonly histogram: Histogram
}

/** A layer at a sampled step. Null: the layer has no such thing, or it could not be seen. */
export interface LayerSample {
  readonly step: number
  /** Of all its parameters together. */
  readonly gradNorm: number | null
  readonly gradRms: number | null
  readonly weightNorm: number | null
  /** rms of the change that the step made, over the rms of the weights before. */
  readonly updateRatio: number | null
  /** rms of the distance from where the weights began, over their rms there. */
  readonly travel: number | null
  readonly activation: ActivationStats | null
}

export interface LayerTrace {
  /** Dotted name as in `namedModules()`; '' where the model is one layer. */
  readonly name: string
  /** Class: `Linear`. */
  readonly type: string
  readonly samples: readonly LayerSample[]
}

/** Facts about the data that were given. */
export interface DataFacts {
  readonly rows: number
  /** Shape of one input, and of one target. */
  readonly inputShape: readonly number[]
  readonly targetShape: readonly number[]
  readonly inputMean: number
  readonly inputStd: number
  readonly inputMin: number
  readonly inputMax: number
  readonly targetMean: number
  readonly targetStd: number
  readonly targetMin: number
  readonly targetMax: number
  /** Rows per class, where the targets are classes. */
  readonly classes: readonly number[] | null
}

/** A fix tried on clones: losses on the same batches without and with it, one per step. */
export interface Counterfactual {
  readonly name: string
  readonly fixSummary: string
  readonly before: readonly number[]
  readonly after: readonly number[]
}

/** The small reference network trained on the same data: what there is to learn at all. */
export interface Control {
  /** 1 - loss / baseline on rows that it has not seen; null where there are too few rows to say. */
  readonly skill: number | null
  readonly rows: number
}

export interface Trace {
  readonly losses: readonly LossPoint[]
  readonly rates: readonly RatePoint[]
  /** In order of execution. */
  readonly layers: readonly LayerTrace[]
  readonly validation: readonly ValidationPoint[]
  readonly data: DataFacts | null
  /** Loss of the best constant answer; null where the loss has none that is known. */
  readonly baseline: number | null
  /** Losses of a fixed batch in evaluation mode, at sampled steps. */
  readonly probe: readonly LossPoint[]
  readonly control: Control | null
  readonly counterfactuals: readonly Counterfactual[]
}
