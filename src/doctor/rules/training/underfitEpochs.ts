import { percent, shown } from '../../numbers.js'
import type { Rule } from '../rule.js'

const STILL = 0.05
const ENOUGH = 0.9
const TIMES = 5

/** The training ends while the loss still falls. */
export const underfitEpochs: Rule = {
  id: 'underfit-epochs',
  check(c) {
    const { run, outcome, program } = c
    if (!run.complete || !program.planned || run.nonfinite !== null || outcome.skill >= ENOUGH) return null
    const points = run.probe.filter(p => p.step > 0)
    if (points.length < 3) return null
    const first = run.probe[0].loss
    const before = points.filter(p => p.step <= 0.8 * run.steps).at(-1)
    const last = points[points.length - 1]
    if (before === undefined) return null
    const share = (before.loss - last.loss) / (first - last.loss)
    if (!(share >= STILL && first > last.loss)) return null
    const epochs = program.epochs * TIMES
    return {
      severity: outcome.skill < 0.5 && !outcome.learned ? 'warning' : 'info',
      symptom: true,
      evidence: {
        epochs: program.epochs,
        skill: shown(outcome.skill),
        'part of the fall in the last fifth': percent(share),
      },
      cause: `The loss was still falling when the training ended: ${percent(share)} of the whole fall came in its last fifth.`,
      summary: 'Train longer.',
      code: `const epochs = ${epochs}`,
      treat: options => {
        options.epochs = epochs
        return { epochs }
      },
    }
  },
}
