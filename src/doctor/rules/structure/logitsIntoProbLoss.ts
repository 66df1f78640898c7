import { BCEWithLogitsLoss, CrossEntropyLoss } from '../../../nn/loss.js'
import { lastOperation, weightOf } from '../../graph.js'
import { shown } from '../../numbers.js'
import type { Rule } from '../rule.js'
import { dropModule, finalModule } from '../treatments.js'

/** Raw scores where the loss wants probabilities, or their logarithms. */
export const logitsIntoProbLoss: Rule = {
  id: 'logits-into-prob-loss',
  check(c) {
    const { final, kind, output, loss } = c.start
    if (kind !== 'bce' && kind !== 'nll') return null
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (const v of output.toTypedArray()) {
      if (v < low) low = v
      if (v > high) high = v
    }
    // A head of one's own may give probabilities as well: what comes out decides.
    const bounded = final !== null && ['sigmoid', 'softmax', 'hardsigmoid', 'clamp'].includes(final.name)
    const last = lastOperation(c.start.network.operations)
    // By chance all scores of a batch may lie between 0 and 1.
    const raw = last !== null && weightOf(last) !== undefined
    const wrong = kind === 'bce' ? !bounded && (raw || low < 0 || high > 1) : high > 1e-4
    if (!wrong) return null
    const module = finalModule(c.start)
    const twice = kind === 'nll' && final?.name === 'softmax'
    return {
      severity: 'error',
      evidence: {
        'smallest output': shown(low),
        'largest output': shown(high),
        ...(loss === null ? {} : { loss: shown(loss) }),
      },
      cause:
        kind === 'bce'
          ? 'nn.BCELoss takes the logarithm of the outputs and wants probabilities, from 0 to 1. It is given raw scores.'
          : `nn.NLLLoss wants logarithms of probabilities, which are below 0. It is given ${twice ? 'probabilities' : 'raw scores'}: the loss falls without bound as the scores grow, whatever they say.`,
      summary:
        kind === 'bce'
          ? 'Use nn.BCEWithLogitsLoss, which takes raw scores.'
          : `Use nn.CrossEntropyLoss, which takes raw scores${twice ? ', and leave out the softmax' : ''}.`,
      code: `const criterion = new nn.${kind === 'bce' ? 'BCEWithLogitsLoss' : 'CrossEntropyLoss'}()`,
      ...(twice && module === null
        ? {}
        : {
            treat: options => {
              if (twice) dropModule(options.model, module!)
              const criterion = kind === 'bce' ? new BCEWithLogitsLoss() : new CrossEntropyLoss()
              options.criterion = criterion
              return twice ? { model: options.model, criterion } : { criterion }
            },
          }),
    }
  },
}
