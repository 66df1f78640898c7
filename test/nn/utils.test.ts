// nn.utils: clipping over many and odd gradients, parameters as a vector.
import test from 'ava'
import {
  AutogradError,
  DTypeError,
  getNumThreads,
  manualSeed,
  nn,
  ones,
  randn,
  ShapeError,
  setNumThreads,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from 'glorot'

const { clipGradNorm_, clipGradValue_, parametersToVector, vectorToParameters } = nn.utils

function withGradients(grads: readonly Tensor[]): nn.Parameter[] {
  return grads.map(g => {
    const p = new nn.Parameter(zeros(g.shape as number[], { dtype: g.dtype }))
    p.grad = g
    return p
  })
}
const near = (a: number, b: number) => Math.abs(a - b) <= 1e-5 * Math.abs(b)

test('a norm over more gradients than one launch takes', t => {
  manualSeed(3)
  const grads = Array.from({ length: 150 }, (_, i) => randn([1 + (i % 9)]))
  const norm = Math.sqrt(grads.reduce((s, g) => s + g.square().sum().item(), 0))
  const before = grads.map(g => g.toTypedArray())
  t.true(near(clipGradNorm_(withGradients(grads), 1).item(), norm))
  for (const [i, g] of grads.entries())
    for (const [k, v] of g.toTypedArray().entries()) t.true(Math.abs(v - before[i][k] / norm) < 1e-6)
  t.true(near(clipGradNorm_(withGradients(grads), 5).item(), 1))
})

test('gradients of two dtypes, and one that is not contiguous', t => {
  const strided = tensor([
    [3, 0],
    [4, 0],
  ]).t()
  const wide = tensor([12], { dtype: 'float64' })
  const norm = clipGradNorm_(withGradients([strided, wide]), 1)
  t.is(norm.dtype, 'float64')
  t.is(norm.item(), 13)
  t.true(near(strided.at('0, 1').item(), 4 / 13))
  t.true(near(wide.item(), 12 / 13))
  clipGradValue_(withGradients([strided, wide]), 0.25)
  t.is(strided.at('0, 1').item(), 0.25)
  t.true(near(strided.at('0, 0').item(), 3 / 13))
  t.is(wide.item(), 0.25)
})

test('a gradient that two parameters hold counts and is scaled twice, as in PyTorch, on any number of threads', t => {
  const threads = getNumThreads()
  setNumThreads(2)
  for (let i = 0; i < 20; i++) {
    const shared = ones([40_000])
    t.is(clipGradNorm_(withGradients([shared, shared]), 1).item(), Math.fround(Math.sqrt(80_000)))
    const once = Math.fround(1 / (Math.fround(Math.sqrt(80_000)) + 1e-6))
    const values = shared.toTypedArray()
    t.true(values.every(v => v === values[0]))
    t.true(near(values[0], once * once))
  }
  setNumThreads(threads)
})

test('parameters without gradients count as nothing', t => {
  const p = new nn.Parameter(ones([2]))
  t.is(clipGradNorm_([p], 1).item(), 0)
  t.is(clipGradNorm_(p, 1).item(), 0)
  clipGradValue_([p], 1)
  t.is(p.grad, null)
})

test('a norm that is not finite: scaled by it, or refused', t => {
  const grad = tensor([1, Infinity])
  const params = withGradients([grad, tensor([2])])
  const error = t.throws(() => clipGradNorm_(params, 1, { errorIfNonfinite: true }), { instanceOf: ValueError })
  t.regex(error!.message, /norm of order 2 of the gradients is inf/)
  t.deepEqual(grad.tolist(), [1, Infinity])
  t.is(clipGradNorm_(params, 1).item(), Infinity)
  t.deepEqual(grad.tolist(), [0, Number.NaN])
  t.throws(() => clipGradNorm_(params, 1, { normType: 0 }), { message: /normType must be above 0, got 0/ })
  t.throws(() => clipGradNorm_(params, 1, { normtype: 1 } as never), { message: /did you mean 'normType'/ })
  t.throws(() => clipGradNorm_(params, Number.NaN), { instanceOf: ValueError })
  t.throws(() => clipGradNorm_([1] as never, 1), { instanceOf: TypeError })
  t.throws(() => clipGradValue_(params, -1), { instanceOf: ValueError })
})

test('clipping counts as a change in place', t => {
  const x = new nn.Parameter(ones([2]))
  const grad = tensor([3, 4])
  const loss = x.mul(grad).sum()
  clipGradNorm_(withGradients([grad]), 1)
  t.throws(() => loss.backward(), { instanceOf: AutogradError })
})

test('parameters to a vector and back; gradients flow, memory is shared', t => {
  const params = [
    new nn.Parameter(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    ),
    new nn.Parameter(tensor([5])),
  ]
  const vector = parametersToVector(params)
  t.deepEqual(vector.tolist(), [1, 2, 3, 4, 5])
  vector.mul(vector).sum().backward()
  t.deepEqual(params[0].grad!.tolist(), [
    [2, 4],
    [6, 8],
  ])
  const other = tensor([9, 8, 7, 6, 5])
  vectorToParameters(other, params)
  t.deepEqual(params[0].tolist(), [
    [9, 8],
    [7, 6],
  ])
  other.zero_()
  t.deepEqual(params[1].tolist(), [0])
  t.throws(() => vectorToParameters(ones([4]), params), {
    instanceOf: ShapeError,
    message: /\[4\], the parameters have 5 elements/,
  })
  t.throws(() => parametersToVector([]), { instanceOf: ValueError })
  t.throws(() => parametersToVector([params[0], new nn.Parameter(ones([1], { dtype: 'float64' }))]), {
    instanceOf: DTypeError,
  })
})
