// Activations as modules: they print as in PyTorch 2.13, compute what their functions compute, and can work in place.
import test from 'ava'
import { autograd, DTypeError, manualSeed, nn, randn, ShapeError, Tensor, tensor, ValueError } from 'glorot'
import { checkGradients } from '../harness/grad.js'

const F = nn.functional
const inplace = true

/** [module, how PyTorch prints it, the function that it is a module of]. */
const modules: [nn.Module, string, (x: Tensor) => Tensor][] = [
  [new nn.Sigmoid(), 'Sigmoid()', F.sigmoid],
  [new nn.Tanh(), 'Tanh()', F.tanh],
  [new nn.ReLU(), 'ReLU()', F.relu],
  [new nn.ReLU({ inplace }), 'ReLU(inplace=True)', F.relu],
  [new nn.ReLU6(), 'ReLU6()', F.relu6],
  [new nn.ReLU6({ inplace }), 'ReLU6(inplace=True)', F.relu6],
  [new nn.LeakyReLU(), 'LeakyReLU(negative_slope=0.01)', F.leakyRelu],
  [
    new nn.LeakyReLU({ negativeSlope: 1e-5, inplace }),
    'LeakyReLU(negative_slope=1e-05, inplace=True)',
    x => F.leakyRelu(x, { negativeSlope: 1e-5 }),
  ],
  [new nn.ELU(), 'ELU(alpha=1.0)', F.elu],
  [new nn.ELU({ alpha: 0.5, inplace }), 'ELU(alpha=0.5, inplace=True)', x => F.elu(x, { alpha: 0.5 })],
  [new nn.SELU(), 'SELU()', F.selu],
  [new nn.SELU({ inplace }), 'SELU(inplace=True)', F.selu],
  [new nn.CELU(), 'CELU(alpha=1.0)', F.celu],
  [new nn.CELU({ alpha: 2, inplace }), 'CELU(alpha=2.0, inplace=True)', x => F.celu(x, { alpha: 2 })],
  [new nn.GELU(), "GELU(approximate='none')", F.gelu],
  [new nn.GELU({ approximate: 'tanh' }), "GELU(approximate='tanh')", x => F.gelu(x, { approximate: 'tanh' })],
  [new nn.SiLU(), 'SiLU()', F.silu],
  [new nn.SiLU({ inplace }), 'SiLU(inplace=True)', F.silu],
  [new nn.Mish(), 'Mish()', F.mish],
  [new nn.Mish({ inplace }), 'Mish(inplace=True)', F.mish],
  [new nn.Softplus(), 'Softplus(beta=1.0, threshold=20.0)', F.softplus],
  [
    new nn.Softplus({ beta: 2, threshold: 0.5 }),
    'Softplus(beta=2.0, threshold=0.5)',
    x => F.softplus(x, { beta: 2, threshold: 0.5 }),
  ],
  [new nn.Softsign(), 'Softsign()', F.softsign],
  [new nn.LogSigmoid(), 'LogSigmoid()', F.logsigmoid],
  [new nn.Tanhshrink(), 'Tanhshrink()', F.tanhshrink],
  [new nn.Hardtanh(), 'Hardtanh(min_val=-1.0, max_val=1.0)', F.hardtanh],
  [
    new nn.Hardtanh({ minVal: -0.5, maxVal: 2, inplace }),
    'Hardtanh(min_val=-0.5, max_val=2.0, inplace=True)',
    x => F.hardtanh(x, { minVal: -0.5, maxVal: 2 }),
  ],
  [new nn.Hardsigmoid({ inplace }), 'Hardsigmoid()', F.hardsigmoid],
  [new nn.Hardswish({ inplace }), 'Hardswish()', F.hardswish],
  [new nn.Hardshrink(), 'Hardshrink(0.5)', F.hardshrink],
  [new nn.Hardshrink({ lambd: 1 }), 'Hardshrink(1)', x => F.hardshrink(x, { lambd: 1 })],
  [new nn.Softshrink(), 'Softshrink(0.5)', F.softshrink],
  [new nn.Threshold(0.1, 20), 'Threshold(threshold=0.1, value=20)', x => F.threshold(x, 0.1, 20)],
  [
    new nn.Threshold(0.1, 20, { inplace }),
    'Threshold(threshold=0.1, value=20, inplace=True)',
    x => F.threshold(x, 0.1, 20),
  ],
  [new nn.GLU(), 'GLU(dim=-1)', F.glu],
  [new nn.GLU({ dim: 0 }), 'GLU(dim=0)', x => F.glu(x, 0)],
  [new nn.PReLU(), 'PReLU(num_parameters=1)', x => F.prelu(x, tensor([0.25]))],
  [
    new nn.PReLU({ numParameters: 6, init: 0.1 }),
    'PReLU(num_parameters=6)',
    x => F.prelu(x, tensor([0.1, 0.1, 0.1, 0.1, 0.1, 0.1])),
  ],
  [new nn.Softmax({ dim: 1 }), 'Softmax(dim=1)', x => F.softmax(x, 1)],
  [new nn.Softmax(), 'Softmax(dim=None)', x => F.softmax(x, 1)],
  [new nn.LogSoftmax({ dim: -1 }), 'LogSoftmax(dim=-1)', x => F.logSoftmax(x, -1)],
  [new nn.Softmin({ dim: 0 }), 'Softmin(dim=0)', x => F.softmin(x, 0)],
]

