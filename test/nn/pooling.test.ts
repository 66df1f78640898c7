// Pooling: derivatives, indices, printing, what is refused, replay.
import test from 'ava'
import { compile, nn, randn, type Tensor, tensor } from 'glorot'
import { checkGradients } from '../harness/grad.js'

const F = nn.functional

const pools: [string, (x: Tensor) => Tensor, number[]][] = [
  ['maxPool1d', x => F.maxPool1d(x, 3, { stride: 2, padding: 1 }), [2, 2, 8]],
  ['maxPool2d', x => F.maxPool2d(x, [2, 3], { stride: [2, 1], ceilMode: true, dilation: [1, 2] }), [2, 2, 5, 7]],
  ['maxPool3d', x => F.maxPool3d(x, 2, { stride: 1 }), [1, 2, 3, 3, 4]],
  ['avgPool1d', x => F.avgPool1d(x, 3, { stride: 2, padding: 1, countIncludePad: false }), [2, 2, 8]],
  ['avgPool2d', x => F.avgPool2d(x, [2, 3], { padding: 1, ceilMode: true }), [2, 2, 5, 7]],
  ['avgPool3d', x => F.avgPool3d(x, 2, { divisorOverride: 5 }), [1, 2, 4, 4, 5]],
]
for (const [name, pool, shape] of pools) {
  test(`derivatives of ${name}`, t => {
    t.true(checkGradients(pool, [shape]))
  })
  test(`compiled, to the bit: ${name}`, t => {
    const step = (x: Tensor): Tensor[] => {
      const leaf = x.detach().requiresGrad_()
      const y = pool(leaf)
      y.square().sum().backward()
      return [y, leaf.grad!]
    }
    const replayed = compile(step)
    for (let i = 0; i < 4; i++) {
      const x = randn(shape)
      t.deepEqual(
        replayed(x).map(v => v.tolist()),
        step(x).map(v => v.tolist()),
      )
    }
  })
}

test('rounded up, a window larger than the input is the only one', t => {
  const x = tensor([[[1, 2, 3, 4, 5, 6]]])
  t.deepEqual(F.maxPool1d(x, 4, { dilation: 2, ceilMode: true }).tolist(), [[[5]]])
  t.deepEqual(F.maxPool1d(x.narrow(2, 0, 3), 4, { stride: 2, ceilMode: true }).tolist(), [[[3]]])
  t.deepEqual(F.avgPool1d(x.narrow(2, 0, 3), 4, { stride: 2, ceilMode: true }).tolist(), [[[2]]])
  t.true(checkGradients(v => F.maxPool1d(v, 4, { dilation: 2, ceilMode: true }), [[1, 2, 6]]))
  t.throws(() => F.maxPool1d(x.narrow(2, 0, 2), 4, { stride: 2, ceilMode: true }), {
    message: /kernel \[4\] reaches over \[4\], more than the padded input \[2\]/,
  })
})

test('indices are places within a plane', t => {
  const x = tensor([[[3, 1, 2, 9, 0, 4]]])
  const [out, places] = F.maxPool1d(x, 2, { returnIndices: true })
  t.deepEqual(out.tolist(), [[[3, 9, 4]]])
  t.deepEqual(places.tolist(), [[[0, 3, 5]]])
  t.is(places.dtype, 'int32')
  const image = randn([2, 3, 7, 6])
  const [values, at] = new nn.MaxPool2d(3, { stride: 2, padding: 1, returnIndices: true }).forward(image)
  const planes = image.reshape([2, 3, 42]).gather(2, at.reshape([2, 3, -1]))
  t.deepEqual(planes.reshape(values.shape).tolist(), values.tolist())
})

test('nan wins, the first of equals counts, -inf alone gives the first place in the window', t => {
  const [out, at] = F.maxPool1d(tensor([[[1, NaN, 5, 7, 7, 1, -Infinity, -Infinity, -Infinity]]]), 3, {
    returnIndices: true,
  })
  t.deepEqual(out.tolist(), [[[NaN, 7, -Infinity]]])
  t.deepEqual(at.tolist(), [[[1, 3, 6]]])
  const [, padded] = F.maxPool2d(
    tensor([
      [
        [-Infinity, -Infinity],
        [-Infinity, -Infinity],
      ],
    ]),
    2,
    { padding: 1, returnIndices: true },
  )
  t.deepEqual(padded.tolist(), [
    [
      [0, 1],
      [2, 3],
    ],
  ])
})

