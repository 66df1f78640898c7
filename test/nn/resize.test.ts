// Layers that change sizes: adaptive pooling, interpolation, columns of blocks, pixel shuffles, padding. Derivatives, replay, printing,
// what is refused.
import test from 'ava'
import { arange, compile, nn, randn, type Tensor, tensor } from 'glorot'
import { checkGradients } from '../harness/grad.js'

const F = nn.functional

const layers: [nn.Module, number[]][] = [
  [new nn.AdaptiveAvgPool1d(3), [2, 2, 7]],
  [new nn.AdaptiveAvgPool2d([2, null]), [1, 2, 4, 3]],
  [new nn.AdaptiveAvgPool3d(2), [1, 1, 3, 4, 3]],
  [new nn.AdaptiveMaxPool1d(3), [2, 2, 7]],
  [new nn.AdaptiveMaxPool2d([2, 3]), [1, 2, 5, 4]],
  [new nn.AdaptiveMaxPool3d(2), [1, 1, 3, 4, 3]],
  [new nn.LPPool2d(2, 2), [1, 2, 4, 5]],
  [new nn.LPPool1d(2, 3, { stride: 1 }), [1, 2, 6]],
  [new nn.Upsample({ scaleFactor: 2 }), [1, 2, 2, 3]],
  [new nn.Upsample({ size: [5, 4], mode: 'bilinear' }), [1, 2, 2, 3]],
  [new nn.Upsample({ size: [3, 3], mode: 'bicubic', alignCorners: true }), [1, 1, 4, 5]],
  [new nn.Upsample({ scaleFactor: 1.5, mode: 'linear' }), [2, 1, 5]],
  [new nn.Upsample({ scaleFactor: 0.5, mode: 'area' }), [1, 1, 4, 5]],
  [new nn.Unfold([2, 3], { dilation: [2, 1], padding: 1, stride: 2 }), [2, 2, 4, 5]],
  [new nn.Fold([4, 5], [2, 3], { padding: 1, stride: [2, 1] }), [1, 12, 15]],
  [new nn.PixelShuffle(2), [1, 4, 2, 3]],
  [new nn.PixelUnshuffle(2), [1, 1, 4, 6]],
  [new nn.ChannelShuffle(2), [1, 4, 2, 2]],
  [new nn.ZeroPad2d([1, -1, 0, 2]), [1, 2, 3, 4]],
  [new nn.ReflectionPad2d([2, 1, 0, 1]), [1, 2, 3, 4]],
  [new nn.ReplicationPad1d([1, 3]), [1, 2, 3]],
  [new nn.CircularPad1d(2), [1, 2, 3]],
  [new nn.ConstantPad3d(1, 2.5), [1, 1, 2, 2, 2]],
]
for (const [layer, shape] of layers) {
  test(`derivatives of ${layer}`, t => {
    // Powers have none of second order at 0.
    t.true(
      checkGradients(
        x => layer.forward(x),
        [shape],
        layer.constructor.name.startsWith('LP') ? { low: 0.5, high: 2 } : {},
      ),
    )
  })
  test(`compiled, to the bit: ${layer}`, t => {
    const step = (x: Tensor): Tensor[] => {
      const leaf = x.detach().requiresGrad_()
      const y = layer.forward(leaf)
      y.square().sum().backward()
      return [y, leaf.grad!]
    }
    const replayed = compile(step)
    for (let i = 0; i < 4; i++) {
      const x = randn(shape).abs()
      t.deepEqual(
        replayed(x).map(v => v.tolist()),
        step(x).map(v => v.tolist()),
      )
    }
  })
}

test('unpooling puts elements back', t => {
  const x = randn([2, 3, 6, 7])
  const pool = new nn.MaxPool2d(2, { returnIndices: true })
  const [y, at] = pool.forward(x)
  const unpool = new nn.MaxUnpool2d(2)
  const back = unpool.forward(y, at, x.shape)
  t.deepEqual(back.shape, x.shape)
  t.deepEqual(back.eq(x).int().sum().item(), y.numel())
  t.is(back.sum().item().toFixed(4), y.sum().item().toFixed(4))
  t.true(checkGradients(v => F.maxUnpool2d(v, at, 2, { outputSize: [6, 7] }), [y.shape]))
  t.is(String(unpool), 'MaxUnpool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))')
  t.throws(() => unpool.forward(y, at, [9, 6]), {
    message: /outputSize \[9, 6\] is not within a stride \[2, 2\] of \[6, 6\]/,
  })
  t.throws(() => unpool.forward(y, at.sub(5)), { message: /index -?\d+ is out of range for a plane of 36 elements/ })
})

