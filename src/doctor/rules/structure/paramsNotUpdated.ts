import type { Context } from '../../context.js'
import { median } from '../../numbers.js'
import { ownerOf } from '../../observation.js'
import { optimized } from '../../sandbox.js'
import type { Draft, Rule } from '../rule.js'

// Below this a change may be lost in rounding.
const FAINT = 1e-8

/** Parameters that steps left as they were though others moved and they had a gradient. */
function stuck(c: Context): string[] {
  const { wiring, program, run } = c
  if (wiring === null || wiring.unchanged.length === [...program.model.parameters()].length) return []
  const strong = new Set(
    run.layers.filter(l => median(l.samples.flatMap(s => s.gradRms ?? [])) > FAINT).map(l => l.name),
  )
  return wiring.unchanged.filter(name => strong.has(ownerOf(name)))
}

/** Parameters that no gradient reaches, or that no step changes. */
export const paramsNotUpdated: Rule = {
  id: 'params-not-updated',
  check(c): Draft | null {
    const { wiring, program, start } = c
    if (wiring !== null && wiring.backwards >= 5 && wiring.steps === 0) {
      return {
        severity: 'error',
        evidence: { 'backward passes': wiring.backwards, steps: 0 },
        cause: 'Gradients are computed, but optimizer.step() is never called: the weights stay as they are.',
        summary: 'Make a step after backward.',
        code: 'loss.backward()\noptimizer.step()',
      }
    }
    const own = new Set(optimized(program.optimizer))
    const names = new Map([...program.model.namedParameters()].map(([name, p]) => [name, p]))
    const without = [...new Set([...start.withoutGradient, ...stuck(c)])].filter(name => own.has(names.get(name)!))
    if (without.length === 0) return null
    const all = [...names.values()].filter(p => p.leafRequiresGrad && own.has(p)).length
    const ran = new Set(start.network.ran)
    const idle = [...program.model.namedModules()]
      .filter(([, m]) => [...m.children()].length === 0 && !ran.has(m))
      .map(([name]) => name)
    const unused = without.every(name => idle.some(layer => name.startsWith(`${layer}.`)))
    return {
      severity: unused && without.length < all ? 'warning' : 'error',
      layer: without[0],
      evidence: { parameters: without.slice(0, 8).join(', '), 'of all trainable': `${without.length} of ${all}` },
      cause: unused
        ? `forward never uses ${idle.filter(Boolean).slice(0, 4).join(', ')}: no gradient reaches these parameters.`
        : 'No gradient reaches these parameters. On the way from them to the loss the graph is cut: by detach(), noGrad, item(), or by making a new tensor from values.',
      summary: unused
        ? 'Use these layers in forward, or leave them out.'
        : 'Keep everything between parameters and loss in tensor operations that are recorded.',
    }
  },
}
