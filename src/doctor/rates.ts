// What lrFind finds: losses by rate, and the rate to begin with.
import { checkOptions } from '../core/errors.js'
import { renderRatesHtml, renderRatesText } from './render/rates.js'
import type { TextOptions } from './render/text/terminal.js'

export interface RateParts {
  /** The rate to begin with: where the smoothed loss falls most steeply; null where it never falls. */
  readonly suggestion: number | null
  /** Where the loss falls most steeply, and a tenth of the rate of its minimum. */
  readonly suggestions: { readonly steepest: number | null; readonly minimum: number | null }
  readonly rates: readonly number[]
  readonly losses: readonly number[]
  /** Their running mean, freed of its start. */
  readonly smoothed: readonly number[]
  /** Whether it ended because the loss ran away. */
  readonly diverged: boolean
}

/** The result of a learning-rate range test, with its plot. */
export class RateTest implements RateParts {
  /** Said here because a bundler renames a class that speaks of itself. */
  static readonly name: string = 'RateTest'
  readonly suggestion: number | null
  readonly suggestions: RateParts['suggestions']
  readonly rates: readonly number[]
  readonly losses: readonly number[]
  readonly smoothed: readonly number[]
  readonly diverged: boolean

  constructor({ suggestion, suggestions, rates, losses, smoothed, diverged }: RateParts) {
    this.suggestion = suggestion
    this.suggestions = suggestions
    this.rates = rates
    this.losses = losses
    this.smoothed = smoothed
    this.diverged = diverged
  }

  /** The suggestion and a plot of the loss over the rate. @param options `columns`, `color`, `unicode`: for another place */
  toString(options?: TextOptions): string {
    checkOptions('toString', options, ['columns', 'color', 'unicode'])
    return renderRatesText(this, options)
  }

  /** The same as one self-contained page. */
  toHTML(): string {
    return renderRatesHtml(this)
  }

  [Symbol.for('nodejs.util.inspect.custom')](_depth: number, options?: { colors?: boolean }): string {
    return this.toString({ color: options?.colors ?? false })
  }
}
