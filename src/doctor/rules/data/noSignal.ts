import type { Context } from '../../context.js'
import { controlOf, FEWEST_ROWS } from '../../control.js'
import { skillOf } from '../../loss.js'
import { shown } from '../../numbers.js'
import type { Rule } from '../rule.js'

const NOTHING = 0.05
// With so many rows there is a hint, not more.
const HINT_ROWS = 50
// Of fewer rows beside the largest class a fifth is too few to judge by.
const FEWEST_OTHERS = 80

/** Skill on the user's own validation rows; null where there are none. */
function validationSkill(c: Context): number | null {
  const { validation, baseline } = c.run
  if (validation.length === 0 || baseline === null) return null
  const best = Math.min(...validation.map(p => p.loss ?? Number.POSITIVE_INFINITY))
  return skillOf(best, baseline)
}

/**
 * Targets that have nothing to do with the inputs. The control network alone would blame data that need a better network (parity,
 * images, sequences): the user's own program must fail on unseen rows as well.
 */
export const noSignal: Rule = {
  id: 'no-signal',
  check(c) {
    if (c.quick || c.run.steps === 0 || c.start.baseline === null || c.start.baseline < 1e-12) return null
    const { classes } = c.data
    const others = classes === null ? c.program.rows : c.program.rows - Math.max(...classes)
    if (others < Math.min(FEWEST_OTHERS, c.program.rows / 3)) return null
    const few = c.program.rows < FEWEST_ROWS
    const { skill: control } = few ? controlOf(c.program, c.start.kind, HINT_ROWS) : c.control
    if (control === null || control > (few ? 0 : NOTHING)) return null
    const validation = validationSkill(c)
    if (validation !== null && validation > NOTHING) return null
    const own = validation ?? c.heldOut()[0]
    if (own > NOTHING) return null
    return {
      severity: few ? 'info' : 'warning',
      evidence: {
        'skill of a control network on unseen rows': shown(control),
        'skill of this program on unseen rows': shown(own),
        'rows looked at': few ? `${c.program.rows}, too few to be sure` : c.control.rows,
      },
      cause:
        'Neither this network nor a small control network finds anything in the inputs that tells the targets of rows it has not seen. Training can only memorise these rows. Targets that were shuffled against the inputs, or drawn at random, look like this.',
      summary: 'Check that row i of the inputs belongs to row i of the targets; shuffle both by the same order.',
      code: 'const order = randperm(X.size(0))\n;[X, y] = [X.indexSelect(0, order), y.indexSelect(0, order)]',
    }
  },
}
