// Normalisations beside the golden cases: derivatives, running values, replays, printing, errors.
import test from 'ava'
import {
  compile,
  manualSeed,
  nn,
  noGrad,
  optim,
  rand,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from 'glorot'
import { checkGradients } from '../harness/grad.js'

const F = nn.functional
const bits = (x: Tensor) => Buffer.from(x.toTypedArray().slice().buffer).toString('hex')

test('gradients and second derivatives', t => {
  const affine: Record<string, (x: Tensor, weight: Tensor, bias: Tensor) => Tensor> = {
    layerNorm: (x, weight, bias) => F.layerNorm(x, [5], { weight, bias }),
    rmsNorm: (x, weight, bias) => F.rmsNorm(x, [5], { weight }).add(bias),
  }
  for (const [name, f] of Object.entries(affine)) t.true(checkGradients(f, [[4, 5], [5], [5]]), name)
  const channels: Record<string, (x: Tensor, weight: Tensor, bias: Tensor) => Tensor> = {
    groupNorm: (x, weight, bias) => F.groupNorm(x, 2, { weight, bias }),
    instanceNorm: (x, weight, bias) => F.instanceNorm(x, { weight, bias }),
    batchNorm: (x, weight, bias) => F.batchNorm(x, null, null, { weight, bias, training: true }),
    'batchNorm in evaluation': (x, weight, bias) => {
      const [mean, variance] = [
        [0.1, 0.2, 0.3, 0.4],
        [1, 2, 3, 4],
      ].map(v => tensor(v, { dtype: 'float64' }))
      return F.batchNorm(x, mean, variance, { weight, bias })
    },
  }
  for (const [name, f] of Object.entries(channels)) t.true(checkGradients(f, [[3, 4, 5], [4], [4]]), name)
  t.true(
    checkGradients((x, w, b) => F.batchNorm(x, null, null, { weight: w, bias: b, training: true }), [[5, 4], [4], [4]]),
  )
  t.true(checkGradients((x, bias) => F.layerNorm(x, [3], { bias }), [[4, 3], [3]]))
  t.true(checkGradients(x => F.groupNorm(x, 3), [[2, 6, 2]]))
  t.true(checkGradients(x => F.localResponseNorm(x, 3, { alpha: 0.5 }), [[2, 4, 3]]))
})

test('running values: momentum, plain averages, reset, float64', t => {
  const layer = new nn.BatchNorm1d(2, { momentum: null }).double()
  const batches = [1, 2, 3].map(k =>
    tensor(
      [
        [k, 0],
        [k + 1, 1],
        [k + 5, 5],
      ],
      { dtype: 'float64' },
    ),
  )
  for (const x of batches) layer.forward(x)
  t.is(layer.num_batches_tracked!.item(), 3)
  const near = (got: Tensor, want: number[]) =>
    t.true(got.tolist().every((v: number, i: number) => Math.abs(v - want[i]) < 1e-12))
  near(layer.running_mean!, [4, 2])
  near(layer.running_var!, [7, 7])
  layer.resetRunningStats()
  t.deepEqual(
    [layer.running_mean!.tolist(), layer.running_var!.tolist(), layer.num_batches_tracked!.item()],
    [[0, 0], [1, 1], 0],
  )
  const before = bits(layer.running_mean!)
  layer.eval().forward(batches[0])
  t.is(bits(layer.running_mean!), before)
})

test('a forward in training changes what an earlier graph did not save', t => {
  const layer = new nn.BatchNorm1d(3)
  const x = randn([4, 3]).requiresGrad_()
  const first = layer.forward(x)
  layer.forward(x)
  first.sum().backward()
  t.deepEqual(x.grad!.shape, [4, 3])
  // In evaluation the running values are part of the graph only through what the kernel copied of them.
  const out = layer.eval().forward(x)
  layer.train().forward(x)
  t.notThrows(() => out.sum().backward())
})

test('strided inputs and gradients', t => {
  const x = randn([5, 4, 3])
  const strided = x.permute([2, 1, 0])
  for (const layer of [new nn.BatchNorm1d(4), new nn.GroupNorm(2, 4), new nn.LayerNorm(5)]) {
    const [a, b] = [strided, strided.clone().contiguous()].map(v => v.detach().requiresGrad_())
    const [ya, yb] = [a, b].map(v => layer.forward(v))
    t.deepEqual(bits(ya), bits(yb))
    for (const y of [ya, yb])
      y.mul(randn([5, 4, 3], { generator: undefined }).mul(0).add(1).permute([2, 1, 0]))
        .sum()
        .backward()
    t.deepEqual(a.grad!.tolist(), b.grad!.tolist())
  }
})

const layers: Record<string, [() => nn.Module, number[]]> = {
  BatchNorm1d: [() => new nn.BatchNorm1d(6), [8, 6]],
  'BatchNorm1d, plain averages': [() => new nn.BatchNorm1d(6, { momentum: null }), [8, 6, 3]],
  'BatchNorm1d, no running values': [() => new nn.BatchNorm1d(6, { trackRunningStats: false, affine: false }), [8, 6]],
  BatchNorm2d: [() => new nn.BatchNorm2d(6), [4, 6, 5, 5]],
  BatchNorm3d: [() => new nn.BatchNorm3d(6), [2, 6, 2, 3, 3]],
  LayerNorm: [() => new nn.LayerNorm([6, 5]), [8, 6, 5]],
  RMSNorm: [() => new nn.RMSNorm(5), [8, 6, 5]],
  GroupNorm: [() => new nn.GroupNorm(3, 6), [8, 6, 5]],
  InstanceNorm1d: [() => new nn.InstanceNorm1d(6, { affine: true, trackRunningStats: true }), [8, 6, 5]],
  InstanceNorm2d: [() => new nn.InstanceNorm2d(6), [8, 6, 5, 2]],
  LocalResponseNorm: [() => new nn.LocalResponseNorm(3), [8, 6, 5]],
}
for (const [name, [make, shape]] of Object.entries(layers)) {
  test(`${name}: replays give the bits of eager runs, in training and evaluation`, t => {
    const run = (compiled: boolean) => {
      manualSeed(5)
      const model = new nn.Sequential(
        make(),
        new nn.Flatten(),
        new nn.Linear(
          shape.slice(1).reduce((a, b) => a * b),
          2,
        ),
      )
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
      const step = (x: Tensor) => {
        optimizer.zeroGrad()
        const loss = model.forward(x).square().mean()
        loss.backward()
        optimizer.step()
        return loss
      }
      const evaluate = (x: Tensor) => noGrad(() => model.forward(x))
      const [train, assess] = compiled ? [compile(step), compile(evaluate)] : [step, evaluate]
      const found: string[] = []
      for (let i = 0; i < 12; i++) {
        if (i === 6 || i === 10) model.eval()
        if (i === 8) model.train()
        found.push(bits(model.training ? train(rand(shape)) : assess(rand(shape))))
      }
      for (const [key, value] of Object.entries(model.stateDict())) found.push(`${key} ${bits(value)}`)
      return found
    }
    t.deepEqual(run(true), run(false))
  })
}

test('state dict keys and printing are those of PyTorch', t => {
  t.deepEqual(Object.keys(new nn.BatchNorm2d(3).stateDict()), [
    'weight',
    'bias',
    'running_mean',
    'running_var',
    'num_batches_tracked',
  ])
  t.deepEqual(Object.keys(new nn.BatchNorm2d(3, { affine: false }).stateDict()), [
    'running_mean',
    'running_var',
    'num_batches_tracked',
  ])
  t.deepEqual(Object.keys(new nn.InstanceNorm2d(3).stateDict()), [])
  const printed: [nn.Module, string][] = [
    [
      new nn.BatchNorm1d(3),
      'BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)',
    ],
    [
      new nn.BatchNorm2d(3, { momentum: null, affine: false }),
      'BatchNorm2d(3, eps=1e-05, momentum=None, affine=False, bias=False, track_running_stats=True)',
    ],
    [new nn.LayerNorm(5), 'LayerNorm((5,), eps=1e-05, elementwise_affine=True, bias=True)'],
    [new nn.LayerNorm([3, 5], { bias: false }), 'LayerNorm((3, 5), eps=1e-05, elementwise_affine=True, bias=False)'],
    [new nn.GroupNorm(2, 4), 'GroupNorm(2, 4, eps=1e-05, affine=True, bias=True)'],
    [
      new nn.InstanceNorm1d(3),
      'InstanceNorm1d(3, eps=1e-05, momentum=0.1, affine=False, bias=False, track_running_stats=False)',
    ],
    [new nn.RMSNorm(4), 'RMSNorm((4,), eps=None, elementwise_affine=True)'],
    [
      new nn.RMSNorm([2, 3], { eps: 1e-5, elementwiseAffine: false }),
      'RMSNorm((2, 3), eps=1e-05, elementwise_affine=False)',
    ],
    [new nn.LocalResponseNorm(5), 'LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1.0)'],
  ]
  for (const [layer, text] of printed) t.is(layer.toString(), text)
})

test('an empty batch changes nothing but the count', t => {
  for (const [layer, shape] of [
    [new nn.BatchNorm1d(3), [0, 3]],
    [new nn.BatchNorm2d(3), [0, 3, 2, 2]],
  ] as const) {
    const x = zeros(shape).requiresGrad_()
    const y = layer.forward(x)
    t.deepEqual(y.shape, shape)
    y.sum().backward()
    t.deepEqual(
      [layer.weight!.grad!.tolist(), layer.running_mean!.tolist(), layer.running_var!.tolist()],
      [
        [0, 0, 0],
        [0, 0, 0],
        [1, 1, 1],
      ],
    )
    t.is(layer.num_batches_tracked!.item(), 1)
  }
  t.deepEqual(new nn.LayerNorm(3).forward(zeros([0, 3])).shape, [0, 3])
  t.deepEqual(new nn.GroupNorm(3, 3).forward(zeros([0, 3, 2])).shape, [0, 3, 2])
})

test('errors name both values and the layer', t => {
  const refused = (f: () => unknown, of: typeof ShapeError | typeof ValueError, message: string) => {
    const error = t.throws(f, { instanceOf: of })
    t.is(error!.message, message)
  }
  const net = (layer: nn.Module) => new nn.Sequential(new nn.Identity(), layer)
  refused(
    () => net(new nn.BatchNorm1d(3)).forward(rand([4, 5])),
    ShapeError,
    'BatchNorm1d: input [4, 5] has 5 channels, the layer expects 3\n    at 1 (BatchNorm1d 3)',
  )
  refused(
    () => new nn.BatchNorm2d(3).forward(rand([4, 3])),
    ShapeError,
    'BatchNorm2d: input [4, 3] has 2 dimensions, it must have 4 dimensions [N, C, H, W]\n    at BatchNorm2d 3',
  )
  refused(
    () => new nn.BatchNorm1d(3).forward(rand([1, 3])),
    ValueError,
    'BatchNorm1d: training needs more than 1 value per channel, input [1, 3] has 1\n    at BatchNorm1d 3',
  )
  refused(
    () => new nn.LayerNorm([3, 5]).forward(rand([2, 3, 4])),
    ShapeError,
    "LayerNorm: input [2, 3, 4] must end in the layer's [3, 5]\n    at LayerNorm [3, 5]",
  )
  refused(() => new nn.GroupNorm(3, 4), ValueError, 'GroupNorm: numChannels 4 must be divisible by numGroups 3')
  refused(
    () => F.groupNorm(rand([2, 4, 3]), 3),
    ShapeError,
    'groupNorm: input [2, 4, 3] has 4 channels, which 3 groups do not divide',
  )
  refused(
    () => F.layerNorm(rand([2, 4]), [4], { weight: rand([3]) }),
    ShapeError,
    'layerNorm: weight is [3], input [2, 4] asks for [4]',
  )
  refused(
    () => F.instanceNorm(rand([2, 4, 1])),
    ValueError,
    'instanceNorm: needs more than 1 element in each channel, input [2, 4, 1] has 1',
  )
  refused(
    () => F.batchNorm(rand([2, 4]), null, null),
    ValueError,
    'batchNorm: evaluation needs a running mean and variance, got none; pass { training: true }',
  )
  refused(
    () => F.groupNorm(rand([1, 4]), 4),
    ValueError,
    'groupNorm: needs more than 1 value in each group, input [1, 4] has 1 in 4 groups',
  )
  refused(
    () => F.localResponseNorm(rand([2, 4]), 3),
    ShapeError,
    'localResponseNorm: input [2, 4] must have 3 dimensions or more, it has 2: [N, C, *]',
  )
  t.throws(() => new nn.BatchNorm1d(3, { momentun: 0.1 } as never), {
    instanceOf: TypeError,
    message: /did you mean 'momentum'/,
  })
  t.throws(() => new nn.LayerNorm(3).double().forward(rand([2, 3])), { message: /input is float32, weight float64/ })
})

test('an empty batch leaves the running values of instance norm as they are', t => {
  const norm = new nn.InstanceNorm1d(3, { trackRunningStats: true })
  t.deepEqual(norm.forward(randn([0, 3, 4])).shape, [0, 3, 4])
  t.deepEqual(norm.running_mean!.tolist(), [0, 0, 0])
})
