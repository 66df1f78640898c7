import type { Tensor } from '../../../tensor/tensor.js'
import type { Context } from '../../context.js'
import { standardised } from '../../control.js'
import { type Column, columnsOf } from '../../dataView.js'
import { percent, quantile, shown } from '../../numbers.js'
import type { Rule } from '../rule.js'
import { replaceData } from '../treatments.js'

const LARGE = 20
const SPREAD = 100
// Many columns of one kind, such as pixels, hold some that hardly ever change; they do no harm.
const MANY = 32

/**
 * The columns that the first layer of weights sees; null where a layer before it rescales them. An input that the model itself
 * scales, by `x.div(255)` say, is judged as it arrives there.
 */
export function arrivingColumns(c: Context): readonly Column[] | null {
  const { calls } = c.start.network
  const first = calls.find(({ module }) => [...module.parameters()].length > 0)
  if (first === undefined) return c.data.columns
  if (/Norm|Embedding/.test(first.module.constructor.name)) return null
  const input = first.input as Tensor
  if (input?.shape === undefined || input.count === 0) return c.data.columns
  const own = input.storage === c.start.inputs.storage && input.count === c.start.inputs.count
  return own ? c.data.columns : columnsOf(input)
}

/** Spread of the standard deviations of columns that are neither constant nor binary. */
export function spreadOf(columns: readonly Column[]): number {
  const stds = columns.filter(c => c.std > 0 && !c.binary).map(c => c.std)
  if (stds.length < 2) return 1
  return Math.max(...stds) / (stds.length < MANY ? Math.min(...stds) : quantile(stds, 0.25))
}

export const standardise = (c: Context) => (options: Parameters<typeof replaceData>[0]) =>
  replaceData(options, c, (x, y) => [standardised(x, c.program.X), y])

export const STANDARDISE = `const mean = X.mean(0)
const std = X.std(0).clamp(1e-8) // a column that never changes has 0
X = X.sub(mean).div(std) // the same numbers for every input from here on`

/** Columns far from 0 or of very different size: LARGE and SPREAD as in doctor.md; standardised data stay below 5. */
export const unscaledFeatures: Rule = {
  id: 'unscaled-features',
  check(c) {
    const columns = arrivingColumns(c)
    if (columns === null || columns.length === 0) return null
    const worst = columns.reduce((a, b) => (b.rms > a.rms ? b : a))
    const spread = spreadOf(columns)
    if (worst.rms <= LARGE && spread <= SPREAD) return null
    const saturated = c.start.activations[0]?.saturated ?? null
    const others = columns.filter(o => o.std > 0 && !o.binary).map(o => o.std)
    return {
      severity: 'warning',
      evidence: {
        'largest column': worst.index,
        'its mean': shown(worst.mean),
        'its deviation': shown(worst.std),
        'smallest deviation of a column': shown(Math.min(...others)),
        'largest against smallest deviation': shown(spread),
        ...(saturated === null ? {} : { 'saturated in the first layer': percent(saturated) }),
      },
      cause:
        worst.rms > LARGE
          ? `Column ${worst.index} of the inputs is about ${shown(worst.rms)} in size. Values so large push units onto their flat parts and make the steps of their weights as much larger: one learning rate cannot fit all weights.`
          : `The columns of the inputs differ in size by a factor of ${shown(spread)}: the large ones decide, the small ones are not heard.`,
      summary: 'Standardise the inputs: subtract the mean of each column, divide by its standard deviation.',
      code: STANDARDISE,
      treat: standardise(c),
      // Columns of 20 are out of place whatever comes of it; a spread does no harm where each column is heard.
      proof: worst.rms > LARGE ? 'stands' : 'outcome',
    }
  },
}