for (const [module, printed, fn] of modules) {
  test(printed, t => {
    manualSeed(1)
    t.is(module.toString(), printed)
    const x = randn([4, 6]).mul(3)
    const [a, b] = [x.clone(), x.clone()].map(v => v.detach().requiresGrad_())
    const weights = randn(fn(x).shape)
    // A leaf cannot be overwritten: in place works on a copy of it.
    const overwrites = 'inplace' in module && module.inplace === true
    const input = overwrites ? a.clone() : a
    const [got, want] = [module.forward(input), fn(b)]
    t.deepEqual(got.tolist(), want.tolist())
    if (overwrites) t.is(got, input)
    else t.deepEqual(a.tolist(), x.tolist())
    got.mul(weights).sum().backward()
    want.mul(weights).sum().backward()
    t.deepEqual(a.grad!.tolist(), b.grad!.tolist())
    if (overwrites) {
      const columns = x.clone().t()
      t.deepEqual(module.forward(columns).tolist(), fn(x).t().tolist())
    }
  })
}

test('softmax without a dim takes PyTorch’s: 0 for 0, 1 and 3 dimensions, else 1', t => {
  for (const [shape, dim] of [
    [[3], 0],
    [[3, 3], 1],
    [[2, 3, 3], 0],
    [[2, 3, 2, 2], 1],
  ] as const) {
    const x = randn(shape)
    for (const name of ['softmax', 'logSoftmax', 'softmin'] as const) {
      t.deepEqual(F[name](x).tolist(), F[name](x, dim).tolist())
    }
  }
  t.is(F.softmax(tensor(3)).item(), 1)
  const x = randn([2, 3, 4, 5])
  t.deepEqual(new nn.Softmax2d().forward(x).tolist(), F.softmax(x, 1).tolist())
  t.deepEqual(new nn.Softmax2d().forward(x.select(0, 0)).tolist(), F.softmax(x.select(0, 0), 0).tolist())
  t.is(new nn.Softmax2d().toString(), 'Softmax2d()')
  t.throws(() => new nn.Softmax2d().forward(randn([2, 2])), {
    instanceOf: ShapeError,
    message: /must have 3 or 4 dimensions/,
  })
})

test('gradients of in-place forms are those of the functions', t => {
  const x = randn([7], { dtype: 'float64', requiresGrad: true })
  for (const f of [
    F.relu,
    F.relu6,
    F.leakyRelu,
    F.elu,
    F.selu,
    F.celu,
    F.silu,
    F.mish,
    F.hardtanh,
    F.hardsigmoid,
    F.hardswish,
  ]) {
    t.true(autograd.gradcheck(v => f(v.mul(2), { inplace }), [x]))
  }
})

