import type { Rule } from '../rule.js'

// Borders of images never change; to list them helps nobody.
const MANY = 64

/** Columns that hold one value: they carry nothing. */
export const constantFeature: Rule = {
  id: 'constant-feature',
  check({ data: { columns }, program }) {
    const constant = columns.filter(c => c.std === 0)
    if (program.X.shape.length !== 2 || program.rows < 2 || constant.length === 0 || columns.length > MANY) return null
    return {
      severity: 'info',
      evidence: {
        columns: constant
          .map(c => c.index)
          .slice(0, 10)
          .join(', '),
        'of all': columns.length,
      },
      cause: `${constant.length === 1 ? 'A column of the inputs holds' : `${constant.length} columns of the inputs hold`} the same value in every row and cannot tell rows apart.`,
      summary: 'Leave them out, or check how they are made.',
    }
  },
}
