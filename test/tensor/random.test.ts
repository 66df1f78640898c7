// Random numbers beyond their streams: generators, dtypes, arguments that cannot be.
import test from 'ava'
import {
  bernoulli,
  DTypeError,
  Generator,
  initialSeed,
  manualSeed,
  multinomial,
  normal,
  ones,
  rand,
  randint,
  randLike,
  randn,
  randperm,
  ShapeError,
  tensor,
  ValueError,
  zeros,
} from 'glorot'

const list = (x: { tolist(): number[] }) => x.tolist()

test('a generator has a stream of its own', t => {
  manualSeed(1)
  const expected = list(rand([4]))
  manualSeed(1)
  const generator = new Generator().manualSeed(1)
  list(randn([5], { generator }))
  t.deepEqual(list(rand([4])), expected)
  generator.manualSeed(1)
  t.deepEqual(list(rand([4], { generator })), expected)
  t.notDeepEqual(list(rand([4], { generator: new Generator() })), list(rand([4], { generator: new Generator() })))
})

test('the seed is remembered, of 64 bits too, and a negative one counts from the top', t => {
  manualSeed(42)
  t.is(initialSeed(), 42)
  const generator = new Generator()
  t.is(generator.manualSeed(2n ** 60n).initialSeed(), 2n ** 60n)
  t.is(generator.manualSeed(-1).initialSeed(), 2n ** 64n - 1n)
  t.is(generator.manualSeed(5 + 2 ** 32).initialSeed(), 5 + 2 ** 32)
  t.deepEqual(list(rand([3], { generator })), list(rand([3], { generator: new Generator().manualSeed(5) })))
  for (const bad of [1.5, Number.NaN, 2 ** 60, 2n ** 64n]) t.throws(() => manualSeed(bad), { instanceOf: ValueError })
  t.throws(() => manualSeed('1' as never), { instanceOf: TypeError })
  t.is(initialSeed(), 42)
})

test('a state goes on where it was taken, with the normal number that is kept', t => {
  const generator = new Generator().manualSeed(3)
  randn([3], { generator })
  const state = generator.getState()
  const draw = () => [
    list(randn([2], { generator })),
    list(rand([700], { generator })),
    list(randperm(9, { generator })),
  ]
  const first = draw()
  t.notDeepEqual(draw(), first)
  generator.setState(state)
  t.deepEqual(draw(), first)
})

test('a state that is none is refused and leaves the stream alone', t => {
  const generator = new Generator().manualSeed(3)
  const good = generator.getState()
  t.throws(() => generator.setState(good.slice(1)), { instanceOf: ValueError, message: /has 2520 bytes, got 2519/ })
  t.throws(() => generator.setState([...good] as never), { instanceOf: TypeError })
  const position = good.slice()
  new DataView(position.buffer).setUint32(4 * 624, 625, true)
  t.throws(() => generator.setState(position), { message: /damaged: position 625 of 624/ })
  const kept = good.slice()
  new DataView(kept.buffer).setUint32(4 * 625, 2, true)
  t.throws(() => generator.setState(kept), { message: /2 numbers kept/ })
  t.deepEqual(list(rand([3], { generator })), list(rand([3], { generator: new Generator().manualSeed(3) })))
})

test('random_ without bounds has all whole numbers of the dtype; torch.manual_seed(5)', t => {
  const draw = (dtype: 'int32' | 'float32' | 'float64' | 'bool') => {
    manualSeed(5)
    return [...zeros([4], { dtype }).random_().toTypedArray(), rand([1]).item()]
  }
  t.deepEqual(draw('int32'), [953453411, 236996814, 1592283119, 1423042237, Math.fround(0.9201034307479858)])
  t.deepEqual(draw('float32'), [13929259, 2115776, 15224593, 13755881, Math.fround(0.9201034307479858)])
  t.deepEqual(draw('float64'), [
    5782757089232648,
    2339691299987398,
    3250046264793807,
    2838462193262832,
    Math.fround(0.0332646369934082),
  ])
  t.deepEqual(draw('bool'), [1, 0, 1, 1, Math.fround(0.9201034307479858)])
  manualSeed(5)
  t.deepEqual(list(zeros([3]).random_(5)), [1, 4, 2])
  t.deepEqual(list(zeros([3]).random_(2, 7)), [2, 3, 2])
  t.deepEqual(list(zeros([3], { dtype: 'float64' }).random_(2 ** 40)), [622681974857, 34745516772, 993841416126])
})

