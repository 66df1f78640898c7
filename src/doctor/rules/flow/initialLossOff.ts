import { noGrad } from '../../../autograd/mode.js'
import { xavierUniform_, zeros_ } from '../../../nn/init.js'
import { shown } from '../../numbers.js'
import { ownerOf } from '../../observation.js'
import type { Rule } from '../rule.js'
import { place } from '../rule.js'

/** [info, warning]: first loss against the loss of the best constant. doctor.md 5.3; of healthy runs the largest was 1.5. */
const CLASSES = [2, 3] as const
const QUANTITIES = [10, 100] as const

/** The first loss is far above what a constant answer would have. */
export const initialLossOff: Rule = {
  id: 'initial-loss-off',
  check(c) {
    const { loss, baseline, kind, weights, final, output } = c.start
    if (loss === null || baseline === null || baseline < 1e-6 || kind === 'other') return null
    const [notable, severe] = kind === 'mse' || kind === 'l1' ? QUANTITIES : CLASSES
    const ratio = loss / baseline
    if (!(ratio > notable)) return null
    const last = weights.at(-1)
    const outputs = output.shape.at(-1) ?? 1
    const classes = c.data.classes
    const prior = (): number[] | null => {
      if (kind === 'mse' || kind === 'l1') return Array.from({ length: outputs }, () => c.data.target.mean)
      if (kind === 'bceLogits' || kind === 'bce') {
        const p = Math.min(0.999, Math.max(0.001, c.data.target.mean))
        return Array.from({ length: outputs }, () => Math.log(p / (1 - p)))
      }
      return classes === null
        ? null
        : Array.from({ length: outputs }, (_, k) => Math.log(Math.max(classes[k] ?? 0, 0.5) / c.program.rows))
    }
    const values = prior()
    const linear = final === null || kind === 'bce' || kind === 'nll'
    return {
      severity: ratio > severe ? 'warning' : 'info',
      symptom: true,
      ...(last === undefined ? {} : { layer: last.layer }),
      evidence: { 'first loss': shown(loss), 'best constant answer': shown(baseline), times: shown(ratio) },
      cause: `Training starts at ${shown(ratio)} times the loss of a constant answer: the first steps only undo the start.`,
      summary:
        'Start with a small last layer whose bias is the mean of the targets, or the logarithm of the share of each class.',
      ...(last === undefined || values === null || !linear
        ? {}
        : {
            code: `nn.init.xavierUniform_(${place(last.layer)}.weight)\n${
              outputs === 1 || kind === 'mse'
                ? `nn.init.constant_(${place(last.layer)}.bias, ${shown(values[0])})`
                : `${place(last.layer)}.bias.data = tensor([${values
                    .slice(0, 12)
                    .map(v => shown(v))
                    .join(', ')}])`
            }`,
            treat: options => {
              const parameters = new Map(options.model.namedParameters())
              const weight = parameters.get(last.name)
              const owner = ownerOf(last.name)
              const bias = parameters.get(owner === '' ? 'bias' : `${owner}.bias`)
              if (weight !== undefined && last.gain > 1.5) xavierUniform_(weight)
              if (bias !== undefined) {
                zeros_(bias)
                if (bias.count === outputs) noGrad(() => bias.typedArray().set(values))
              }
              return { model: options.model }
            },
          }),
      proof: 'outcome',
    }
  },
}
