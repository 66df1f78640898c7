// Parameters, and the affine layer that is made of them.
import test from 'ava'
import { autograd, DTypeError, manualSeed, nn, rand, randn, ShapeError, tensor, zeros } from 'glorot'
import { checkGradients } from '../harness/grad.js'

test('a parameter shares the memory of its data, outside the graph that made it', t => {
  const data = rand([2, 3]).requiresGrad_()
  const made = data.mul(2)
  const p = new nn.Parameter(made)
  t.true(p.isLeaf && p.requiresGrad && p.gradFn === null)
  made.detach().fill_(5)
  t.deepEqual(p.tolist()[0], [5, 5, 5])
  p.sum().backward()
  t.is(data.grad, null)
  t.deepEqual(p.grad!.tolist()[0], [1, 1, 1])
  p.grad = null
  t.is(p.grad, null)
  t.false(new nn.Parameter(zeros([1]), { requiresGrad: false }).requiresGrad)
  t.deepEqual(
    new nn.Parameter(
      tensor([
        [1, 2],
        [3, 4],
      ]).t(),
    ).tolist(),
    [
      [1, 3],
      [2, 4],
    ],
  )
  t.throws(() => new nn.Parameter(zeros([1]), { requires_grad: false } as never), {
    message: /did you mean 'requiresGrad'/,
  })
})

test('Linear takes any leading dimensions, also none, and inputs with gaps', t => {
  const layer = new nn.Linear(3, 2)
  const x = randn([4, 5, 3])
  const out = layer.forward(x)
  t.deepEqual(out.shape, [4, 5, 2])
  const row = layer.forward(x.select(0, 1).select(0, 2))
  t.deepEqual(row.shape, [2])
  t.true(row.sub(out.select(0, 1).select(0, 2)).abs().max().item() < 1e-6)
  const gaps = x.transpose(0, 1)
  t.deepEqual(layer.forward(gaps).tolist(), layer.forward(gaps.contiguous()).tolist())
  t.deepEqual(layer.forward(zeros([0, 3])).shape, [0, 2])
  t.true(autograd.gradcheck(v => layer.double().forward(v), [randn([2, 3], { dtype: 'float64', requiresGrad: true })]))
})

test('first and second derivatives of linear, as a gradient penalty needs them', t => {
  const { linear } = nn.functional
  for (const shape of [[2, 3], [3], [2, 1, 3]]) {
    t.true(checkGradients((x, w, b) => linear(x, w, b), [shape, [4, 3], [4]]))
    t.true(checkGradients((x, w) => linear(x, w).tanh(), [shape, [4, 3]]))
  }
  t.true(checkGradients((x, w, b) => linear(x.t(), w.t(), b), [[3, 2], [3, 4], [4]]))
  const critic = new nn.Sequential(new nn.Linear(3, 5), new nn.Tanh(), new nn.Linear(5, 1))
  const x = rand([4, 3]).requiresGrad_()
  const [slope] = autograd.grad([critic.forward(x).sum()], [x], { createGraph: true })
  slope!.norm(2, 1).sub(1).square().mean().backward()
  t.true([...critic.parameters()].slice(0, 3).every(p => p.grad!.abs().sum().item() > 0))
})

test('Linear starts as in PyTorch, and again with resetParameters', t => {
  manualSeed(4)
  const layer = new nn.Linear(5, 3)
  const first = layer.weight.tolist()
  t.true(layer.weight.abs().max().item() <= 1 / Math.sqrt(5))
  layer.resetParameters()
  t.notDeepEqual(layer.weight.tolist(), first)
  manualSeed(4)
  layer.resetParameters()
  t.deepEqual(layer.weight.tolist(), first)
  t.is(new nn.Linear(5, 3, { bias: false }).bias, null)
  t.is(new nn.Linear(5, 3, { bias: false }).toString(), 'Linear(in_features=5, out_features=3, bias=False)')
})

test('what does not fit is named with the layer', t => {
  const layer = new nn.Linear(3, 2)
  t.throws(() => layer.forward(zeros([4])), {
    instanceOf: ShapeError,
    message: 'linear: input [4] has 4 features, weight [2, 3] expects 3\n    at Linear 3 -> 2',
  })
  t.throws(() => layer.forward(tensor(1)), { instanceOf: ShapeError, message: /input \[\] has no features/ })
  t.throws(() => layer.forward(zeros([3], { dtype: 'float64' })), {
    instanceOf: DTypeError,
    message: /input is float64, weight float32, bias float32; convert one with \.to\(dtype\)\n {4}at Linear 3 -> 2/,
  })
  t.throws(() => layer.forward([1, 2, 3] as never), { instanceOf: TypeError })
})
