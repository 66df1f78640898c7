import { ShapeError } from '../../../core/errors.js'
import { sameShape } from '../../../core/shape.js'
import type { Rule } from '../rule.js'
import { replaceData } from '../treatments.js'

const text = (shape: readonly number[]) => `[${shape.join(', ')}]`

/** Prediction [N, 1] against target [N] makes N x N differences: the loss then pulls every prediction to the mean. */
export const shapeBroadcast: Rule = {
  id: 'shape-broadcast',
  check(c) {
    const { output, targets, kind, lossError } = c.start
    const pairs = kind === 'mse' || kind === 'l1' || kind === 'bce' || kind === 'bceLogits'
    const classes = kind === 'ce' || kind === 'nll'
    if (classes ? !(lossError instanceof ShapeError) : !pairs || sameShape(output.shape, targets.shape)) return null
    const wanted = classes ? [output.shape[0], ...output.shape.slice(2)] : output.shape
    const fits = wanted.reduce((n, d) => n * d, 1) === targets.count
    const broadcast = output.shape.length === targets.shape.length ? 0 : output.shape[0] * targets.shape[0]
    return {
      severity: 'error',
      evidence: {
        'shape of the prediction': text(output.shape),
        'shape of the target': text(targets.shape),
        ...(broadcast > 0 && !classes ? { 'values compared': `${broadcast} instead of ${output.count}` } : {}),
      },
      cause: fits
        ? 'Prediction and target have equally many values but different shapes. Broadcast against each other they make a difference for every pair of rows, so that each prediction is drawn to the mean of all targets.'
        : 'Prediction and target differ in shape and in number of values: the last layer does not give what the targets hold.',
      summary: fits
        ? `Give the targets the shape of the prediction.`
        : classes
          ? 'Give one class per row, as int32.'
          : `Let the last layer give as many values a row as the targets hold; for class numbers use nn.CrossEntropyLoss.`,
      ...(fits
        ? {
            code: `y = y.reshape(${text([-1, ...wanted.slice(1)])})`,
            treat: options => replaceData(options, c, (x, y) => [x, y.reshape([y.shape[0], ...wanted.slice(1)])]),
          }
        : {}),
    }
  },
}
