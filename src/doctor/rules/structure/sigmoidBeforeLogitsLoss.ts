import { BCELoss } from '../../../nn/loss.js'
import { nllLoss } from '../../../ops/loss/index.js'
import { log } from '../../../ops/unary.js'
import { percent, shown } from '../../numbers.js'
import { place, type Rule } from '../rule.js'
import { dropModule, finalModule } from '../treatments.js'

/** Least loss that a sigmoid's results reach as logits: ln(1 + e^-1) for a 1, ln 2 for a 0. */
const [LEAST_POSITIVE, LEAST_NEGATIVE] = [Math.log1p(Math.exp(-1)), Math.LN2]

/** The loss applies the sigmoid or softmax itself; applied twice it cannot get near 0. */
export const sigmoidBeforeLogitsLoss: Rule = {
  id: 'sigmoid-before-logits-loss',
  check(c) {
    const { final, kind } = c.start
    if (final === null) return null
    const binary = kind === 'bceLogits' && (final.name === 'sigmoid' || final.name === 'softmax')
    const classes = kind === 'ce' && (final.name === 'softmax' || final.name === 'sigmoid')
    if (!binary && !classes) return null
    const module = finalModule(c.start)
    const outputs = c.start.output.shape.at(-1) ?? 1
    const positive = c.data.target.mean
    const least = binary
      ? positive * LEAST_POSITIVE + (1 - positive) * LEAST_NEGATIVE
      : Math.log(Math.E + outputs - 1) - 1
    const loss = binary ? 'nn.BCEWithLogitsLoss' : 'nn.CrossEntropyLoss'
    return {
      severity: 'error',
      ...(module === null ? {} : { layer: module }),
      evidence: {
        'lowest loss that can be reached': shown(least),
        ...(c.start.baseline === null
          ? {}
          : { 'best constant answer, without the extra layer': shown(c.start.baseline) }),
        ...(binary ? { 'rows of class 1': percent(positive) } : { outputs }),
      },
      cause: `${loss} applies the ${binary ? 'sigmoid' : 'softmax'} itself. With ${final.name} as the last layer it is applied to numbers between 0 and 1, so that no answer can be sure: the loss cannot fall below ${shown(least)}, and gradients are weak.`,
      summary:
        module !== null
          ? `Leave out the last ${final.name}: the loss wants raw scores.`
          : `Return raw scores from forward, without ${final.name}.`,
      code:
        module !== null
          ? `// leave out ${place(module)}\nconst criterion = new ${loss}()`
          : `return scores // not ${final.name}(scores)`,
      treat: options => {
        if (module !== null) {
          dropModule(options.model, module)
          return { model: options.model }
        }
        options.criterion = binary ? new BCELoss() : (p, t) => nllLoss(log(p.add(1e-12)), t)
        return { criterion: options.criterion }
      },
    }
  },
}
