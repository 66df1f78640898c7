// Convolutions: derivatives, printing, what is refused, replay, threads.
import test from 'ava'
import { compile, getNumThreads, manualSeed, nn, randn, setNumThreads, type Tensor } from 'glorot'
import { checkGradients, leaf } from '../harness/grad.js'

const F = nn.functional
type Case = [name: string, x: number[], weight: number[], options: nn.functional.ConvOptions]

const plain: Record<string, (typeof F)['conv2d']> = { 1: F.conv1d, 2: F.conv2d, 3: F.conv3d }
const convolutions: Case[] = [
  ['plain', [2, 2, 5], [3, 2, 3], {}],
  ['stride, padding, dilation, groups', [2, 4, 9], [6, 2, 3], { stride: 2, padding: 2, dilation: 2, groups: 2 }],
  ['same with an even kernel', [1, 2, 6], [2, 2, 4], { padding: 'same' }],
  ['plain', [2, 2, 4, 5], [3, 2, 2, 3], {}],
  ['everything', [2, 4, 6, 5], [4, 2, 3, 2], { stride: [1, 3], padding: [2, 1], dilation: [2, 1], groups: 2 }],
  ['one by one', [2, 3, 3, 4], [5, 3, 1, 1], {}],
  ['one by one with a stride', [1, 3, 4, 5], [2, 3, 1, 1], { stride: 2 }],
  ['depthwise', [2, 3, 5, 6], [3, 1, 3, 3], { groups: 3, padding: 1 }],
  ['depthwise twice, stride', [1, 2, 6, 5], [4, 1, 3, 2], { groups: 2, stride: 2, padding: 1, dilation: [1, 2] }],
  ['padding beyond the input', [1, 1, 2, 2], [2, 1, 3, 3], { padding: 4, stride: 3 }],
  ['volumes', [1, 2, 4, 3, 4], [2, 2, 2, 2, 3], { stride: [2, 1, 1], padding: [1, 0, 1] }],
]
for (const [name, x, weight, options] of convolutions) {
  const dims = x.length - 2
  test(`derivatives of conv${dims}d: ${name}`, t => {
    const fn = (a: Tensor, w: Tensor, b: Tensor) => plain[dims](a, w, b, options)
    t.true(checkGradients(fn, [x, weight, [weight[0]]], { second: weight.length < 5 }))
  })
}

const transposed: Record<string, (typeof F)['convTranspose2d']> = {
  1: F.convTranspose1d,
  2: F.convTranspose2d,
  3: F.convTranspose3d,
}
const transposes: [string, number[], number[], nn.functional.ConvTransposeOptions][] = [
  ['plain', [2, 2, 4], [2, 3, 3], {}],
  ['stride and outputPadding', [1, 4, 4], [4, 2, 3], { stride: 3, padding: 1, outputPadding: 2, groups: 2 }],
  [
    'everything',
    [2, 4, 3, 2],
    [4, 1, 3, 2],
    { stride: 2, padding: 1, outputPadding: [1, 0], dilation: [2, 1], groups: 2 },
  ],
  ['volumes', [1, 2, 2, 2, 3], [2, 1, 2, 2, 2], { stride: 2 }],
]
for (const [name, x, weight, options] of transposes) {
  const dims = x.length - 2
  test(`derivatives of convTranspose${dims}d: ${name}`, t => {
    const fn = (a: Tensor, w: Tensor, b: Tensor) => transposed[dims](a, w, b, options)
    const bias = weight[1] * (options.groups ?? 1)
    t.true(checkGradients(fn, [x, weight, [bias]], { second: weight.length < 5 }))
  })
}

test('padding modes continue the input as pad does', t => {
  for (const paddingMode of ['reflect', 'replicate', 'circular'] as const) {
    const layer = new nn.Conv2d(2, 3, [3, 2], { padding: [1, 2], paddingMode }).to('float64')
    const x = leaf([2, 2, 5, 6])
    const want = F.conv2d(F.pad(x, [2, 2, 1, 1], { mode: paddingMode }), layer.weight, layer.bias)
    t.deepEqual(layer.forward(x).tolist(), want.tolist())
    const same = new nn.Conv1d(2, 3, 4, { padding: 'same', paddingMode })
    t.deepEqual(same.forward(randn([2, 2, 7])).shape, [2, 3, 7])
  }
})

test('a batch of none, of channels none, and an input without a batch', t => {
  const layer = new nn.Conv2d(2, 3, 3, { padding: 1 })
  t.deepEqual(layer.forward(randn([0, 2, 4, 4])).shape, [0, 3, 4, 4])
  const x = randn([2, 4, 5])
  t.deepEqual(layer.forward(x).tolist(), layer.forward(x.unsqueeze(0)).squeeze(0).tolist())
  layer
    .forward(randn([0, 2, 4, 4]))
    .sum()
    .backward()
  t.is(layer.weight.grad!.abs().sum().item(), 0)
})

