// scatter, scatterAdd and indexAdd against plain loops and PyTorch's answers; gradients; refusals that leave nothing half written.
import test from 'ava'
import fc from 'fast-check'
import { arange, DTypeError, IndexError, indexAdd, ShapeError, scatter, scatterAdd, tensor, zeros } from 'glorot'
import { checkGradients } from '../harness/grad.js'

const int = (data: unknown) => tensor(data as number[], { dtype: 'int32' })
const matrix = () => arange(6).reshape([3, 2])

test("PyTorch's answers", t => {
  t.deepEqual(
    zeros([3])
      .scatter(0, [0, 0, 2], tensor([1, 2, 3]))
      .tolist(),
    [2, 0, 3],
  )
  t.deepEqual(
    zeros([2, 3])
      .scatter(
        1,
        int([
          [0, 2],
          [1, 1],
        ]),
        7,
      )
      .tolist(),
    [
      [7, 0, 7],
      [0, 7, 0],
    ],
  )
  const source = tensor([
    [9, 8],
    [7, 6],
  ])
  t.deepEqual(scatter(matrix(), 0, int([[2, 1]]), source).tolist(), [
    [0, 1],
    [2, 8],
    [9, 5],
  ])
  const places = int([
    [2, 1],
    [2, 0],
  ])
  t.deepEqual(scatter(matrix(), 0, places, source, { reduce: 'add' }).tolist(), [
    [0, 7],
    [2, 11],
    [20, 5],
  ])
  t.deepEqual(scatterAdd(zeros([3]), 0, [0, 0], tensor([1, 1, 1, 1, 1])).tolist(), [2, 0, 0])
  t.deepEqual(indexAdd(zeros([3]), 0, [0, 2, 0], tensor([1, 2, 3])).tolist(), [4, 0, 2])
})

test('any shape and dimension, as loops have it', t => {
  const size = fc.integer({ min: 1, max: 4 })
  const cases = fc.record({
    shape: fc.array(size, { minLength: 1, maxLength: 3 }),
    cut: fc.array(fc.double({ min: 0, max: 0.99, noNaN: true }), { minLength: 3, maxLength: 3 }),
    dim: fc.nat(2),
    seed: fc.integer({ min: 1 }),
    add: fc.boolean(),
    dtype: fc.constantFrom('float32' as const, 'float64' as const, 'int32' as const),
  })
  fc.assert(
    fc.property(cases, ({ shape, cut, dim, seed, add, dtype }) => {
      const d = dim % shape.length
      const small = shape.map((n, k) => (k === d ? n + 1 : Math.ceil(n * cut[k]) || 1))
      const strides = (s: number[]) => s.map((_, k) => s.slice(k + 1).reduce((a, b) => a * b, 1))
      const n = shape.reduce((a, b) => a * b, 1)
      const m = small.reduce((a, b) => a * b, 1)
      const at = Int32Array.from({ length: m }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 8) % shape[d])
      const want = Array.from({ length: n }, (_, i) => i)
      for (let i = 0; i < m; i++) {
        let to = at[i] * strides(shape)[d]
        small.forEach((size, k) => {
          if (k !== d) to += (Math.floor(i / strides(small)[k]) % size) * strides(shape)[k]
        })
        want[to] = 10 + i + (add ? want[to] : 0)
      }
      const x = arange(n, { dtype }).reshape(shape)
      const source = arange(10, 10 + m, 1, { dtype }).reshape(small)
      const got = (add ? scatterAdd : scatter)(x, d - shape.length, tensor(at).reshape(small), source)
      return got.dtype === dtype && JSON.stringify(got.reshape([n]).tolist()) === JSON.stringify(want)
    }),
    { numRuns: 150 },
  )
  t.pass()
})

test('gradients of the tensor and the source, of equal places, of what the index does not reach', t => {
  const places = int([
    [2, 1],
    [2, 0],
  ])
  const shapes = [
    [3, 3],
    [2, 2],
  ]
  t.true(checkGradients((x, s) => scatter(x, 0, places, s).square(), shapes))
  t.true(checkGradients((x, s) => scatterAdd(x, 0, places, s).square(), shapes))
  t.true(
    checkGradients(
      (x, s) => scatterAdd(x, 1, places, s).square(),
      [
        [2, 3],
        [3, 2],
      ],
    ),
  )
  t.true(
    checkGradients(
      (x, s) => indexAdd(x, 1, [1, 1], s).square(),
      [
        [2, 3],
        [2, 2],
      ],
    ),
  )
  t.true(checkGradients(x => scatter(x, 0, places, 3).square(), [[3, 3]]))
})

test('bools are set; the tensor itself stays', t => {
  const x = tensor([true, true])
  t.deepEqual(scatter(x, 0, [1], 0).tolist(), [true, false])
  t.deepEqual(x.tolist(), [true, true])
  t.deepEqual(scatter(tensor(3), 0, int(0), tensor(5)).item(), 5)
  t.deepEqual(zeros([2, 0]).scatter(0, zeros([1, 0], { dtype: 'int32' }), zeros([1, 0])).shape, [2, 0])
})

test('refusals', t => {
  const x = matrix()
  for (const bad of [3, -4, 2 ** 40, 0.5, Number.NaN])
    t.throws(() => zeros([3]).scatter(0, [0, bad], tensor([1, 1])), { instanceOf: IndexError }, `${bad}`)
  t.throws(() => x.scatter(0, int([[0, 3]]), 1), { instanceOf: IndexError, message: /3 .*size 3/ })
  t.throws(() => x.scatter(0, zeros([1, 2]), 1), { instanceOf: IndexError, message: /float32/ })
  t.throws(() => x.scatter(0, int([[0, 0, 0]]), 1), { instanceOf: ShapeError, message: /\[1, 3\].*\[3, 2\]/ })
  t.throws(() => x.scatter(0, [0], 1), { instanceOf: ShapeError })
  t.throws(() => x.scatter(0, int([[0, 0]]), zeros([1, 1])), { instanceOf: ShapeError, message: /\[1, 2\].*\[1, 1\]/ })
  t.throws(() => x.scatter(0, int([[0, 0]]), int([[1, 1]])), { instanceOf: DTypeError })
  t.throws(() => x.scatter(0, int([[0, 0]]), 1, { reduse: 'add' } as never), {
    instanceOf: TypeError,
    message: /reduse/,
  })
  t.throws(() => x.scatter(0, int([[0, 0]]), 1, { reduce: 'amax' } as never))
  t.throws(() => x.indexAdd(0, [0], zeros([2, 2])), { instanceOf: ShapeError, message: /\[2, 2\]/ })
  t.throws(() => x.indexAdd(0, [0], zeros([1, 1])), { instanceOf: ShapeError })
})
