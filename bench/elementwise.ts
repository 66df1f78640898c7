// Elementwise operations over a size that fits the second cache level and one that does not.
import { randn } from 'glorot'
import { type Case, suite } from './suite.js'

function cases(n: number): Case[] {
  const x = randn([n, 100])
  const y = randn([n, 100])
  const row = randn([100])
  const column = randn([n, 1])
  const size = `${n} x 100`
  return [
    [`add, ${size}`, () => () => x.add(y)],
    [`add a row, ${size}`, () => () => x.add(row)],
    [`mul by a column, ${size}`, () => () => x.mul(column)],
    [`add to its transpose, ${size}`, () => () => x.t().add(y.t())],
    [`exp, ${size}`, () => () => x.exp()],
    [`tanh, ${size}`, () => () => x.tanh()],
    [`sum over rows, ${size}`, () => () => x.sum(0)],
    [`sum over columns, ${size}`, () => () => x.sum(1)],
    [`softmax, ${size}`, () => () => x.softmax(1)],
  ]
}

await suite('elementwise', 'Elementwise operations', [...cases(1000), ...cases(20_000)])
