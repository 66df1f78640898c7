import type { Tensor } from 'glorot'
import * as glorot from 'glorot'
import type { Call, Calls } from '../../harness/golden.js'

/** Called as fn(x, args). */
const plain = [
  ...['abs', 'neg', 'exp', 'exp2', 'expm1', 'log', 'log2', 'log10', 'log1p', 'sqrt', 'rsqrt', 'square', 'reciprocal'],
  ...['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh'],
  ...['erf', 'erfc', 'erfinv', 'sigmoid', 'sign', 'floor', 'ceil', 'round', 'trunc', 'frac', 'isnan', 'isinf', 'isfinite'],
  ...['relu', 'relu6', 'selu', 'silu', 'mish', 'softsign', 'logSigmoid', 'tanhshrink', 'hardsigmoid', 'hardswish'],
] as const
const withOptions = ['leakyRelu', 'elu', 'celu', 'gelu', 'softplus', 'hardtanh', 'hardshrink', 'softshrink'] as const

type Fn = (x: Tensor, options?: object) => Tensor
const library = glorot as unknown as Record<string, Fn>

const onlyX = plain.map((name): [string, Call] => [
  name,
  ({ x }, _, { id }) => library[name](id.endsWith('transposedInput') ? x.t() : x),
])
const xAndOptions = withOptions.map((name): [string, Call] => [name, ({ x }, args) => library[name](x, args)])

export const pointwise: Calls = {
  ...Object.fromEntries(onlyX),
  ...Object.fromEntries(xAndOptions),
  threshold: ({ x }, { threshold, value }) => glorot.threshold(x, threshold, value),
  glu: ({ x }, { dim }) => glorot.glu(x, dim),
  prelu: ({ x, weight }) => glorot.prelu(x, weight),
}