test('of several elements in one place one stays, and all get its gradient', t => {
  const x = tensor([[[1, 5, 2, 3, 0]]])
  const [y, at] = F.maxPool1d(x, 3, { stride: 1, returnIndices: true })
  const leaf = y.detach().requiresGrad_()
  const back = F.maxUnpool1d(leaf, at, 3, { stride: 1 })
  t.deepEqual(back.tolist(), [[[0, 5, 0, 3, 0]]])
  back
    .mul(tensor([1, 2, 3, 4, 5]))
    .sum()
    .backward()
  t.deepEqual(leaf.grad!.tolist(), [[[2, 2, 4]]])
  const turned = F.maxUnpool2d(tensor([[[1, 2]]]), tensor([[[0], [3]]], { dtype: 'int32' }).transpose(1, 2), [1, 2])
  t.deepEqual(turned.tolist(), [[[1, 0, 0, 2]]])
})

test('a factor that leaves the size as it is', t => {
  const x = tensor([[[1, 2, 3]]])
  const wide = x.unsqueeze(2)
  const at = (scaleFactor: number) => ({ scaleFactor: [1, scaleFactor] })
  t.deepEqual(F.interpolate(x, { scaleFactor: 1.2, mode: 'linear' }).tolist(), x.tolist())
  t.deepEqual(F.interpolate(wide, { ...at(1.2), mode: 'bilinear' }).tolist(), wide.tolist())
  t.deepEqual(F.interpolate(wide, at(1.2)).tolist(), wide.tolist())
  t.deepEqual(F.interpolate(wide, at(2.3)).tolist(), [[[[1, 1, 2, 2, 3, 3]]]])
  // As in PyTorch, sequences differ from images here.
  t.deepEqual(F.interpolate(x, { scaleFactor: 1.2 }).tolist(), [[[1, 1, 2]]])
  t.deepEqual(F.interpolate(x, { scaleFactor: 2.3 }).tolist(), [[[1, 1, 1, 2, 2, 3]]])
})

test('numbers and tuples of one print as in Python', t => {
  t.is(String(new nn.Upsample({ scaleFactor: [0.4], mode: 'linear' })), "Upsample(scale_factor=(0.4,), mode='linear')")
  const table = new nn.Embedding(3, 2, { maxNorm: 1, normType: Infinity })
  t.is(String(table), 'Embedding(3, 2, max_norm=1.0, norm_type=inf)')
})

test('fold of unfold counts how often each element is seen', t => {
  const x = randn([1, 2, 5, 6])
  const options = { padding: 1, stride: 2 }
  const seen = F.fold(F.unfold(x.detach().fill_(1), 3, options), [5, 6], 3, options)
  const there = F.fold(F.unfold(x, 3, options), [5, 6], 3, options)
  const error = there.sub(x.mul(seen)).abs().max().item()
  t.true(error < 1e-5)
})

test('nearest neighbours of whole factors repeat', t => {
  const x = arange(4).reshape([1, 1, 4])
  t.deepEqual(F.interpolate(x, { scaleFactor: 2 }).tolist(), [[[0, 0, 1, 1, 2, 2, 3, 3]]])
  t.deepEqual(F.interpolate(x, { size: 2 }).tolist(), [[[0, 2]]])
})

test('dimensions of any length take their turns without a difference', t => {
  const turned = (x: Tensor) => x.transpose(2, 3)
  for (const [h, w, size] of [
    [3, 70, [9, 40]],
    [70, 3, [40, 9]],
    [5, 40, [5, 90]],
    [40, 5, [17, 3]],
  ] as [number, number, [number, number]][])
    for (const mode of ['nearest', 'bilinear', 'bicubic', 'area'] as const) {
      const x = randn([2, 2, h, w])
      const other = turned(F.interpolate(turned(x).contiguous(), { size: [size[1], size[0]], mode }))
      const error = F.interpolate(x, { size, mode }).sub(other).abs().max().item()
      t.true(error < 1e-5, `${mode} of ${h} x ${w}: ${error}`)
    }
})

