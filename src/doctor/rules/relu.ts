// The cure for gradients that vanish: ReLU in place of the hidden sigmoids and tanhs, and weights drawn for it.
import { ReLU } from '../../nn/activation.js'
import { kaimingUniform_, zeros_ } from '../../nn/init.js'
import { Adam } from '../../optim/adam.js'
import type { Context } from '../context.js'
import type { Treatment } from '../run.js'
import { moduleAt, replaceModule } from './treatments.js'

/** Adam in the place of the optimizer. */
export const withAdam =
  (lr = 1e-2): Treatment =>
  options => {
    options.optimizer = new Adam(options.model.parameters(), { lr })
    return { optimizer: options.optimizer }
  }

/** Where the activations are calls within forward, Adam is all that can be tried. */
export function intoReLU(c: Context): Treatment {
  const { activations, weights, network } = c.start
  const byLabel = new Map(network.calls.map(call => [call.name, call.module]))
  const modules = activations.filter(a => a.hidden && a.saturated !== null && byLabel.has(a.label)).map(a => a.label)
  if (modules.length === 0) return withAdam()
  return options => {
    for (const name of modules)
      if (moduleAt(options.model, name) !== null) replaceModule(options.model, name, new ReLU())
    const parameters = new Map(options.model.namedParameters())
    for (const { name, layer, hidden } of weights) {
      const weight = parameters.get(name)
      if (weight === undefined || !hidden) continue
      kaimingUniform_(weight, { nonlinearity: 'relu' })
      const bias = parameters.get(layer === '' ? 'bias' : `${layer}.bias`)
      if (bias !== undefined) zeros_(bias)
    }
    return { model: options.model }
  }
}
