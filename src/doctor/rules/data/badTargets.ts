import { isFloating } from '../../../core/dtype.js'
import { DTypeError } from '../../../core/errors.js'
import type { Context } from '../../context.js'
import { shown } from '../../numbers.js'
import type { Draft, Rule } from '../rule.js'

function draft(c: Context, cause: string, summary: string, code?: string): Draft {
  const { min, max } = c.data.target
  return {
    severity: 'error',
    evidence: {
      'smallest target': shown(min),
      'largest target': shown(max),
      outputs: c.start.output.shape.at(-1) ?? 1,
    },
    cause,
    summary,
    ...(code === undefined ? {} : { code }),
  }
}

/** Targets that the loss cannot mean: outside of [0, 1], no class, or one value only. */
export const badTargets: Rule = {
  id: 'bad-targets',
  check(c) {
    const { kind, output, lossError } = c.start
    const { min, max, whole } = c.data.target
    const { y } = c.program
    if (kind === 'bce' || kind === 'bceLogits') {
      if (min < 0 || max > 1) {
        const map =
          min === -1 && max === 1 ? 'y = y.add(1).div(2)' : `y = y.sub(${shown(min)}).div(${shown(max - min)})`
        return draft(
          c,
          'Binary cross entropy wants targets from 0 to 1. Outside of that range it has no lowest point: the outputs run away.',
          whole && max > 1
            ? 'Use nn.CrossEntropyLoss with an output per class, or map the targets to 0 and 1.'
            : 'Map the targets to 0 and 1.',
          whole && max > 1 && min >= 0 ? `const criterion = new nn.CrossEntropyLoss() // and ${max + 1} outputs` : map,
        )
      }
    }
    if (kind === 'ce' || kind === 'nll') {
      const classes = output.shape[output.shape.length > 1 ? 1 : 0]
      const shares = isFloating(y.dtype) && y.shape.length === output.shape.length
      if (!shares && lossError !== null && isFloating(y.dtype))
        return draft(
          c,
          `The classes are numbers of ${y.dtype}; a class is a whole number, as int32.`,
          'Convert the targets.',
          'y = y.int()',
        )
      const ignored = (c.program.criterion as { options?: { ignoreIndex?: number } }).options?.ignoreIndex ?? -100
      if (!shares && (max >= classes || (min < 0 && min !== ignored))) {
        const shifted = min >= 1 && max === classes
        return draft(
          c,
          `The targets name classes from ${min} to ${max}, the network has ${classes} outputs, classes 0 to ${classes - 1}.`,
          shifted ? 'Count the classes from 0.' : `Give the last layer ${max + 1} outputs.`,
          shifted ? 'y = y.sub(1)' : undefined,
        )
      }
    }
    if (y.shape[0] > 1 && min === max)
      return draft(
        c,
        'Every target is the same value: a constant answers all of it, and there is nothing to learn.',
        'Check how the targets are made.',
      )
    if (lossError instanceof DTypeError && !isFloating(y.dtype))
      return draft(
        c,
        `The targets are ${y.dtype}; this loss compares them with the outputs and wants numbers of the same kind.`,
        'Convert the targets.',
        'y = y.float()',
      )
    return null
  },
}