const printed: [nn.Module, string][] = [
  [new nn.AdaptiveAvgPool2d([2, null]), 'AdaptiveAvgPool2d(output_size=(2, None))'],
  [new nn.AdaptiveMaxPool2d(3, { returnIndices: true }), 'AdaptiveMaxPool2d(output_size=3)'],
  [new nn.LPPool2d(2, 3), 'LPPool2d(norm_type=2, kernel_size=3, stride=None, ceil_mode=False)'],
  [new nn.LPPool1d(1.5, 3, { stride: 2 }), 'LPPool1d(norm_type=1.5, kernel_size=3, stride=2, ceil_mode=False)'],
  [
    new nn.Unfold([2, 3], { dilation: 2, padding: 1, stride: 2 }),
    'Unfold(kernel_size=(2, 3), dilation=2, padding=1, stride=2)',
  ],
  [new nn.Fold([4, 5], 3), 'Fold(output_size=(4, 5), kernel_size=3, dilation=1, padding=0, stride=1)'],
  [new nn.Upsample({ scaleFactor: 2 }), "Upsample(scale_factor=2.0, mode='nearest')"],
  [new nn.Upsample({ size: [3, 4], mode: 'bilinear', alignCorners: true }), "Upsample(size=(3, 4), mode='bilinear')"],
  [new nn.Upsample({ scaleFactor: [2, 3], mode: 'bilinear' }), "Upsample(scale_factor=(2.0, 3.0), mode='bilinear')"],
  [new nn.UpsamplingNearest2d({ scaleFactor: 2 }), "UpsamplingNearest2d(scale_factor=2.0, mode='nearest')"],
  [new nn.UpsamplingBilinear2d({ size: 4 }), "UpsamplingBilinear2d(size=4, mode='bilinear')"],
  [new nn.PixelShuffle(2), 'PixelShuffle(upscale_factor=2)'],
  [new nn.PixelUnshuffle(2), 'PixelUnshuffle(downscale_factor=2)'],
  [new nn.ChannelShuffle(2), 'ChannelShuffle(groups=2)'],
  [new nn.ZeroPad2d([1, 2, 3, 4]), 'ZeroPad2d((1, 2, 3, 4))'],
  [new nn.ReflectionPad1d(1), 'ReflectionPad1d((1, 1))'],
  [new nn.ConstantPad1d(2, 3.5), 'ConstantPad1d(padding=(2, 2), value=3.5)'],
  [new nn.ConstantPad2d(2, 1), 'ConstantPad2d(padding=(2, 2, 2, 2), value=1)'],
]
for (const [layer, text] of printed) {
  test(`prints as PyTorch does: ${text}`, t => t.is(String(layer), text))
}

const refused: [string, () => unknown, RegExp][] = [
  [
    'both size and scale',
    () => F.interpolate(randn([1, 1, 4]), { size: 2, scaleFactor: 2 }),
    /give either size or scaleFactor/,
  ],
  ['neither', () => F.interpolate(randn([1, 1, 4])), /give either size or scaleFactor/],
  [
    'a mode for other dimensions',
    () => new nn.Upsample({ size: 2, mode: 'bilinear' }).forward(randn([1, 1, 4])),
    /^interpolate: input \[1, 1, 4\] has 3 dimensions, mode 'bilinear' needs 4\n {4}at Upsample$/,
  ],
  [
    'corners of nearest',
    () => F.interpolate(randn([1, 1, 4]), { size: 2, alignCorners: true }),
    /alignCorners belongs to linear and cubic modes, not to 'nearest'/,
  ],
  [
    'a size of 0',
    () => F.interpolate(randn([1, 1, 4]), { scaleFactor: 0.1 }),
    /a size of the result must be a whole number >= 1, got 0/,
  ],
  [
    'channels that do not make blocks',
    () => F.pixelShuffle(randn([1, 6, 2, 2]), 2),
    /input \[1, 6, 2, 2\] has 6 channels, not a multiple of the 4 of upscaleFactor 2/,
  ],
  [
    'planes that are not blocks',
    () => F.pixelUnshuffle(randn([1, 1, 3, 2]), 2),
    /planes of 3 x 2, not multiples of downscaleFactor 2/,
  ],
  [
    'columns of another window',
    () => F.fold(randn([1, 8, 5]), 3, 2),
    /has 5 columns, outputSize \[3, 3\] has 4 places/,
  ],
  [
    'rows that are no kernels',
    () => F.fold(randn([1, 7, 4]), 3, 2),
    /has 7 rows, not a multiple of the 4 of kernel \[2, 2\]/,
  ],
  [
    'a window larger than the input',
    () => F.unfold(randn([1, 1, 2, 2]), 3),
    /kernel \[3, 3\] reaches over \[3, 3\], more than the padded input \[2, 2\]/,
  ],
  [
    'sizes for other dimensions',
    () => F.adaptiveAvgPool2d(randn([1, 1, 4, 4]), [2, 2, 2]),
    /outputSize must be one number or 2, got 3/,
  ],
  [
    'edges for other dimensions',
    () => new nn.ReflectionPad2d([1, 1]),
    /padding must be one number or 4, got \[1, 1\] of 2/,
  ],
  ['too much of a mirror', () => new nn.ReflectionPad1d(4).forward(randn([1, 1, 4])), /.*/],
]
for (const [what, call, message] of refused) {
  test(`refused: ${what}`, t => {
    t.throws(call, { message })
  })
}
