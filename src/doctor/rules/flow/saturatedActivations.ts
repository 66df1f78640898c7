import { percent, shown } from '../../numbers.js'
import { place, type Rule } from '../rule.js'
import { reinit, reinitCode } from '../treatments.js'

const SHARE = 0.5

/** Hidden sigmoids or tanhs on their flat parts, at the start or at the end of a run that learned nothing. An output that is sure is no sickness. */
export const saturatedActivations: Rule = {
  id: 'saturated-activations',
  check(c) {
    const among = (list: typeof c.start.activations) => list.filter(a => a.hidden && (a.saturated ?? 0) > SHARE)
    const atStart = among(c.start.activations)
    const late = atStart.length === 0
    const flat = late ? among(c.run.end?.activations ?? []) : atStart
    if (flat.length === 0) return null
    const worst = flat.reduce((a, b) => (b.saturated! > a.saturated! ? b : a))
    const names = c.start.weights.filter(w => flat.some(a => a.layer === w.layer)).map(w => w.name)
    return {
      severity: 'warning',
      symptom: true,
      layer: worst.layer,
      evidence: {
        'on the flat part': flat
          .slice(0, 6)
          .map(a => `${a.label} ${percent(a.saturated!)}`)
          .join(', '),
        'mean slope against the largest': shown(worst.slope ?? 0),
        seen: late ? 'after the run' : 'at the start',
      },
      cause: `${percent(worst.saturated!)} of the outputs behind ${place(worst.layer)} are on the flat part of the ${worst.kind}: its slope there is almost 0, and so is the gradient of everything before it.`,
      summary:
        'Bring the inputs to a size of about 1, draw the weights with Xavier initialisation, or lower the learning rate.',
      code: reinitCode(c, names, place),
      treat: reinit(c, names),
      proof: late ? 'proof' : 'outcome',
    }
  },
}
