import { mean, percent, shown } from '../../numbers.js'
import type { Rule } from '../rule.js'

const STILL = 0.05
const ENOUGH = 0.9
// Binary cross entropy of a network that is right in 95 of 100 rows has a skill of about 0.5.
const POOR = 0.4
const TIMES = 5

/** The training ends while the loss still falls. */
export const underfitEpochs: Rule = {
  id: 'underfit-epochs',
  check(c) {
    const { run, outcome, program } = c
    if (!run.complete || !program.planned || run.nonfinite !== null || outcome.skill >= ENOUGH) return null
    const losses = run.losses.map(p => p.loss)
    if (losses.length < 10) return null
    // Around the start, the last fifth's beginning, and the end: losses of single batches jump.
    const around = (share: number) => {
      const width = Math.max(1, Math.round(0.1 * losses.length))
      const from = Math.min(losses.length - width, Math.max(0, Math.round(share * losses.length - width / 2)))
      return mean(losses.slice(from, from + width))
    }
    const [first, before, last] = [run.probe[0]?.loss ?? losses[0], around(0.8), around(1)]
    const share = (before - last) / (first - last)
    if (!(share >= STILL && first > last)) return null
    const epochs = program.epochs * TIMES
    return {
      severity: outcome.skill < POOR && !outcome.learned ? 'warning' : 'info',
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
