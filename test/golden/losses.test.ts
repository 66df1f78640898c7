// Every loss module against PyTorch: values with each reduction, gradients, edges.
import test from 'ava'
import { nn, type Tensor } from 'glorot'
import { type Call, checkCase, goldenCases } from '../harness/golden.js'

type Criterion = { forward(...inputs: Tensor[]): Tensor }
const modules = nn as unknown as Record<string, new (options: object) => Criterion>

/** `call` is the order of the forward call, `tensorArgs` go to the constructor. */
const run: Call = (inputs, { call, tensorArgs, ...options }, c) => {
  const tensors = Object.fromEntries(tensorArgs.map((name: string) => [name, inputs[name]]))
  const broadcast = c.id.includes('broadcast') ? { broadcast: true } : {}
  return new modules[c.op]({ ...options, ...tensors, ...broadcast }).forward(...call.map((name: string) => inputs[name]))
}

for (const c of goldenCases('losses')) test(c.id, t => t.deepEqual(checkCase(c, run), []))
