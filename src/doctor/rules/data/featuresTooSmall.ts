import { shown } from '../../numbers.js'
import type { Rule } from '../rule.js'
import { arrivingColumns, STANDARDISE, standardise } from './unscaledFeatures.js'

const SMALL = 0.02

/** Every column is tiny, as after scaling twice: the biases drown the inputs. */
export const featuresTooSmall: Rule = {
  id: 'features-too-small',
  check(c) {
    const columns = arrivingColumns(c)?.filter(o => o.rms > 0) ?? []
    if (columns.length === 0) return null
    const largest = Math.max(...columns.map(o => o.rms))
    if (largest >= SMALL) return null
    return {
      severity: 'warning',
      evidence: { 'largest column, root mean square': shown(largest) },
      cause: `No column of the inputs is larger than ${shown(largest)}. The weights are made for inputs of about 1: what arrives is drowned by the biases, and gradients are as much smaller. Data that are scaled twice look like this.`,
      summary: 'Leave out one of the scalings, or standardise the inputs.',
      code: STANDARDISE,
      treat: standardise(c),
    }
  },
}
