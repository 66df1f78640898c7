import { isFloating } from '../../../core/dtype.js'
import { BCEWithLogitsLoss, CrossEntropyLoss } from '../../../nn/loss.js'
import { tensor } from '../../../tensor/create.js'
import type { Context } from '../../context.js'
import { percent, shown } from '../../numbers.js'
import type { Treatment } from '../../run.js'
import type { Rule } from '../rule.js'

const NOTABLE = 10
const SEVERE = 30
const POOR_RECALL = 0.3
// Of fewer rows a ratio is chance.
const FEWEST_ROWS = 200

/** Share of the rows of the rarest class that the network, after the run, gives to it; null where too few were looked at. */
function recallOf(c: Context, rare: number): number | null {
  const end = c.run.end
  if (end === null || isFloating(end.targets.dtype) !== (end.kind === 'bce' || end.kind === 'bceLogits')) return null
  const truth = end.targets.toTypedArray()
  const values = end.output.toTypedArray()
  const width = values.length / truth.length
  let [all, right] = [0, 0]
  truth.forEach((t: number, i: number) => {
    if (t !== rare) return
    all++
    if (width === 1) {
      const positive = values[i] > (end.kind === 'bce' ? 0.5 : 0)
      if (positive === (rare === 1)) right++
    } else {
      let best = 0
      for (let k = 1; k < width; k++) if (values[i * width + k] > values[i * width + best]) best = k
      if (best === rare) right++
    }
  })
  return all >= 5 ? right / all : null
}

/** A class that is rare: accuracy hides whether it is learned. */
export const classImbalance: Rule = {
  id: 'class-imbalance',
  check(c) {
    const classes = c.data.classes
    if (classes === null || c.program.rows < FEWEST_ROWS) return null
    const present = classes.map((n, i) => [n, i] as const).filter(([n]) => n > 0)
    if (present.length < 2) return null
    const [least, rare] = present.reduce((a, b) => (b[0] < a[0] ? b : a))
    const [most] = present.reduce((a, b) => (b[0] > a[0] ? b : a))
    const ratio = most / least
    if (ratio <= NOTABLE) return null
    const recall = recallOf(c, rare)
    const severe = recall === null ? ratio > SEVERE : recall < POOR_RECALL || (ratio > SEVERE && recall < 0.7)
    const binary = c.start.kind === 'bceLogits'
    const treat: Treatment = options => {
      const criterion = binary
        ? new BCEWithLogitsLoss({ posWeight: tensor([classes[0] / classes[1]]) })
        : new CrossEntropyLoss({
            weight: tensor(classes.map(n => (n === 0 ? 0 : c.program.rows / (present.length * n)))),
          })
      options.criterion = criterion
      return { criterion }
    }
    return {
      severity: severe ? 'warning' : 'info',
      evidence: {
        'rows of the largest class': most,
        'rows of the rarest class': least,
        'rarest class': rare,
        ...(recall === null ? {} : { 'of it recognised': percent(recall) }),
      },
      cause: `Class ${rare} has ${least} rows, the largest class ${most}: ${shown(ratio)} times as many. To answer with the large classes alone is right so often that the loss has little reason to learn the rare one.`,
      summary: 'Weight the loss by class, and look at the recall of each class instead of the accuracy.',
      code: binary
        ? `const criterion = new nn.BCEWithLogitsLoss({ posWeight: tensor([${shown(classes[0] / classes[1])}]) })`
        : `const criterion = new nn.CrossEntropyLoss({ weight: tensor([${classes
            .slice(0, 12)
            .map(n => (n === 0 ? 0 : shown(c.program.rows / (present.length * n))))
            .join(', ')}]) })`,
      treat,
      onConsent: true,
    }
  },
}
