import { Sigmoid } from '../../../nn/activation.js'
import { place, type Rule } from '../rule.js'
import { finalModule, replaceModule } from '../treatments.js'

/** Softmax over one number is 1, whatever the number. */
export const singleOutputSoftmax: Rule = {
  id: 'single-output-softmax',
  check(c) {
    const { final, output } = c.start
    if (final === null || (final.name !== 'softmax' && final.name !== 'logSoftmax')) return null
    const values = output.toTypedArray()
    const constant = final.name === 'softmax' ? 1 : 0
    if (output.shape.at(-1) !== 1 || values.some((v: number) => Math.abs(v - constant) > 1e-6)) return null
    const module = finalModule(c.start)
    return {
      severity: 'error',
      ...(module === null ? {} : { layer: module }),
      evidence: { 'every output': constant, 'deviation of the outputs': 0 },
      cause: `The last layer has one output, and ${final.name} over a single number is always ${constant}: the network says the same for every row, and no gradient comes through.`,
      summary: 'Use a sigmoid for one output, or give the last layer two outputs.',
      code: module !== null ? `${place(module)} = new nn.Sigmoid()` : 'return scores.sigmoid()',
      ...(module === null
        ? {}
        : {
            treat: options => {
              replaceModule(options.model, module, new Sigmoid())
              return { model: options.model }
            },
          }),
    }
  },
}
