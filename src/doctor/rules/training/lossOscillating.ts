import { mean, percent } from '../../numbers.js'
import type { Rule } from '../rule.js'
import { scaleLr } from '../treatments.js'

const EPOCHS = 10
const TURNS = 0.5
const AMPLITUDE = 0.2
const FLOOR = 0.1

/** The loss of an epoch goes up and down instead of falling. */
export const lossOscillating: Rule = {
  id: 'loss-oscillating',
  check(c) {
    const perEpoch = Math.max(1, Math.round(c.program.steps / c.program.epochs))
    const { losses } = c.run
    // Where an epoch is a step, ten steps are looked at as one.
    const width = Math.max(perEpoch, Math.ceil(losses.length / 100))
    const epochs = Array.from({ length: Math.floor(losses.length / width) }, (_, i) =>
      mean(losses.slice(i * width, (i + 1) * width).map(p => p.loss)),
    )
    if (epochs.length < EPOCHS || c.outcome.learned || c.run.nonfinite !== null) return null
    const changes = epochs.slice(1).map((v, i) => v - epochs[i])
    const turns = changes.slice(1).filter((d, i) => d * changes[i] < 0).length / (changes.length - 1)
    // The first epoch may have thrown the loss up; and where nothing falls, what jumps has to be seen against the loss itself.
    const start = Math.min(epochs[0], c.run.probe[0]?.loss ?? epochs[0])
    const fall = Math.max(start - Math.min(...epochs), FLOOR * Math.abs(start))
    const amplitude = mean(changes.map(Math.abs))
    if (turns <= TURNS || !(amplitude > AMPLITUDE * fall)) return null
    return {
      severity: 'warning',
      symptom: true,
      evidence: {
        'epochs after which it turned': percent(turns),
        'mean change against the whole fall': percent(amplitude / fall),
      },
      cause: 'The loss jumps up and down from epoch to epoch more than it falls.',
      summary: 'Lower the learning rate, or take larger batches.',
      treat: scaleLr(0.1),
      trial: 'lr x 0.1',
      proof: 'proof',
    }
  },
}
