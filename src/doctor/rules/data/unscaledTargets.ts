import { standardised } from '../../control.js'
import { shown } from '../../numbers.js'
import type { Rule } from '../rule.js'
import { replaceData } from '../treatments.js'

const LARGE = 50
const NOTABLE = 10

/** Regression towards large numbers: the first errors, and so the first gradients, are as large. */
export const unscaledTargets: Rule = {
  id: 'unscaled-targets',
  check(c) {
    const { kind, final, loss, baseline } = c.start
    const { rms, mean, std } = c.data.target
    if ((kind !== 'mse' && kind !== 'l1') || final !== null || rms <= NOTABLE || std === 0) return null
    return {
      severity: rms > LARGE ? 'warning' : 'info',
      evidence: {
        'mean of the targets': shown(mean),
        'their deviation': shown(std),
        ...(loss !== null && baseline !== null
          ? { 'first loss against the best constant': shown(loss / baseline) }
          : {}),
      },
      cause: `The targets are about ${shown(rms)} in size, the network starts with outputs of about 1. The weights of the last layer have to grow that far first, and the gradients on the way are as large as the errors.`,
      summary: 'Standardise the targets, and undo that where you predict.',
      code: `const [mean, std] = [y.mean(), y.std()]\ny = y.sub(mean).div(std)\n// prediction: model.forward(x).mul(std).add(mean)`,
      treat: options => replaceData(options, c, (x, y) => [x, standardised(y, c.program.y)]),
      onConsent: true,
      proof: rms > LARGE ? 'outcome' : 'stands',
    }
  },
}