test('first and second derivatives of glu and prelu', t => {
  for (const dim of [0, 1, -1]) t.true(checkGradients(x => F.glu(x, dim), [[4, 2, 6]]))
  for (const [shape, slopes] of [
    [[2, 3, 4], 3],
    [[2, 3], 3],
    [[2, 3], 1],
    [[5], 1],
    [[], 1],
  ] as const)
    t.true(checkGradients(F.prelu, [shape, [slopes]]))
})

test('relu of integers is integers', t => {
  const x = tensor([-2, 0, 3], { dtype: 'int32' })
  t.deepEqual([x.relu().dtype, x.relu().tolist()], ['int32', [0, 0, 3]])
  t.deepEqual(x.relu_().tolist(), [0, 0, 3])
  t.is(tensor([true]).relu().dtype, 'float32')
  t.throws(() => F.relu(x, { inPlace: true } as never), { message: /did you mean 'inplace'/ })
})

test('in place needs a floating tensor that is no leaf of the graph', t => {
  t.throws(() => F.silu(tensor([1, 2], { dtype: 'int32' }), { inplace }), {
    instanceOf: DTypeError,
    message: /silu_: works in place on floating tensors, this one is int32/,
  })
  const leaf = randn([2]).requiresGrad_()
  t.throws(() => new nn.ELU({ inplace }).forward(leaf), {
    message: /elu_: a leaf that requires gradients cannot be changed in place/,
  })
  const y = leaf.mul(2).sigmoid()
  F.relu(y, { inplace })
  t.throws(() => y.sum().backward(), { message: /changed in place after the forward pass/ })
})

test('options are checked when the module is made', t => {
  const refuse = (make: () => unknown, message: RegExp, kind: new (...args: never[]) => Error = TypeError) =>
    t.throws(make, { instanceOf: kind, message })
  refuse(() => new nn.ReLU({ inPlace: true } as never), /ReLU: unknown option 'inPlace', did you mean 'inplace'\?/)
  refuse(() => new nn.ReLU(true as never), /options must be an object/)
  refuse(() => new nn.ReLU({ inplace: 1 } as never), /inplace must be a boolean, got 1/)
  refuse(() => F.relu(randn([1]), { inplace: 1 } as never), /inplace must be a boolean, got 1/)
  refuse(() => new nn.LeakyReLU(0.2 as never), /options must be an object like \{ negativeSlope: … \}, got 0.2/)
  refuse(() => new nn.LeakyReLU({ negativeSlope: NaN }), /negativeSlope/, ValueError)
  refuse(() => new nn.CELU({ alpha: 0 }), /alpha must not be 0/, ValueError)
  refuse(() => new nn.Hardtanh({ minVal: 2 }), /minVal must be below maxVal, got 2 and 1/, ValueError)
  refuse(() => new nn.Softshrink({ lambd: -1 }), /lambd must be >= 0, got -1/, ValueError)
  refuse(() => new nn.GELU({ approximate: 'tan' as never }), /did you mean 'tanh'/, ValueError)
  refuse(() => new nn.Threshold('a' as never, 1), /threshold must be a number/)
  refuse(() => new nn.GLU({ dim: 0.5 }), /dim must be a whole number/, ValueError)
  refuse(() => new nn.PReLU({ numParameters: 0 }), /numParameters/, ValueError)
  refuse(() => new nn.Softmax({ dim: 'x' as never }), /dim must be a number/)
  refuse(() => new nn.Softmax(1 as never), /options must be an object like \{ dim: … \}, got 1/)
  refuse(
    () => new nn.Sigmoid().forward([1] as never),
    /sigmoid: input must be a Tensor, got an array of 1; make one with tensor/,
  )
  t.true(new nn.PReLU().weight instanceof Tensor)
})
