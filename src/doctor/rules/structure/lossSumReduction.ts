import { reductionOf } from '../../loss.js'
import type { Rule } from '../rule.js'

/** A sum over the batch: gradients, and so the learning rate that fits, grow with it. */
export const lossSumReduction: Rule = {
  id: 'loss-sum-reduction',
  check({ program: { criterion, batchSize } }) {
    if (reductionOf(criterion) !== 'sum' || batchSize < 2) return null
    return {
      severity: 'info',
      symptom: true,
      evidence: { reduction: 'sum', 'rows of a batch': batchSize },
      cause: `The loss is the sum over the batch: gradients are ${batchSize} times those of the mean, and change with the size of the batch.`,
      summary: 'Take the mean.',
      code: `new nn.${criterion.constructor.name}({ reduction: 'mean' })`,
      treat: options => {
        const Loss = criterion.constructor as new (o: object) => typeof criterion
        options.criterion = new Loss({ ...(criterion as unknown as { options: object }).options, reduction: 'mean' })
        return { criterion: options.criterion }
      },
    }
  },
}
