import { BCELoss, BCEWithLogitsLoss, CrossEntropyLoss } from '../../../nn/loss.js'
import { shown } from '../../numbers.js'
import { place, type Rule } from '../rule.js'
import { dropModule, finalModule } from '../treatments.js'

/** Squared error of a sigmoid: its slope is flat where the answer is most wrong. */
export const mseClassification: Rule = {
  id: 'mse-classification',
  check(c) {
    const { final, kind, output, targets, inputs } = c.start
    if ((kind !== 'mse' && kind !== 'l1') || final === null || !c.data.target.binary) return null
    if (final.name !== 'sigmoid' && final.name !== 'softmax') return null
    // Values of 0 and 1 to be given back as they came in are a picture, no classes.
    if (
      output.shape.at(-1) === inputs.shape.at(-1) &&
      output.shape.length === inputs.shape.length &&
      output.count > output.shape[0]
    )
      return null
    if (output.count !== targets.count) return null
    const [p, t] = [output.toTypedArray(), targets.toTypedArray()]
    let [wrong, slopes] = [0, 0]
    for (let i = 0; i < p.length; i++) {
      if (Math.abs(p[i] - t[i]) <= 0.5) continue
      wrong++
      slopes += p[i] * (1 - p[i])
    }
    const module = finalModule(c.start)
    const binary = final.name === 'sigmoid'
    return {
      severity: 'warning',
      ...(module === null ? {} : { layer: module }),
      evidence: {
        'wrong answers': wrong,
        ...(wrong > 0 ? { 'mean slope of the sigmoid on them': shown(slopes / wrong) } : {}),
        'largest slope': 0.25,
      },
      cause: `The targets are classes, and the squared error of a ${final.name} hardly changes where the answer is confidently wrong: the gradient is the error times the slope of the ${final.name}, which is almost 0 there. Cross entropy cancels that slope.`,
      summary: binary
        ? 'Use nn.BCEWithLogitsLoss on the raw scores, without the last sigmoid.'
        : 'Use nn.CrossEntropyLoss on the raw scores, without the last softmax.',
      code: `${module === null ? '// return raw scores from forward' : `// leave out ${place(module)}`}\nconst criterion = new nn.${binary ? 'BCEWithLogitsLoss' : 'CrossEntropyLoss'}()`,
      ...(module === null && !binary
        ? {}
        : {
            treat: options => {
              if (module === null) {
                options.criterion = new BCELoss()
                return { criterion: options.criterion }
              }
              dropModule(options.model, module)
              options.criterion = binary ? new BCEWithLogitsLoss() : new CrossEntropyLoss()
              return { model: options.model, criterion: options.criterion }
            },
          }),
      proof: 'outcome',
    }
  },
}
