import { addmm, bmm, dot, einsum, linear, matmul as product, outer } from 'glorot'
import type { Calls } from '../../harness/golden.js'

export const matmul: Calls = {
  matmul: ({ x, y }, { transposeX, transposeY }) => product(transposeX ? x.t() : x, transposeY ? y.t() : y),
  dot: ({ x, y }) => dot(x, y),
  outer: ({ x, y }) => outer(x, y),
  bmm: ({ x, y }) => bmm(x, y),
  addmm: ({ x, a, b }, args) => addmm(x, a, b, args),
  einsum: ({ x, y }, { equation }) => einsum(equation, x, y),
  linear: ({ input, weight, bias }) => linear(input, weight, bias),
}
