import type { Module } from '../../../nn/module.js'
import { percent } from '../../numbers.js'
import { place, type Rule } from '../rule.js'
import { moduleAt } from '../treatments.js'

const NOTABLE = 0.5
const EXTREME = 0.8

/** So much is dropped that little is left to learn from; or what is dropped are the answers themselves. */
export const highDropout: Rule = {
  id: 'high-dropout',
  check(c) {
    const dropping = [...c.program.model.namedModules()].filter(([, m]) => /Dropout/.test(m.constructor.name)) as [
      string,
      Module & { p: number },
    ][]
    const { calls } = c.start.network
    const lastWeight = calls.findLastIndex(({ module }) => [...module.parameters()].length > 0)
    const onOutput = (m: Module) => calls.findIndex(({ module }) => module === m) > lastWeight && lastWeight >= 0
    const worst = dropping
      .filter(([, m]) => m.p > NOTABLE || (m.p > 0 && onOutput(m)))
      .sort(([, a], [, b]) => Number(onOutput(b)) - Number(onOutput(a)) || b.p - a.p)[0]
    if (worst === undefined) return null
    const [name, module] = worst
    const output = onOutput(module)
    const p = output ? 0 : 0.2
    return {
      severity: output || module.p > EXTREME ? 'warning' : 'info',
      layer: name,
      evidence: { p: module.p, 'what is left': percent(1 - module.p) },
      cause: output
        ? `${place(name)} drops outputs of the network: ${percent(module.p)} of the answers are replaced by 0 while training, at random.`
        : `${place(name)} drops ${percent(module.p)} of what comes in: each step sees a small part of the network, and its gradient is mostly noise.`,
      summary: output ? 'Leave out dropout after the last layer.' : 'Take p between 0.1 and 0.5.',
      code: output ? `// leave out ${place(name)}` : `${place(name)}.p = ${p}`,
      treat: options => {
        for (const [path] of dropping) {
          const m = moduleAt(options.model, path) as (Module & { p: number }) | null
          if (m !== null && (path === name || m.p > NOTABLE)) m.p = onOutput(m) ? 0 : Math.min(m.p, p || 0.2)
        }
        return { model: options.model }
      },
    }
  },
}
