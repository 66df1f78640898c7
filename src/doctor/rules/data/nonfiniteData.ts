import type { Rule } from '../rule.js'

/** Any NaN or Inf in inputs or targets: one reaches every weight with the first step. */
export const nonfiniteData: Rule = {
  id: 'nonfinite-data',
  check({ data: { badInputs, badTargets } }) {
    const bad = badInputs ?? badTargets
    if (bad === null) return null
    const name = badInputs !== null ? 'X' : 'y'
    return {
      severity: 'error',
      evidence: {
        'not finite in inputs': badInputs?.count ?? 0,
        'not finite in targets': badTargets?.count ?? 0,
        'first row': bad.row,
        'first column': bad.column,
      },
      cause: `The ${badInputs !== null ? 'inputs' : 'targets'} hold values that are NaN or infinite. The first step carries them into every weight, and from there on everything is NaN.`,
      summary: 'Drop these rows, or fill the gaps, before training.',
      code: `// the first one: row ${bad.row}\n${name} = where(isfinite(${name}), ${name}, 0)`,
    }
  },
}