test('a strided input gives what its copy gives', t => {
  const layer = new nn.Conv2d(3, 4, 3)
  const x = randn([2, 5, 6, 3]).permute([0, 3, 1, 2])
  t.deepEqual(layer.forward(x).tolist(), layer.forward(x.contiguous()).tolist())
})

test('outputSize chooses among the sizes that a stride allows', t => {
  const layer = new nn.ConvTranspose2d(1, 1, 3, { stride: 2, padding: 1 })
  const x = randn([1, 1, 4, 4])
  t.deepEqual(layer.forward(x, [8, 7]).shape, [1, 1, 8, 7])
  t.deepEqual(layer.forward(x, [1, 1, 7, 8]).shape, [1, 1, 7, 8])
  t.throws(() => layer.forward(x, [9, 7]), {
    message: /^ConvTranspose2d: outputSize \[9, 7\] must be from \[7, 7\] to \[8, 8\] for input \[1, 1, 4, 4\]/,
  })
})

const printed: [nn.Module, string][] = [
  [new nn.Conv1d(2, 3, 3), 'Conv1d(2, 3, kernel_size=(3,), stride=(1,))'],
  [
    new nn.Conv2d(4, 8, 3, { stride: 2, padding: 1, dilation: [1, 2], groups: 2, bias: false, paddingMode: 'reflect' }),
    'Conv2d(4, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(1, 2), groups=2, bias=False, padding_mode=reflect)',
  ],
  [new nn.Conv2d(1, 2, [3, 2], { padding: 'same' }), 'Conv2d(1, 2, kernel_size=(3, 2), stride=(1, 1), padding=same)'],
  [new nn.Conv3d(1, 2, 3), 'Conv3d(1, 2, kernel_size=(3, 3, 3), stride=(1, 1, 1))'],
  [
    new nn.ConvTranspose2d(2, 4, 3, { stride: 2, padding: 1, outputPadding: 1, groups: 2, bias: false, dilation: 3 }),
    'ConvTranspose2d(2, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1), dilation=(3, 3), output_padding=(1, 1), groups=2, bias=False)',
  ],
  [new nn.ConvTranspose1d(1, 2, 3), 'ConvTranspose1d(1, 2, kernel_size=(3,), stride=(1,))'],
  [new nn.ConvTranspose3d(2, 4, 3), 'ConvTranspose3d(2, 4, kernel_size=(3, 3, 3), stride=(1, 1, 1))'],
]
for (const [layer, text] of printed) {
  test(`prints as PyTorch does: ${text}`, t => t.is(String(layer), text))
}

test('state dict keys and shapes are those of PyTorch', t => {
  const shapes = (m: nn.Module) => Object.fromEntries(Object.entries(m.stateDict()).map(([k, v]) => [k, v.shape]))
  t.deepEqual(shapes(new nn.Conv2d(4, 6, [3, 2], { groups: 2 })), { weight: [6, 2, 3, 2], bias: [6] })
  t.deepEqual(shapes(new nn.ConvTranspose2d(4, 6, [3, 2], { groups: 2 })), { weight: [4, 3, 3, 2], bias: [6] })
  t.deepEqual(shapes(new nn.Conv1d(4, 6, 3, { bias: false })), { weight: [6, 4, 3] })
})

const refused: [string, () => unknown, RegExp][] = [
  [
    'channels',
    () => new nn.Conv2d(3, 4, 3).forward(randn([2, 5, 8, 8])),
    /^conv2d: input \[2, 5, 8, 8\] has 5 channels, weight \[4, 3, 3, 3\] expects 3\n {4}at Conv2d 3 -> 4$/,
  ],
  [
    'channels of groups',
    () => new nn.Conv2d(4, 4, 3, { groups: 2 }).forward(randn([5, 8, 8])),
    /has 5 channels, weight \[4, 2, 3, 3\] in 2 groups expects 4/,
  ],
  [
    'a kernel larger than the input',
    () => new nn.Conv2d(1, 1, 5, { padding: 1 }).forward(randn([1, 1, 2, 9])),
    /^conv2d: kernel \[5, 5\] reaches over \[5, 5\], more than the padded input \[4, 11\]/,
  ],
  [
    'a dilated kernel larger than the input',
    () => F.conv1d(randn([1, 1, 4]), randn([1, 1, 3]), null, { dilation: 2 }),
    /kernel \[3\] with dilation \[2\] reaches over \[5\], more than the padded input \[4\]/,
  ],
  [
    'dimensions',
    () => F.conv2d(randn([4, 4]), randn([1, 1, 3, 3])),
    /input \[4, 4\] of 2 dimensions must be \[N, C, H, W\] or \[C, H, W\]/,
  ],
  [
    'dimensions of the weight',
    () => F.conv1d(randn([1, 1, 4]), randn([1, 3])),
    /weight \[1, 3\] must have 3 dimensions/,
  ],
  [
    'a bias',
    () => F.conv1d(randn([1, 1, 4]), randn([2, 1, 3]), randn([3])),
    /bias \[3\] does not fit weight \[2, 1, 3\], it must be \[2\]/,
  ],
  ['groups', () => new nn.Conv2d(3, 4, 3, { groups: 2 }), /^Conv2d: inChannels 3 does not divide into 2 groups/],
  [
    "'same' with a stride",
    () => new nn.Conv2d(1, 1, 3, { padding: 'same', stride: 2 }),
    /padding 'same' needs a stride of 1, got \[2, 2\]/,
  ],
  ['a padding mode', () => new nn.Conv2d(1, 1, 3, { paddingMode: 'zero' as 'zeros' }), /did you mean 'zeros'/],
  [
    'three numbers for two dimensions',
    () => new nn.Conv2d(1, 1, [3, 3, 3]),
    /kernelSize must be one number or 2, got \[3, 3, 3\] of 3/,
  ],
  ['dtypes', () => F.conv1d(randn([1, 1, 4]).double(), randn([1, 1, 3])), /input is float64, weight float32/],
  [
    'outputPadding',
    () => F.convTranspose1d(randn([1, 1, 4]), randn([1, 1, 3]), null, { outputPadding: 1 }),
    /outputPadding \[1\] must be smaller/,
  ],
  ['a stride of 0', () => new nn.Conv2d(1, 1, 3, { stride: 0 }), /stride must be a whole number >= 1, got 0/],
  [
    'an unknown option',
    () => new nn.Conv2d(1, 1, 3, { strides: 1 } as never),
    /unknown option 'strides', did you mean 'stride'/,
  ],
]
for (const [what, call, message] of refused) {
  test(`refused: ${what}`, t => {
    t.throws(call, { message })
  })
}

