import { mean as average, shown } from '../../numbers.js'
import { place, type Rule } from '../rule.js'
import { reinit, reinitCode } from '../treatments.js'

/** Units that are 0 for every row. Narrow layers behind default weights have many; only a whole layer is proof. */
export const deadRelu: Rule = {
  id: 'dead-relu',
  check(c) {
    const relus = (list: typeof c.start.activations) => list.filter(a => a.kind === 'relu' && a.units > 0)
    const whole = (list: typeof c.start.activations) => relus(list).filter(a => a.dead === a.units)
    const atStart = whole(c.start.activations)
    const end = c.run.end?.activations ?? []
    const late = atStart.length === 0
    const most = (list: typeof c.start.activations) => relus(list).filter(a => a.dead > a.units / 2)
    const dead = !late ? atStart : whole(end).length > 0 ? whole(end) : most(end)
    if (dead.length === 0) return null
    const all = dead.every(a => a.dead === a.units)
    const names = c.start.weights.filter(w => dead.some(a => a.layer === w.layer)).map(w => w.name)
    const bias = new Map(c.program.model.namedParameters()).get(`${dead[0].layer}.bias`)
    const mean = bias === undefined ? null : average(bias.toTypedArray())
    return {
      severity: all ? 'error' : 'warning',
      symptom: late,
      layer: dead[0].layer,
      evidence: {
        'dead units': dead
          .slice(0, 6)
          .map(a => `${a.label} ${a.dead} of ${a.units}`)
          .join(', '),
        ...(mean === null ? {} : { 'mean bias at the start': shown(mean) }),
        seen: late ? 'after the run' : 'at the start',
      },
      cause: `${all ? 'All' : 'Most'} units behind ${place(dead[0].layer)} are 0 for every row. A ReLU that is 0 passes no gradient: these units cannot come back${all ? ', and nothing before them learns' : ''}.`,
      summary:
        'Draw the weights with He initialisation and start biases at 0; lower the learning rate, or use LeakyReLU.',
      code: reinitCode(c, names, place),
      treat: reinit(c, names),
      onConsent: true,
      proof: all && !late ? 'outcome' : 'proof',
    }
  },
}
