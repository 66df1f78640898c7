import type { Rule } from '../rule.js'

/** Trained in evaluation mode: dropout is off, running statistics stand still. */
export const evalModeTraining: Rule = {
  id: 'eval-mode-training',
  check({ wiring, program }) {
    const affected = [...program.model.namedModules()].filter(([, m]) =>
      /Dropout|BatchNorm|InstanceNorm/.test(m.constructor.name),
    )
    const still = affected.filter(([, m]) => !m._training).map(([name]) => name)
    // Looked at before training, the model may just have been evaluated; but then it is about to be trained like that.
    const names = wiring === null ? (still.length === affected.length ? still : []) : wiring.inEvaluation
    if (names.length === 0) return null
    return {
      severity: 'error',
      layer: names[0],
      evidence: { 'in evaluation mode': names.slice(0, 6).join(', ') },
      cause:
        'The model is trained in evaluation mode: dropout does nothing, and batch norm uses statistics that it no longer learns.',
      summary: 'Call model.train() before training, and again after each evaluation.',
      code: 'model.train()',
      treat: options => {
        options.model.train()
        return { model: options.model }
      },
    }
  },
}