test('uniform_ in float64 rounds once, as torch does', t => {
  manualSeed(5)
  const x = zeros([3], { dtype: 'float64' }).uniform_(-0.3, 0.7)
  t.deepEqual(list(x), [0.3420150066280941, -0.04024208482368469, 0.060827619427154256])
})

test('randint: int32 where it fits, float64 to 2^53, beyond it throws', t => {
  t.is(randint(-(2 ** 31), 2 ** 31, [2]).dtype, 'int32')
  const wide = randint(0, 2 ** 53 - 1, [50])
  t.is(wide.dtype, 'float64')
  t.true(list(wide).every(Number.isSafeInteger))
  t.throws(() => randint(0, 2 ** 53 + 2, [1]), { instanceOf: ValueError })
  t.throws(() => randint(3, 3, [1]), {
    instanceOf: ValueError,
    message: 'randint: low must be below high, got 3 and 3',
  })
  t.throws(() => randint(0, 2 ** 40, [1], { dtype: 'int32' }), {
    instanceOf: ValueError,
    message: /past the range of int32/,
  })
  t.throws(() => randint(0, 1.5, [1]), { instanceOf: ValueError })
})

test('arguments that cannot be are refused, and draw nothing', t => {
  manualSeed(9)
  const p = tensor([0.5, 1.5])
  t.throws(() => bernoulli(p), { instanceOf: ValueError, message: /the probability 1.5 is not between 0 and 1/ })
  t.throws(() => bernoulli(tensor([Number.NaN])), { instanceOf: ValueError })
  t.throws(() => bernoulli(ones([2], { dtype: 'int32' })), { instanceOf: DTypeError })
  t.throws(() => zeros([2]).bernoulli_(-0.1), { message: 'bernoulli_: p must be between 0 and 1, got -0.1' })
  t.throws(() => zeros([2]).uniform_(1, 0), { message: 'uniform_: low must not be above high, got 1 and 0' })
  t.throws(() => zeros([2]).normal_(0, -1), { message: 'normal_: std must be >= 0, got -1' })
  t.throws(() => zeros([2]).exponential_(0), { message: 'exponential_: lambd must be above 0, got 0' })
  t.throws(() => zeros([2], { dtype: 'int32' }).normal_(), { instanceOf: DTypeError })
  t.throws(() => rand([2], { dtype: 'int32' }), { instanceOf: DTypeError })
  t.throws(() => rand([2], { seed: 3 } as never), { instanceOf: TypeError, message: /unknown option 'seed'/ })
  t.throws(() => rand([2], { generator: 3 as never }), { instanceOf: TypeError })
  t.throws(() => multinomial(tensor([1, 2]), 3), { instanceOf: ValueError })
  t.throws(() => multinomial(tensor([1, 0, 0]), 2), { message: /1 weights are above 0, 2 are needed/ })
  t.throws(() => multinomial(tensor([1, -1]), 1), { message: /the weight -1 is negative or not finite/ })
  t.throws(() => multinomial(ones([2, 2, 2]), 1), { instanceOf: ShapeError })
  t.throws(() => normal(0, -1, [2]), { instanceOf: ValueError })
  const after = list(rand([3]))
  manualSeed(9)
  t.deepEqual(list(rand([3])), after)
})

test('draws with means and deviations of their own; likes keep shape and dtype', t => {
  manualSeed(2)
  const noise = list(randn([3]))
  manualSeed(2)
  const x = list(normal(tensor([0, 10, 20]), tensor([1, 0, 2])))
  t.deepEqual(x, [noise[0], 10, Math.fround(noise[2] * 2 + 20)])
  t.is(randLike(zeros([2], { dtype: 'float64' })).dtype, 'float64')
  t.true(rand([2], { requiresGrad: true }).requiresGrad)
  t.deepEqual(multinomial(ones([3, 5]), 2).shape, [3, 2])
})
