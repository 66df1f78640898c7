// Every operation against PyTorch: values and gradients, special inputs among them. How each is called stands in calls/.
import test from 'ava'
import { type Calls, checkCase, goldenCases } from '../harness/golden.js'
import { arithmetic } from './calls/arithmetic.js'
import { indexing } from './calls/indexing.js'
import { matmul } from './calls/matmul.js'
import { pointwise } from './calls/pointwise.js'
import { reduce } from './calls/reduce.js'
import { view } from './calls/view.js'

const calls: Calls = { ...arithmetic, ...indexing, ...matmul, ...pointwise, ...reduce, ...view }
const cases = goldenCases('ops')

for (const op of Object.keys(calls)) {
  test(op, t => {
    const own = cases.filter(c => c.op === op)
    t.true(own.length > 0, `no golden case is called ${op}`)
    t.deepEqual(
      own.flatMap(c => checkCase(c, calls[op])),
      [],
    )
  })
}
