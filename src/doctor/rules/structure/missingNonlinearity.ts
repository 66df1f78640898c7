import type { Node } from '../../../autograd/node.js'
import { ReLU } from '../../../nn/activation.js'
import { Sequential } from '../../../nn/container.js'
import type { Context } from '../../context.js'
import { type OperationView, weightOf } from '../../graph.js'
import { ownerOf } from '../../observation.js'
import { place, type Rule } from '../rule.js'
import { moduleAt, replaceModule } from '../treatments.js'

/** What is linear in between. */
const LINEAR = new Set(['view', 'clone', 'dropout', 'transpose', 'permute'])

/** A linear layer of its own, or a call; what an attention or the like projects by is theirs. */
const isLayer = (o: OperationView) =>
  o.name === 'linear' && /(^|\.)weight$/.test(weightOf(o)?.name ?? '') && !/Attention|RNN|LSTM|GRU/.test(o.type)

/** Pairs of linear layers of which the second takes the result of the first. */
function pairsOf(c: Context): [OperationView, OperationView][] {
  const byNode = new Map<Node, OperationView>(c.start.network.operations.map(o => [o.node, o]))
  return c.start.network.operations.flatMap((o): [OperationView, OperationView][] => {
    if (!isLayer(o)) return []
    let from = o.node.next[0] === null ? undefined : byNode.get(o.node.next[0])
    while (from !== undefined && LINEAR.has(from.name))
      from = from.node.next[0] === null ? undefined : byNode.get(from.node.next[0])
    return from !== undefined && isLayer(from) ? [[from, o]] : []
  })
}

/** Two linear layers with nothing between are one linear layer. */
export const missingNonlinearity: Rule = {
  id: 'missing-nonlinearity',
  check(c) {
    const pairs = pairsOf(c)
    if (pairs.length === 0) return null
    const weights = pairs.map(([a, b]) => [weightOf(a)!, weightOf(b)!] as const)
    // Narrower than both neighbours it is a low-rank factor, which may be meant.
    const bottleneck = weights.every(([a, b]) => a.tensor.shape[0] < Math.min(a.tensor.shape[1], b.tensor.shape[0]))
    const [first, second] = weights[0].map(w => ownerOf(w.name))
    return {
      severity: bottleneck ? 'info' : 'warning',
      layer: second,
      evidence: {
        pairs: weights.map(([a, b]) => `${ownerOf(a.name)}, ${ownerOf(b.name)}`).join('; '),
        'as one layer': `${weights[0][0].tensor.shape[1]} -> ${weights[0][1].tensor.shape[0]}`,
      },
      cause: `${place(second)} comes right after ${place(first)} with no activation between: a product of two matrices is one matrix, so the two can do no more than one linear layer.`,
      summary: 'Put an activation between them.',
      code: `// between ${place(first)} and ${place(second)}\nnew nn.ReLU()`,
      treat: options => {
        for (const name of new Set(weights.map(([a]) => ownerOf(a.name)))) {
          const layer = moduleAt(options.model, name)
          if (layer !== null && name !== '') replaceModule(options.model, name, new Sequential(layer, new ReLU()))
        }
        return { model: options.model }
      },
      onConsent: true,
      proof: bottleneck ? 'stands' : 'outcome',
    }
  },
}
