// Operations of two and three operands: dtypes, numbers as operands, in place forms, gradients, refusals. Values: test/golden/.
import test from 'ava'
import * as g from 'glorot'
import { AutogradError, DTypeError, ShapeError, type Tensor, tensor, ValueError } from 'glorot'
import { checkGradients, leaf } from '../harness/grad.js'

const int = (data: number[]) => tensor(data, { dtype: 'int32' })
const bool = (data: boolean[]) => tensor(data)

test('dtypes meet as in PyTorch', t => {
  t.is(g.maximum(int([1]), tensor([0.5])).dtype, 'float32')
  t.is(g.pow(int([2]), 3).dtype, 'int32')
  t.is(g.pow(int([4]), 0.5).dtype, 'float32')
  t.is(g.pow(bool([true]), bool([false])).dtype, 'int32')
  t.is(g.hypot(int([3]), 4).item(), 5)
  t.is(g.atan2(tensor(1, { dtype: 'float64' }), int([1])).dtype, 'float64')
  t.is(g.where(bool([true]), 1, tensor([2], { dtype: 'float64' })).dtype, 'float64')
  t.is(g.clamp(int([1, 5]), 0.5).dtype, 'float32')
  t.deepEqual(g.clamp(int([1, 5]), null, 3).tolist(), [1, 3])
  t.deepEqual(g.maximum(bool([true, false]), bool([false, false])).tolist(), [true, false])
  t.deepEqual(
    bool([true, false])
      .add(bool([true, false]))
      .tolist(),
    [true, false],
  )
  t.deepEqual(
    bool([true, false])
      .mul(bool([true, true]))
      .tolist(),
    [true, false],
  )
})

test('comparisons and logic give bool', t => {
  const x = tensor([1, 2, Number.NaN])
  t.deepEqual(x.eq(x).tolist(), [true, true, false])
  t.deepEqual(x.ne(2).tolist(), [true, false, true])
  t.deepEqual(g.lt(1.5, x).tolist(), [false, true, false])
  t.deepEqual(int([1, 2]).lt(1e12).tolist(), [true, true])
  t.deepEqual(int([1, 2]).ge(1.5).tolist(), [false, true])
  t.deepEqual(x.gt(0).logicalAnd(x.lt(2)).tolist(), [true, false, false])
  t.deepEqual(
    tensor([0, 2])
      .logicalOr(tensor([0, 0]))
      .tolist(),
    [false, true],
  )
  t.deepEqual(
    int([0, 2])
      .logicalXor(tensor([1, 1]))
      .tolist(),
    [true, false],
  )
  t.deepEqual(tensor([0, 2]).logicalNot().tolist(), [true, false])
  t.true(tensor([1, 2]).equal(tensor([1, 2])))
  t.false(tensor([1, 2]).equal(tensor([[1, 2]])))
  t.true(tensor([1, Infinity]).allclose(tensor([1 + 1e-6, Infinity])))
  t.false(tensor([1, Infinity]).allclose(tensor([1, -Infinity])))
  t.deepEqual(x.isclose(x, { equalNan: true }).tolist(), [true, true, true])
})

test('bools of any length meet rows, columns and numbers', t => {
  for (const n of [0, 1, 15, 16, 17, 70]) {
    const a = Array.from({ length: n }, (_, i) => i % 3 === 0)
    const x = bool(a)
    t.deepEqual(
      x.logicalNot().tolist(),
      a.map(v => !v),
    )
    t.deepEqual(x.eq(1).tolist(), a)
    const column = tensor([[true], [false]])
    t.deepEqual(column.logicalAnd(x).tolist(), [a, a.map(() => false)])
    t.deepEqual(x.logicalXor(column).tolist(), [a.map(v => !v), a])
    const strided = tensor(a.flatMap(v => [v, !v]))
      .reshape([n, 2])
      .t()
    t.deepEqual(strided.logicalOr(column).tolist(), [a.map(() => true), a.map(v => !v)])
  }
})

test('whole quotients keep the sign that their language gives them', t => {
  const [x, y] = [int([7, -7, 7, -7]), int([3, 3, -3, -3])]
  t.deepEqual(x.fmod(y).tolist(), [1, -1, 1, -1])
  t.deepEqual(x.remainder(y).tolist(), [1, 2, -2, -1])
  t.deepEqual(x.floorDivide(y).tolist(), [2, -3, -3, 2])
  t.deepEqual(x.div(y, { roundingMode: 'trunc' }).tolist(), [2, -2, -2, 2])
  t.deepEqual(tensor([7, -7]).div(2, { roundingMode: 'floor' }).tolist(), [3, -4])
  t.is(x.div(y).dtype, 'float32')
  t.deepEqual(tensor([1, -1]).floorDivide(0).tolist(), [Infinity, -Infinity])
  const error = t.throws(() => x.remainder(int([1, 0, 1, 1])), { instanceOf: ValueError })
  t.regex(error.message, /remainder: .*divided by 0/)
})

