// What can only be seen in the user's own loop: calls and their order.

export interface Wiring {
  readonly steps: number
  readonly backwards: number
  /** Steps in a row before which no gradient was cleared since the step before. */
  readonly unzeroed: number
  /** Norm of all gradients at each sampled step. */
  readonly gradientNorms: readonly number[]
  /** Modules that act differently in training, seen in evaluation mode during a backward pass and step. */
  readonly inEvaluation: readonly string[]
  /** Trainable parameters that did not change over the first steps though they had a gradient, or had none. */
  readonly unchanged: readonly string[]
  /** Of steps looked at: by how much clipping shrank the gradient; 1 for not at all. */
  readonly clipFactors: readonly number[]
  /** Whether epochs were told of. */
  readonly epochs: number
}
