// Functions of one number and activations: first and second derivatives in float64, in-place forms, dtypes, options.
import test from 'ava'
import * as glorot from 'glorot'
import { ShapeError, type Tensor, tensor, ValueError } from 'glorot'
import { checkGradients } from '../harness/grad.js'

type Fn = (x: Tensor, options?: object) => Tensor
const library = glorot as unknown as Record<string, Fn>

/** Where each function is smooth. */
const domains: Record<string, [number, number]> = {
  ...Object.fromEntries(['log', 'log2', 'log10', 'sqrt', 'rsqrt', 'reciprocal'].map(n => [n, [0.3, 3]])),
  ...Object.fromEntries(['asin', 'acos', 'atanh', 'erfinv'].map(n => [n, [-0.9, 0.9]])),
  log1p: [-0.6, 2],
  acosh: [1.2, 3],
  tan: [-1.2, 1.2],
}
const smooth = [
  ...[
    'exp',
    'exp2',
    'expm1',
    'log',
    'log2',
    'log10',
    'log1p',
    'sqrt',
    'rsqrt',
    'square',
    'reciprocal',
    'sin',
    'cos',
    'tan',
  ],
  ...[
    'asin',
    'acos',
    'atan',
    'sinh',
    'cosh',
    'tanh',
    'asinh',
    'acosh',
    'atanh',
    'erf',
    'erfc',
    'erfinv',
    'sigmoid',
    'neg',
  ],
  ...[
    'frac',
    'abs',
    'relu',
    'leakyRelu',
    'elu',
    'celu',
    'selu',
    'gelu',
    'silu',
    'mish',
    'softplus',
    'softsign',
    'logSigmoid',
  ],
  ...[
    'tanhshrink',
    'hardtanh',
    'relu6',
    'hardsigmoid',
    'hardswish',
    'hardshrink',
    'softshrink',
    'floor',
    'round',
    'sign',
  ],
]

for (const name of smooth) {
  test(`${name}: gradients`, t => {
    const [low, high] = domains[name] ?? [-1.97, 1.93]
    t.true(checkGradients(x => library[name](x), [[3, 4]], { low, high }))
  })
}

test('options reach formula and gradient', t => {
  const cases: [string, object][] = [
    ['leakyRelu', { negativeSlope: 0.3 }],
    ['elu', { alpha: 0.7 }],
    ['celu', { alpha: 1.7 }],
    ['gelu', { approximate: 'tanh' }],
    ['softplus', { beta: 2, threshold: 1 }],
    ['hardtanh', { minVal: -0.5, maxVal: 1.5 }],
    ['hardshrink', { lambd: 0.9 }],
    ['softshrink', { lambd: 0.2 }],
  ]
  for (const [name, options] of cases) {
    t.true(
      checkGradients(x => library[name](x, options), [[5, 3]], { low: -1.97, high: 1.93 }),
      name,
    )
  }
})

test('glu and prelu: gradients', t => {
  t.true(checkGradients(x => glorot.glu(x, 1), [[3, 4]]))
  t.true(checkGradients(x => glorot.glu(x, 0), [[4, 3]]))
  t.true(checkGradients((x, w) => glorot.prelu(x, w), [[2, 3, 4], [3]]))
})

test('in place gives the same bits and keeps the memory', t => {
  for (const name of ['exp', 'sigmoid', 'relu', 'sqrt', 'neg', 'round']) {
    const x = tensor([
      [0.3, 1.7, 2.5],
      [4.2, 5.1, 0.01],
    ])
    const want = library[name](x).tolist()
    const held = x.typedArray()
    ;(x as unknown as Record<string, () => void>)[`${name}_`]()
    t.deepEqual(x.tolist(), want, name)
    t.is(held[0], x.tolist()[0][0])
    const strided = tensor([
      [0.3, 4.2],
      [1.7, 5.1],
      [2.5, 0.01],
    ]).t()
    ;(strided as unknown as Record<string, () => void>)[`${name}_`]()
    t.deepEqual(strided.tolist(), want, `${name} strided`)
  }
})

test('integers: functions that leave them give float32, others keep them', t => {
  const i = tensor([-4, 0, 9], { dtype: 'int32' })
  t.is(i.exp().dtype, 'float32')
  t.deepEqual(i.abs().tolist(), [4, 0, 9])
  t.deepEqual([i.neg().dtype, i.square().dtype, i.floor().dtype], ['int32', 'int32', 'int32'])
  t.deepEqual(i.sign().tolist(), [-1, 0, 1])
  t.deepEqual(tensor([true, false]).neg().tolist(), [-1, 0])
})

test('bad input is named', t => {
  t.throws(() => library.relu([1] as never), {
    instanceOf: TypeError,
    message: /relu: input must be a Tensor.*tensor\(…\)/,
  })
  t.throws(() => library.leakyRelu(tensor([1]), { slope: 1 }), { message: /unknown option 'slope'.*negativeSlope/ })
  t.throws(() => library.gelu(tensor([1]), { approximate: 'tahn' }), { message: /did you mean 'tanh'/ })
  t.throws(() => library.softshrink(tensor([1]), { lambd: -1 }), { instanceOf: ValueError })
  t.throws(() => glorot.glu(tensor([1, 2, 3])), { instanceOf: ShapeError, message: /\[3\] must be even/ })
  t.throws(() => glorot.prelu(tensor([[1, 2]]), tensor([1, 2, 3])), { instanceOf: ShapeError })
})

test('the gradient of a mean, one number in every place, is the same as one written out', t => {
  for (const shape of [[1], [3, 5], [40, 70]])
    for (const dtype of ['float32', 'float64'] as const) {
      const x = glorot.randn(shape, { dtype }).requiresGrad_()
      const n = tensor(x.numel(), { dtype })
      for (const name of ['square', 'sigmoid', 'exp']) {
        const [y, other] = [library[name](x), library[name](x)]
        const [one] = glorot.autograd.grad(y.mean(), x)
        const written = glorot.onesLike(other).div(n)
        const [many] = glorot.autograd.grad(other, x, { gradOutputs: written })
        t.deepEqual(one.tolist(), many.tolist(), `${name} ${shape.join('x')} ${dtype}`)
      }
    }
})