test('a quotient in place is rounded as the one out of place', t => {
  const x = () => tensor([-7, 7, 5])
  t.deepEqual(x().div_(2, { roundingMode: 'floor' }).tolist(), [-4, 3, 2])
  t.deepEqual(x().div_(tensor(2), { roundingMode: 'trunc' }).tolist(), [-3, 3, 2])
  t.deepEqual(x().int().div_(2, { roundingMode: 'floor' }).tolist(), [-4, 3, 2])
  t.deepEqual(x().div_(2, { roundingMode: null }).tolist(), [-3.5, 3.5, 2.5])
  t.throws(() => x().int().div_(2), { instanceOf: DTypeError })
  t.throws(() => x().div_(2, { rounding: 'floor' } as never), { message: /did you mean 'roundingMode'/ })
})

test('in place forms keep shape and dtype, and gradients', t => {
  const data = [1, 4, 9]
  const cases: [(x: Tensor) => Tensor, number[]][] = [
    [x => x.pow_(0.5), [1, 2, 3]],
    [x => x.fmod_(2), [1, 0, 1]],
    [x => x.remainder_(-5), [-4, -1, -1]],
    [x => x.floorDivide_(2), [0, 2, 4]],
    [x => x.clamp_(2, 5), [2, 4, 5]],
    [x => x.clampMin_(2), [2, 4, 9]],
    [x => x.clampMax_(tensor([3, 3, 10])), [1, 3, 9]],
    [x => x.lerp_(tensor([3, 4, 5]), 0.5), [2, 4, 7]],
    [x => x.addcmul_(tensor([1, 2, 3]), tensor([2]), { value: 2 }), [5, 12, 21]],
    [x => x.addcdiv_(tensor([1, 2, 3]), tensor([2])), [1.5, 5, 10.5]],
    [x => x.maskedFill_(bool([true, false, true]), 7), [7, 4, 7]],
    [x => x.fill_(tensor(3)), [3, 3, 3]],
    [x => x.zero_(), [0, 0, 0]],
  ]
  for (const [f, want] of cases) {
    const x = tensor(data)
    t.is(f(x), x)
    t.deepEqual(x.tolist(), want, String(f))
    const wide = tensor([data, data]).t()
    f(wide.select(1, 1))
    t.deepEqual(
      wide.tolist(),
      data.map((v, i) => [v, want[i]]),
      String(f),
    )
    const y = tensor(data, { requiresGrad: true })
    const z = y.mul(1)
    f(z)
    t.deepEqual(z.tolist(), want)
    z.backward(tensor([1, 1, 1]))
    t.deepEqual(y.grad!.shape, [3])
  }
  t.throws(() => tensor([1, 2]).maskedFill_(tensor([[true], [true]]), 0), {
    instanceOf: ShapeError,
    message: /maskedFill_/,
  })
  t.throws(() => int([1]).pow_(0.5), { instanceOf: DTypeError, message: /pow_: .*int32/ })
  t.throws(() => int([1]).fill_(0.5), { instanceOf: DTypeError })
  t.throws(() => tensor([1], { requiresGrad: true }).clamp_(0), { instanceOf: AutogradError })
})

test('a filled tensor passes no gradient back, but to the value', t => {
  const x = tensor([1, 2], { requiresGrad: true })
  const v = tensor(5, { requiresGrad: true })
  const y = x.mul(2)
  y.narrow(0, 0, 1).fill_(v)
  y.backward(tensor([3, 4]))
  t.deepEqual(x.grad!.tolist(), [0, 8])
  t.is(v.grad!.item(), 3)
})

