// Printing: what PyTorch 2.13 prints of the same tensors (printed.json holds data and text).
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { inspect } from 'node:util'
import test from 'ava'
import { nn, tensor, zeros } from 'glorot'

interface Printed {
  data: (number | string | boolean)[]
  shape: number[]
  dtype: 'float32' | 'float64' | 'int32' | 'bool'
  grad: boolean
  fn: string | null
  text: string
}

const file = path.join(import.meta.dirname, '..', '..', '..', 'test', 'tensor', 'printed.json')
const cases: Printed[] = JSON.parse(readFileSync(file, 'utf8'))
const number = (v: number | string | boolean) => (v === 'inf' ? Infinity : v === '-inf' ? -Infinity : Number(v))

test('tensors print as in PyTorch', t => {
  for (const { data, shape, dtype, grad, fn, text } of cases) {
    let x = tensor(Float64Array.from(data.map(number)), { dtype }).reshape(shape)
    if (grad) x = x.detach().requiresGrad_()
    if (fn === 'mul') x = x.mul(2)
    t.is(x.toString(), text)
  }
})

test('inspect, templates and parameters', t => {
  t.is(inspect(tensor([1, 2])), 'tensor([1., 2.])')
  t.is(`${tensor([1.5])}`, 'tensor([1.5000])')
  t.is(String(new nn.Parameter(zeros([2]))), 'Parameter containing:\ntensor([0., 0.], requires_grad=True)')
})