test('a layer within a model is named in the error', t => {
  const model = new nn.Sequential(new nn.ReLU(), new nn.Conv2d(3, 4, 3))
  const error = t.throws(() => model.forward(randn([1, 2, 8, 8])))
  t.regex(error.message, /\n {4}at 1 \(Conv2d 3 -> 4\)$/)
})

const layers: [string, () => nn.Module, number[]][] = [
  ['Conv2d', () => new nn.Conv2d(3, 5, 3, { padding: 1, stride: 2 }), [4, 3, 9, 9]],
  ['Conv2d, one by one', () => new nn.Conv2d(3, 5, 1), [4, 3, 9, 9]],
  ['Conv2d, depthwise', () => new nn.Conv2d(4, 4, 3, { groups: 4 }), [4, 4, 9, 9]],
  ['Conv2d, circular', () => new nn.Conv2d(3, 5, 3, { padding: 1, paddingMode: 'circular' }), [4, 3, 9, 9]],
  ['Conv1d', () => new nn.Conv1d(3, 5, 3), [4, 3, 9]],
  ['Conv3d', () => new nn.Conv3d(2, 3, 2), [2, 2, 4, 4, 4]],
  ['ConvTranspose1d', () => new nn.ConvTranspose1d(3, 5, 3, { stride: 2 }), [4, 3, 9]],
  ['ConvTranspose2d', () => new nn.ConvTranspose2d(3, 5, 3, { stride: 2, outputPadding: 1 }), [4, 3, 5, 5]],
  ['ConvTranspose3d', () => new nn.ConvTranspose3d(3, 2, 2), [2, 3, 3, 3, 3]],
]
const bits = (x: Tensor) =>
  Buffer.from(
    x.contiguous().typedArray().buffer as ArrayBuffer,
    x.contiguous().typedArray().byteOffset,
    4 * x.numel(),
  ).toString('base64')

/** Results, gradients and parameters of some steps. */
function steps(make: () => nn.Module, shape: number[], compiled: boolean): string[] {
  manualSeed(1)
  const model = make()
  const step = (x: Tensor): Tensor => {
    model.zeroGrad()
    const y = model.forward(x)
    y.square().mean().backward()
    return y
  }
  const call = compiled ? compile(step) : step
  return Array.from({ length: 4 }, () => {
    const y = call(randn(shape))
    return [y, ...[...model.parameters()].map(p => p.grad!)].map(bits).join()
  })
}
for (const [name, make, shape] of layers) {
  test(`compiled, to the bit: ${name}`, t => t.deepEqual(steps(make, shape, true), steps(make, shape, false)))
}

test.serial('any number of threads, to the bit', t => {
  const before = getNumThreads()
  const cases: [() => nn.Module, number[]][] = [
    [() => new nn.Conv2d(24, 40, 3, { padding: 1 }), [6, 24, 20, 20]],
    [() => new nn.Conv2d(48, 64, 1), [6, 48, 20, 20]],
    [() => new nn.Conv2d(64, 64, 3, { groups: 64, stride: 2 }), [8, 64, 33, 33]],
    [() => new nn.ConvTranspose2d(24, 16, 3, { stride: 2 }), [4, 24, 16, 16]],
  ]
  try {
    for (const [make, shape] of cases) {
      const found = [1, 2, 4].map(n => {
        setNumThreads(n)
        return steps(make, shape, false)
      })
      t.deepEqual(found[1], found[0])
      t.deepEqual(found[2], found[0])
    }
  } finally {
    setNumThreads(before)
  }
})
