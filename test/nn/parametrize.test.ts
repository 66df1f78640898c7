// Weight norm and spectral norm as parametrizations: values of PyTorch 2.13, gradients, replays, keys, removal, errors.
import test from 'ava'
import {
  autograd,
  compile,
  manualSeed,
  nn,
  noGrad,
  optim,
  rand,
  randn,
  ShapeError,
  Tensor,
  tensor,
  ValueError,
} from 'glorot'

const { weightNorm, spectralNorm } = nn.utils.parametrizations
const { registerParametrization, removeParametrizations, isParametrized } = nn.utils.parametrize
const bits = (x: Tensor) => Buffer.from(x.toTypedArray().slice().buffer).toString('hex')

const x = tensor([
  [1, 2, 3],
  [-1, 0, 2],
])

type Nested = unknown
function near(t: { true(v: boolean, m?: string): unknown }, got: Tensor, want: Nested): void {
  const flat: number[] = (Array.isArray(want) ? (want as unknown[]) : [want]).flat(9) as number[]
  const values = [...got.toTypedArray()]
  const close =
    values.length === flat.length &&
    values.every((v, i) => Math.abs(v - flat[i]) <= 2e-5 * Math.max(1, Math.abs(flat[i])))
  t.true(close, `${values} against ${flat}`)
}
const original = (m: nn.Module, key = 'original') => m.stateDict()[`parametrizations.weight.${key}`]
const gradient = (m: nn.Module, key: string) =>
  new Map(m.namedParameters()).get(`parametrizations.weight.${key}`)!.grad!

test('weight norm: values and gradients', t => {
  manualSeed(3)
  const m = weightNorm(new nn.Linear(3, 2))
  noGrad(() => original(m, 'original0').mul_(tensor([[2], [0.5]])))
  const y = m.forward(x)
  near(t, y, [-4.1364545822143555, -0.7863908410072327, 0.4696267545223236, 0.046578556299209595])
  y.square().sum().backward()
  near(t, gradient(m, 'original0'), [23.93479347229004, 4.4401116371154785])
  const want = [
    17.0621395111084, -4.856979846954346, -30.55033302307129, 0.7912298440933228, -1.4753196239471436,
    -0.7556759119033813,
  ]
  near(t, gradient(m, 'original1'), want)
  t.deepEqual(original(weightNorm(new nn.Linear(3, 2), { dim: null }), 'original0').shape, [])
  t.deepEqual(original(weightNorm(new nn.Linear(3, 2), { dim: -1 }), 'original0').shape, [])
  t.deepEqual(original(weightNorm(new nn.Conv2d(2, 3, 2), { dim: 1 }), 'original0').shape, [1, 2, 1, 1])
})

test('spectral norm: values and gradients over several steps, the same draws', t => {
  manualSeed(3)
  const m = spectralNorm(new nn.Linear(3, 2))
  const want = [-1.8781208992004395, -1.8223717212677002, 0.3906155824661255, -0.1812472939491272]
  for (let i = 0; i < 3; i++) {
    m.zeroGrad()
    const y = m.forward(x)
    near(t, y, want)
    y.square().sum().backward()
  }
  const slopes = [
    4.472630977630615, -3.4273624420166016, -3.57204532623291, 5.334321975708008, -3.374229669570923,
    -5.746975421905518,
  ]
  near(t, gradient(m, 'original'), slopes)
  near(t, original(m, '0._u'), [0.7220782041549683, 0.6918114423751831])
  near(t, rand([1]), [0.6483104228973389])
  m.eval()
  const [u, v] = ['0._u', '0._v'].map(key => bits(original(m, key)))
  near(t, m.forward(x), want)
  t.deepEqual(
    ['0._u', '0._v'].map(key => bits(original(m, key))),
    [u, v],
  )
})

test('a transposed convolution has its outputs in the second dimension', t => {
  manualSeed(3)
  const m = spectralNorm(new nn.ConvTranspose2d(2, 3, 2))
  t.deepEqual([original(m, '0._u').shape, original(m, '0._v').shape], [[3], [8]])
  const y = m.forward(tensor([1, 1]).reshape([1, 2, 1, 1]))
  near(
    t,
    y.reshape([-1]).narrow(0, 0, 4),
    [-0.8794721364974976, -0.5894021391868591, -0.7266719341278076, -0.6063971519470215],
  )
})

test('two forwards before one backward, as of a discriminator', t => {
  const m = spectralNorm(new nn.Linear(3, 2))
  t.notThrows(() => m.forward(x).mean().sub(m.forward(x.neg()).mean()).backward())
})

test('gradients by differences', t => {
  for (const make of [weightNorm, spectralNorm]) {
    const m = make(new nn.Linear(3, 2)).double().eval()
    const originals = [...m.parameters()]
    t.true(autograd.gradcheck(() => m.forward(x.double()), originals))
  }
})