test('gradients, first and second, broadcast among them', t => {
  const positive = { low: 0.3, high: 2.5 }
  const cases: [(...inputs: Tensor[]) => Tensor, number[][]][] = [
    [(x, y) => x.div(y), [[2, 3], [3]]],
    [(x, y) => g.pow(x, y), [[2, 3], [3]]],
    [(x, y) => g.pow(x, y), [[3], [2, 1]]],
    [x => x.pow(3), [[4]]],
    [x => x.pow(-1.7), [[4]]],
    [x => x.pow(0), [[4]]],
    [x => g.pow(2.5, x), [[4]]],
    [(x, y) => g.atan2(x, y), [[2, 3], [3]]],
    [(x, y) => g.hypot(x, y), [[2, 3], [3]]],
    [(x, y) => g.logaddexp(x, y), [[2, 3], [3]]],
    [(x, y) => g.maximum(x, y), [[2, 3], [3]]],
    [(x, y) => g.minimum(x, y), [[2, 3], [3]]],
    [(x, y) => g.lerp(x, y, 0.3), [[2, 3], [3]]],
    [(x, y, w) => g.lerp(x, y, w), [[2, 3], [3], []]],
    [(x, a, b) => g.addcmul(x, a, b, { value: -0.5 }), [[2, 3], [3], [2, 1]]],
    [(x, a, b) => g.addcdiv(x, a, b, { value: -0.5 }), [[2, 3], [3], [2, 1]]],
    [x => x.clamp(0.9, 1.8).mul(x), [[6]]],
    [(x, low, high) => x.clamp(low, high), [[6], [6], [1]]],
    [(x, low) => x.clampMin(low), [[6], []]],
    [(x, y) => g.where(tensor([true, false, true]), x, y), [[2, 3], [3]]],
    [(x, v) => x.maskedFill(tensor([[true], [false]]), v), [[2, 3], []]],
    [(x, y) => x.rsub(y), [[2], [2]]],
    [x => g.div(3, x.square().add(1)), [[2, 3]]],
  ]
  for (const [f, shapes] of cases) t.true(checkGradients(f, shapes, positive), `${f} of ${JSON.stringify(shapes)}`)
  // Kinks of the quotient are where it is whole; these stay away from them.
  const x = tensor(new Float64Array([2.3, -1.7, 5.6]), { requiresGrad: true })
  const y = tensor(new Float64Array([1.1, 0.8, -1.3]), { requiresGrad: true })
  t.true(g.autograd.gradcheck(g.fmod, [x, y]))
  t.true(g.autograd.gradcheck(g.remainder, [x, y]))
})

test('ties share a gradient, bounds let it pass', t => {
  const [x, y] = [tensor([1, 2], { requiresGrad: true }), tensor([1, 3], { requiresGrad: true })]
  g.maximum(x, y).backward(tensor([1, 1]))
  t.deepEqual(
    [x.grad!.tolist(), y.grad!.tolist()],
    [
      [0.5, 0],
      [0.5, 1],
    ],
  )
  const z = tensor([1, 2, 3], { requiresGrad: true })
  z.clamp(1, 2).backward(tensor([1, 1, 1]))
  t.deepEqual(z.grad!.tolist(), [1, 1, 0])
})

test('strided operands give what their copies give', t => {
  const [x, y] = [leaf([3, 4], 1, 0.5, 2).detach().t(), leaf([4, 6], 2, 0.5, 2).detach().slice(1, 0, 6, 2)]
  const flat = (f: (a: Tensor, b: Tensor) => Tensor) => [f(x, y).tolist(), f(x.contiguous(), y.contiguous()).tolist()]
  for (const f of [g.add, g.pow, g.atan2, g.fmod, g.lt, g.maximum, (a: Tensor, b: Tensor) => g.where(a.lt(b), a, b)]) {
    const [got, want] = flat(f)
    t.deepEqual(got, want)
  }
})

test('what does not fit is refused', t => {
  const x = tensor([1, 2, 3])
  t.throws(() => g.pow(x, tensor([1, 2])), { instanceOf: ShapeError, message: /pow: shapes \[3\] and \[2\]/ })
  t.throws(() => g.addcmul(x, x, tensor([1, 2])), { instanceOf: ShapeError, message: /addcmul/ })
  t.throws(() => g.where(x, x, x), {
    instanceOf: DTypeError,
    message: /where: the condition must be bool, got float32/,
  })
  t.throws(() => x.maskedFill(x, 0), { instanceOf: DTypeError })
  t.throws(() => x.maskedFill(x.gt(0), x), { instanceOf: ShapeError })
  t.throws(() => x.maskedFill(x.gt(0), 'a' as never), { instanceOf: TypeError })
  t.throws(() => x.clamp(), { instanceOf: ValueError, message: /min or max/ })
  t.throws(() => x.clamp('a' as never), { instanceOf: TypeError, message: /min must be a number/ })
  t.throws(() => g.pow(int([2]), -1), { instanceOf: ValueError, message: /-1/ })
  t.throws(() => g.lerp(int([1]), int([2]), 0.5), { instanceOf: DTypeError })
  t.throws(() => x.div(2, { roundingMode: 'up' as never }), { instanceOf: ValueError, message: /roundingMode/ })
  t.throws(() => x.div(2, { rounding: 'floor' } as never), { instanceOf: TypeError, message: /roundingMode/ })
  t.throws(() => g.maximum([1] as never, x), { instanceOf: TypeError })
  t.throws(() => x.logicalAnd(1 as never), { instanceOf: TypeError })
  t.throws(() => x.isclose(x, { rtol: -1 }), { instanceOf: ValueError })
})