test('averages of windows of any width, and their gradients', t => {
  const [N, H, W] = [3, 9, 40]
  const x = randn([1, N, H, W])
  const planes = (x.tolist() as number[][][][])[0]
  for (const kernel of [2, 9, 16, 21, 33, 40])
    for (const stride of [1, 7, kernel])
      for (const padding of [0, 1, kernel >> 1])
        for (const countIncludePad of [true, false])
          for (const ceilMode of [true, false]) {
            const about = `${kernel} by ${stride}, padding ${padding}, ${countIncludePad}, ${ceilMode}`
            const leaf = x.detach().requiresGrad_()
            const padded: [number, number] = [1, padding]
            const down = stride === kernel ? 3 : 2 // windows lie apart, or over each other
            const y = F.avgPool2d(leaf, [3, kernel], {
              stride: [down, stride],
              padding: padded,
              countIncludePad,
              ceilMode,
            })
            const slope = randn(y.shape)
            y.backward(slope)
            const [got, given] = [y, slope].map(v => (v.tolist() as number[][][][])[0])
            const wanted = planes.map(plane => plane.map(row => row.map(() => 0)))
            let error = 0
            for (let n = 0; n < N; n++)
              got[n].forEach((row, i) => {
                row.forEach((value, j) => {
                  const [top, left] = [down * i - 1, stride * j - padding]
                  const seen: [number, number][] = []
                  for (let a = Math.max(top, 0); a < Math.min(top + 3, H); a++)
                    for (let b = Math.max(left, 0); b < Math.min(left + kernel, W); b++) seen.push([a, b])
                  const whole = (Math.min(top + 3, H + 1) - top) * (Math.min(left + kernel, W + padding) - left)
                  const by = countIncludePad ? whole : seen.length
                  const sum = seen.reduce((total, [a, b]) => total + planes[n][a][b], 0)
                  for (const [a, b] of seen) wanted[n][a][b] += given[n][i][j] / by
                  error = Math.max(error, Math.abs(value - sum / by))
                })
              })
            const slopes = leaf
              .grad!.sub(tensor([wanted]))
              .abs()
              .max()
              .item()
            t.true(error < 1e-5 && slopes < 1e-4, `${about}: ${error}, ${slopes}`)
          }
})

test('rows longer than a vector, at any stride', t => {
  for (const stride of [1, 2, 3]) {
    for (const width of [17, 40, 67]) {
      const x = randn([2, 3, width])
      const row = x.tolist() as number[][][]
      const windows = Array.from({ length: Math.floor((width - 3) / stride) + 1 }, (_, i) => i * stride)
      const want = row.map(c => c.map(r => windows.map(i => Math.max(...r.slice(i, i + 3)))))
      t.deepEqual(F.maxPool1d(x, 3, { stride }).tolist(), want)
    }
  }
})

const printed: [nn.Module, string][] = [
  [new nn.MaxPool1d(2), 'MaxPool1d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)'],
  [
    new nn.MaxPool2d([2, 3], { stride: [1, 2], padding: 1, ceilMode: true }),
    'MaxPool2d(kernel_size=(2, 3), stride=(1, 2), padding=1, dilation=1, ceil_mode=True)',
  ],
  [new nn.AvgPool1d(3), 'AvgPool1d(kernel_size=(3,), stride=(3,), padding=(0,))'],
  [new nn.AvgPool2d([2, 3], { stride: 2, padding: 1 }), 'AvgPool2d(kernel_size=(2, 3), stride=2, padding=1)'],
  [new nn.AvgPool3d(2), 'AvgPool3d(kernel_size=2, stride=2, padding=0)'],
]
for (const [layer, text] of printed) {
  test(`prints as PyTorch does: ${text}`, t => t.is(String(layer), text))
}

const refused: [string, () => unknown, RegExp][] = [
  [
    'a kernel larger than the input',
    () => new nn.MaxPool2d(5).forward(randn([1, 1, 4, 9])),
    /^maxPool2d: kernel \[5, 5\] reaches over \[5, 5\], more than the padded input \[4, 9\]\n {4}at MaxPool2d$/,
  ],
  [
    'padding',
    () => F.avgPool1d(randn([1, 1, 9]), 3, { padding: 2 }),
    /padding \[2\] must be at most half of kernel \[3\]/,
  ],
  [
    'a divisor of 0',
    () => F.avgPool2d(randn([1, 1, 9, 9]), 3, { divisorOverride: 0 }),
    /divisorOverride must not be 0/,
  ],
  ['integers', () => F.maxPool1d(randn([1, 1, 9]).int(), 3), /input is int32, it must be float32 or float64/],
  ['dimensions', () => F.maxPool1d(randn([9]), 3), /input \[9\] of 1 dimensions must be \[N, C, L\] or \[C, L\]/],
]
for (const [what, call, message] of refused) {
  test(`refused: ${what}`, t => {
    t.throws(call, { message })
  })
}