test('state dict keys, printing, and a state that is loaded', t => {
  const made = () => spectralNorm(weightNorm(new nn.Linear(3, 2)))
  const [a, b] = [made(), made()]
  t.deepEqual(Object.keys(a.stateDict()), [
    'bias',
    ...['original0', 'original1', '1._u', '1._v'].map(key => `parametrizations.weight.${key}`),
  ])
  const text = `ParametrizedLinear(
  in_features=3, out_features=2, bias=True
  (parametrizations): ModuleDict(
    (weight): ParametrizationList(
      (0): _WeightNorm()
      (1): _SpectralNorm()
    )
  )
)`
  t.is(a.toString(), text)
  b.loadStateDict(a.stateDict())
  t.is(bits(b.eval().forward(x)), bits(a.eval().forward(x)))
  t.true(a instanceof nn.Linear)
  t.is(
    new nn.Linear(3, 2).toString(),
    'Linear(in_features=3, out_features=2, bias=True)',
    'other layers are as they were',
  )
})

test('assigning the parameter changes the originals; removing leaves the value or the original', t => {
  const m = weightNorm(new nn.Linear(3, 2))
  const value = randn([2, 3])
  m.weight = value as nn.Parameter
  near(t, m.weight, value.tolist())
  const [y, w] = [m.forward(x), [...m.weight.toTypedArray()]]
  removeParametrizations(m, 'weight')
  t.deepEqual([...m.weight.toTypedArray()], w)
  t.is(bits(m.forward(x)), bits(y))
  t.deepEqual(Object.keys(m.stateDict()), ['bias', 'weight'])
  t.is(m.toString(), 'Linear(in_features=3, out_features=2, bias=True)')
  t.false(isParametrized(m))

  const plain = new nn.Linear(3, 2)
  const before = plain.weight
  const kept = bits(before)
  spectralNorm(plain)
  t.true(isParametrized(plain, 'weight'))
  t.not(bits(plain.weight), kept)
  removeParametrizations(plain, 'weight', { leaveParametrized: false })
  t.is(plain.weight, before, 'the parameter that an optimizer may hold')
  t.is(bits(plain.weight), kept)
})

for (const [name, make] of Object.entries({ weightNorm, spectralNorm })) {
  test(`${name}: replays give the bits of eager runs`, t => {
    const run = (compiled: boolean) => {
      manualSeed(1)
      const model = new nn.Sequential(make(new nn.Linear(3, 8)), new nn.Tanh(), make(new nn.Linear(8, 2)))
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.05 })
      const step = (input: Tensor) => {
        optimizer.zeroGrad()
        const loss = model.forward(input).square().mean()
        loss.backward()
        optimizer.step()
        return loss
      }
      const call = compiled ? compile(step) : step
      const found: string[] = []
      for (let i = 0; i < 9; i++) {
        if (i === 5) model.eval()
        if (i === 7) model.train()
        found.push(bits(call(randn([4, 3]))))
      }
      return [...found, ...Object.entries(model.stateDict()).map(([key, v]) => `${key} ${bits(v)}`)]
    }
    t.deepEqual(run(true), run(false))
  })
}

class Symmetric extends nn.Module {
  override forward(w: Tensor): Tensor {
    return w.triu().add(w.triu(1).t())
  }
}

test('a parametrization of one’s own', t => {
  const m = registerParametrization(new nn.Linear(3, 3), 'weight', new Symmetric())
  t.deepEqual(m.weight.tolist(), m.weight.t().tolist())
  m.forward(x).sum().backward()
  t.true(gradient(m, 'original') instanceof Tensor)
  t.throws(() => Object.assign(m, { weight: x }), { instanceOf: ValueError, message: /Symmetric has no rightInverse/ })
})

class Cut extends nn.Module {
  override forward(w: Tensor): Tensor {
    return w.narrow(0, 0, 1)
  }
}

test('errors name both values', t => {
  t.throws(() => weightNorm(new nn.Linear(3, 2), { name: 'weigth' }), {
    instanceOf: ValueError,
    message: /Linear has no parameter 'weigth'/,
  })
  t.throws(() => registerParametrization(new nn.Linear(3, 2), 'weigth', new Symmetric()), {
    message: /did you mean 'weight'/,
  })
  t.throws(() => registerParametrization(new nn.Linear(3, 2), 'weight', new Cut()), {
    instanceOf: ShapeError,
    message: /'weight' is \[2, 3\], the parametrization gives \[1, 3\]/,
  })
  t.throws(() => spectralNorm(new nn.Linear(3, 2), { nPowerIterations: 0 }), { instanceOf: ValueError })
  t.throws(() => removeParametrizations(new nn.Linear(3, 2), 'weight'), {
    message: /'weight' of Linear has no parametrizations/,
  })
  t.throws(() => removeParametrizations(weightNorm(new nn.Linear(3, 2)), 'weight', { leaveParametrized: false }), {
    message: /'weight' has 2 originals/,
  })
  t.throws(() => weightNorm(new nn.Linear(3, 2), { dim: 2 }), { message: /dim 2 is out of range/ })
})

test('weight norm is the first of the steps', t => {
  const { weightNorm, spectralNorm } = nn.utils.parametrizations
  const message = /weightNorm: 'weight' is parametrized already/
  t.throws(() => weightNorm(weightNorm(new nn.Linear(3, 4))), { message })
  t.throws(() => weightNorm(spectralNorm(new nn.Linear(3, 4))), { message })
  t.notThrows(() => spectralNorm(weightNorm(new nn.Linear(3, 4))))
})
