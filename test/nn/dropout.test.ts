// Dropout layers beside those of the golden cases: values of PyTorch 2.13, modes, in place, gradients.
import test from 'ava'
import { manualSeed, nn, noGrad, ones, rand, randn, ShapeError, type Tensor, ValueError, zeros } from 'glorot'

const F = nn.functional
type Layer = new (options?: { p?: number; inplace?: boolean }) => nn.Module

/** Which channels of [2, 3, …] are kept after manualSeed(11) at p = 0.4. */
const kept = [1, 0, 0, 0, 1, 1]
const perChannel = (on: number, off: number) => kept.map(k => (k ? on : off))

/** One number for each of n channels, nan where a channel is not all one number. */
function channels(x: Tensor, n: number): number[] {
  const rows: number[][] = x.reshape([n, -1]).tolist()
  return rows.map(row => (row.every(v => v === row[0]) ? row[0] : Number.NaN))
}

test('whole channels are dropped, which of them as in PyTorch', t => {
  const check = (layer: Layer, shape: number[], want: number[]) => {
    manualSeed(11)
    const got = channels(new layer({ p: 0.4 }).forward(ones(shape)), want.length)
    t.true(
      got.every((v, i) => Math.abs(v - want[i]) < 1e-6),
      `${layer.name}: ${got}, expected ${want}`,
    )
  }
  check(nn.Dropout1d, [2, 3, 4], perChannel(1 / 0.6, 0))
  check(nn.Dropout2d, [2, 3, 4], perChannel(1 / 0.6, 0))
  check(nn.Dropout2d, [2, 3, 2, 2], perChannel(1 / 0.6, 0))
  check(nn.Dropout3d, [2, 3, 1, 2, 2], perChannel(1 / 0.6, 0))
  check(nn.FeatureAlphaDropout, [2, 3, 4], perChannel(1.470377, -0.910642))
  check(nn.Dropout1d, [3, 4], perChannel(1 / 0.6, 0).slice(0, 3))
  check(nn.Dropout3d, [3, 1, 2, 2], perChannel(1 / 0.6, 0).slice(0, 3))
})

test('alpha dropout', t => {
  manualSeed(11)
  const [on, off] = [1.470377, -0.910642]
  const want = [
    on,
    off,
    off,
    off,
    on,
    on,
    on,
    on,
    off,
    on,
    off,
    off,
    off,
    on,
    on,
    on,
    off,
    on,
    off,
    on,
    on,
    off,
    off,
    off,
  ]
  new nn.AlphaDropout({ p: 0.4 })
    .forward(ones([24]))
    .tolist()
    .forEach((v: number, i: number) => {
      t.true(Math.abs(v - want[i]) < 1e-6)
    })
})

const layers: [Layer, string][] = [
  [nn.Dropout, 'Dropout'],
  [nn.Dropout1d, 'Dropout1d'],
  [nn.Dropout2d, 'Dropout2d'],
  [nn.Dropout3d, 'Dropout3d'],
  [nn.AlphaDropout, 'AlphaDropout'],
  [nn.FeatureAlphaDropout, 'FeatureAlphaDropout'],
]
for (const [layer, name] of layers) {
  test(`${name}: evaluation and p = 0 draw nothing and change nothing, p = 1 leaves zeros`, t => {
    const x = randn(name === 'Dropout3d' ? [2, 3, 2, 2, 2] : [2, 3, 4])
    const silent = (make: () => Tensor) => {
      manualSeed(3)
      const out = make()
      const next = rand([1]).item()
      manualSeed(3)
      t.is(next, rand([1]).item())
      return out
    }
    t.is(
      silent(() => new layer().eval().forward(x)),
      x,
    )
    t.is(
      silent(() => new layer({ p: 0 }).forward(x)),
      x,
    )
    t.deepEqual(
      silent(() => new layer({ p: 1 }).forward(x))
        .abs()
        .tolist(),
      zeros(x.shape).tolist(),
    )
    t.is(new layer({ p: 0.5, inplace: true }).toString(), `${name}(p=0.5, inplace=True)`)
    t.is(new layer({ p: 1e-5 }).toString(), `${name}(p=1e-05, inplace=False)`)
    t.throws(() => new layer({ p: -0.1 }), { instanceOf: ValueError, message: /p must be between 0 and 1, got -0.1/ })
    t.throws(() => new layer({ P: 0.1 } as never), { instanceOf: TypeError, message: /did you mean 'p'/ })
    t.throws(() => new layer({ inplace: 'yes' } as never), { instanceOf: TypeError })
  })

  test(`${name}: in place, the same draws and gradients`, t => {
    const x = randn(name === 'Dropout3d' ? [2, 3, 2, 2, 2] : [2, 3, 4]).requiresGrad_()
    const run = (inplace: boolean) => {
      manualSeed(5)
      const input = x.mul(1)
      const out = new layer({ p: 0.5, inplace }).forward(input)
      t.is(out === input, inplace)
      x.grad = null
      out.mul(out).sum().backward()
      return [out.tolist(), x.grad!.tolist()]
    }
    t.deepEqual(run(true), run(false))
    manualSeed(5)
    const plain = x.detach().clone()
    noGrad(() => new layer({ p: 0.5, inplace: true }).forward(plain))
    t.deepEqual(plain.tolist(), run(false)[0])
  })
}

test('the functions take p and training; alpha dropout does nothing unless told to train', t => {
  const x = ones([2, 3, 4])
  t.is(F.dropout(x, { training: false }), x)
  t.is(F.alphaDropout(x), x)
  t.is(F.featureAlphaDropout(x), x)
  t.not(F.alphaDropout(x, { training: true }), x)
  manualSeed(2)
  const a = F.dropout(x, { p: 0.3 })
  manualSeed(2)
  t.deepEqual(a.tolist(), new nn.Dropout({ p: 0.3 }).forward(x).tolist())
  t.throws(() => F.dropout(x, { p: 2 }), { instanceOf: ValueError })
  t.throws(() => F.dropout(x, { train: true } as never), { message: /did you mean 'training'/ })
  t.throws(() => F.dropout([1] as never), { instanceOf: TypeError })
  t.throws(() => F.dropout1d(ones([2])), {
    instanceOf: ShapeError,
    message: /must have 3 dimensions, or 2 without a batch/,
  })
  t.throws(() => F.dropout2d(ones([2])), { instanceOf: ShapeError, message: /a dimension of channels/ })
})
