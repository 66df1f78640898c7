// Every operation against PyTorch: values and gradients, special inputs among them. How each is called stands in calls/.
import test from 'ava'
import { type Calls, checkCase, goldenCases } from '../harness/golden.js'
import { arithmetic } from './calls/arithmetic.js'
import { matmul } from './calls/matmul.js'
import { pointwise } from './calls/pointwise.js'
import { reduce } from './calls/reduce.js'
import { composite, view } from './calls/view.js'

const calls: Calls = { ...arithmetic, ...matmul, ...pointwise, ...reduce, ...view, ...composite }
const cases = goldenCases('ops')

for (const op of new Set(cases.map(c => c.op))) {
  test(op, t => {
    t.truthy(calls[op], 'calls/ does not say how it is called')
    const own = cases.filter(c => c.op === op)
    t.deepEqual(
      own.flatMap(c => checkCase(c, calls[op])),
      [],
    )
  })
}
