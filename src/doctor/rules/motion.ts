// How far the steps of a run move the weights of each layer.
import type { Context } from '../context.js'
import { median } from '../numbers.js'
import type { LayerTrace } from '../trace.js'

export interface Motion {
  readonly layer: string
  /** Median of the change of a step against the weights. */
  readonly ratio: number
  /** The same over the first 50 steps. */
  readonly early: number
  /** The largest of the first 20 steps. */
  readonly largest: number
  /** Median ratio times the steps of the plan: how far the training will move the layer. */
  readonly travel: number
}

const ratiosOf = (layer: LayerTrace, until = Number.POSITIVE_INFINITY) =>
  layer.samples.filter(s => s.step <= until && s.updateRatio !== null).map(s => s.updateRatio!)

/** Of the layers with weights, in order of execution. */
export function motions(c: Context): Motion[] {
  const traces = new Map(c.run.layers.map(l => [l.name, l]))
  const names = [...new Set(c.start.weights.map(w => w.layer))]
  return names.flatMap(name => {
    const trace = traces.get(name)
    const all = trace === undefined ? [] : ratiosOf(trace)
    if (trace === undefined || all.length === 0) return []
    return [
      {
        layer: name,
        ratio: median(all),
        early: median(ratiosOf(trace, 50)),
        largest: Math.max(...ratiosOf(trace, 20)),
        travel: median(all) * c.program.steps,
      },
    ]
  })
}
