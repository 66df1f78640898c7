// Elements by index: every form of an index against plain arrays, gradients, and what hostile indices meet.
import test from 'ava'
import fc from 'fast-check'
import * as g from 'glorot'
import { AutogradError, DTypeError, IndexError, ShapeError, type Tensor, tensor } from 'glorot'
import { checkGradients } from '../harness/grad.js'

const int = (data: number[] | number[][] | number[][][]) => tensor(data, { dtype: 'int32' })
const range = (shape: number[]) => g.arange(shape.reduce((a, b) => a * b, 1)).reshape(shape)

test('an index may be numbers, a typed array, a tensor or a mask', t => {
  const x = range([3, 4])
  const want = x.indexSelect(0, int([2, 0])).tolist()
  t.deepEqual(want, [
    [8, 9, 10, 11],
    [0, 1, 2, 3],
  ])
  t.deepEqual(x.index([2, 0]).tolist(), want)
  t.deepEqual(x.index(new Int32Array([2, 0])).tolist(), want)
  t.deepEqual(x.index(new BigInt64Array([2n, 0n])).tolist(), want)
  t.deepEqual(x.index([-1, -3]).tolist(), want)
  t.deepEqual(x.index(tensor([true, false, true])).tolist(), [want[1], want[0]])
  t.deepEqual(x.indexSelect(1, [1, 1]).tolist(), [
    [1, 1],
    [5, 5],
    [9, 9],
  ])
  t.is(tensor(5).indexSelect(0, [0]).item(), 5)
  t.deepEqual(tensor([true, false]).indexSelect(0, [1, 0]).tolist(), [false, true])
})

test('several indices are read together, and placed as PyTorch places them', t => {
  const x = range([2, 3, 4])
  t.deepEqual(x.index([0, 1], [2, 0]).tolist(), [
    [8, 9, 10, 11],
    [12, 13, 14, 15],
  ])
  t.deepEqual(x.index([int([0, 1]), int([2, 0])]).tolist(), x.index([0, 1], [2, 0]).tolist())
  t.deepEqual(x.index(null, [0, 2]).shape, [2, 2, 4])
  t.deepEqual(x.index([[0], [1]], [0, 2]).shape, [2, 2, 4])
  t.deepEqual(x.index([0, 1], null, [1, 3]).tolist(), [
    [1, 5, 9],
    [15, 19, 23],
  ])
  t.deepEqual(x.index(1, null, [1, 3]).tolist(), [
    [13, 15],
    [17, 19],
    [21, 23],
  ])
  t.deepEqual(x.index(null, 1).tolist(), [
    [4, 5, 6, 7],
    [16, 17, 18, 19],
  ])
  t.deepEqual(x.index(x.gt(20)).tolist(), [21, 22, 23])
  t.deepEqual(x.index(null, x.select(0, 0).gt(9)).tolist(), [
    [10, 11],
    [22, 23],
  ])
  t.deepEqual(x.index([[]]).shape, [0, 3, 4])
})

test('writing: indexPut, indexAdd, indexCopy, indexFill', t => {
  const x = g.zeros([2, 3])
  t.deepEqual(
    x
      .indexPut(
        [
          [0, 1],
          [2, 0],
        ],
        tensor([5, 6]),
      )
      .tolist(),
    [
      [0, 0, 5],
      [6, 0, 0],
    ],
  )
  t.deepEqual(x.indexPut([[0, 0, 0]], 1, { accumulate: true }).tolist(), [
    [3, 3, 3],
    [0, 0, 0],
  ])
  t.deepEqual(x.indexPut([null, [1, 1]], tensor([[1, 2]])).tolist(), [
    [0, 2, 0],
    [0, 2, 0],
  ])
  t.deepEqual(x.indexPut([1], 7).tolist(), [
    [0, 0, 0],
    [7, 7, 7],
  ])
  t.deepEqual(
    range([2, 2, 2])
      .indexPut([[0], null, [1]], -1)
      .tolist(),
    [
      [
        [0, -1],
        [2, -1],
      ],
      [
        [4, 5],
        [6, 7],
      ],
    ],
  )
  const y = g.zeros([2, 3])
  y.t().indexPut_(
    [
      [0, 2],
      [1, 0],
    ],
    tensor([4, 5]),
  )
  t.deepEqual(y.tolist(), [
    [0, 0, 5],
    [4, 0, 0],
  ])
  t.deepEqual(
    x
      .indexAdd(
        1,
        [0, 0],
        tensor([
          [1, 2],
          [3, 4],
        ]),
        { alpha: 2 },
      )
      .tolist(),
    [
      [6, 0, 0],
      [14, 0, 0],
    ],
  )
  t.deepEqual(x.indexCopy(0, [1], tensor([[1, 2, 3]])).tolist(), [
    [0, 0, 0],
    [1, 2, 3],
  ])
  t.deepEqual(x.indexFill(1, [0, 2], 9).tolist(), [
    [9, 0, 9],
    [9, 0, 9],
  ])
  t.deepEqual(
    int([1, 2])
      .indexAdd_(0, [1, 1], int([3, 4]))
      .tolist(),
    [1, 9],
  )
})

test('gather, scatter and takeAlongDim', t => {
  const x = range([3, 4])
  t.deepEqual(
    x
      .gather(
        1,
        int([
          [0, 3],
          [1, 1],
        ]),
      )
      .tolist(),
    [
      [0, 3],
      [5, 5],
    ],
  )
  t.deepEqual(
    x
      .t()
      .gather(
        0,
        int([
          [0, 3],
          [1, 1],
        ]),
      )
      .tolist(),
    [
      [0, 7],
      [1, 5],
    ],
  )
  t.deepEqual(
    g
      .zeros([2, 3])
      .scatter(
        1,
        int([
          [2, 0],
          [1, 1],
        ]),
        tensor([
          [1, 2],
          [3, 4],
        ]),
      )
      .tolist(),
    [
      [2, 0, 1],
      [0, 4, 0],
    ],
  )
  t.deepEqual(
    g
      .zeros([2, 3])
      .scatter(0, [[1, 0, 1]], 5)
      .tolist(),
    [
      [0, 5, 0],
      [5, 0, 5],
    ],
  )
  t.deepEqual(
    g
      .ones([3])
      .scatter(0, [0, 0, 2], tensor([2, 3, 4]), { reduce: 'multiply' })
      .tolist(),
    [6, 1, 4],
  )
  t.deepEqual(
    g
      .ones([3])
      .scatter(0, [0, 0, 2], tensor([2, 3, 4]), { reduce: 'add' })
      .tolist(),
    [6, 1, 5],
  )
  t.deepEqual(
    int([0, 0])
      .scatterAdd(0, [1, 1, 1], int([1, 2, 3]))
      .tolist(),
    [0, 6],
  )
  t.deepEqual(x.takeAlongDim(x.argmax(1, { keepdim: true }), 1).tolist(), [[3], [7], [11]])
  const y = g.zeros([2, 3])
  y.t().scatter_(0, [[0, 2]], 1)
  t.deepEqual(y.tolist(), [
    [1, 0, 0],
    [0, 0, 1],
  ])
})

test('masks: maskedSelect and nonzero', t => {
  const x = tensor([
    [1, 0, 2],
    [0, 3, 0],
  ])
  t.deepEqual(x.nonzero().tolist(), [
    [0, 0],
    [0, 2],
    [1, 1],
  ])
  t.deepEqual(tensor(3).nonzero().shape, [1, 0])
  t.deepEqual(g.zeros([0, 3]).nonzero().shape, [0, 2])
  t.deepEqual(x.maskedSelect(x.ne(0)).tolist(), [1, 2, 3])
  t.deepEqual(x.maskedSelect(tensor([true, false, true])).tolist(), [1, 2, 0, 0])
  t.deepEqual(x.t().maskedSelect(x.t().ne(0)).tolist(), [1, 3, 2])
})

test('gradients, first and second', t => {
  const twice = int([1, 0, 1])
  const cases: [(...inputs: Tensor[]) => Tensor, number[][]][] = [
    [x => x.mul(x).indexSelect(1, twice), [[2, 3]]],
    [x => x.mul(x).index([0, 1, 0], null, [1, 1, 1]), [[2, 3, 2]]],
    [x => x.mul(x).index(null, tensor([true, false, true])), [[2, 3]]],
    [
      x =>
        x.mul(x).gather(
          1,
          int([
            [0, 0],
            [2, 1],
          ]),
        ),
      [[2, 3]],
    ],
    [
      (x, y) =>
        x.mul(x).scatter(
          1,
          int([
            [0, 2],
            [1, 0],
          ]),
          y.mul(y),
        ),
      [
        [2, 3],
        [2, 2],
      ],
    ],
    [
      (x, y) => x.mul(x).scatterAdd(0, int([[1, 1, 0]]), y.mul(y)),
      [
        [2, 3],
        [2, 4],
      ],
    ],
    [
      (x, y) => x.mul(x).indexAdd(1, twice, y.mul(y), { alpha: -2 }),
      [
        [2, 3],
        [2, 3],
      ],
    ],
    [
      (x, y) => x.mul(x).indexCopy(1, int([2, 0]), y.mul(y)),
      [
        [2, 3],
        [2, 2],
      ],
    ],
    [
      (x, y) => x.mul(x).indexCopy(1, twice, y.mul(y)),
      [
        [2, 3],
        [2, 3],
      ],
    ],
    [(x, v) => x.mul(x).indexFill(1, int([2, 0]), v.mul(v)), [[2, 3], []]],
    [
      (x, y) =>
        x.mul(x).indexPut(
          [
            [0, 1],
            [2, 0],
          ],
          y.mul(y),
        ),
      [[2, 3], [2]],
    ],
    [
      (x, y) => x.mul(x).indexPut([twice], y.mul(y), { accumulate: true }),
      [
        [2, 3],
        [3, 3],
      ],
    ],
    [
      x =>
        x.mul(x).maskedSelect(
          tensor([
            [true, false, true],
            [false, true, true],
          ]),
        ),
      [[2, 3]],
    ],
  ]
  for (const [f, shapes] of cases) t.true(checkGradients(f, shapes), String(f))
})

test('an index changed after the forward pass is noticed', t => {
  const x = tensor([1, 2, 3], { requiresGrad: true })
  const at = int([0, 2])
  const y = x.indexSelect(0, at)
  at.fill_(1)
  t.throws(() => y.backward(tensor([1, 1])), { instanceOf: AutogradError, message: /changed in place/ })
})

test('what is out of range, not whole or of another dtype is refused, and nothing is written', t => {
  const x = g.zeros([2, 3])
  for (const bad of [[2], [-3], [0.5], [Number.NaN], [Infinity], [2 ** 40]]) {
    t.throws(() => x.index(bad), { instanceOf: IndexError }, `${bad}`)
    t.throws(() => x.indexSelect(0, bad), { instanceOf: IndexError }, `${bad}`)
  }
  const error = t.throws(() => x.gather(1, int([[0, 7]])), { instanceOf: IndexError })
  t.regex(error.message, /gather: index 7 is out of range for a dimension of size 3/)
  t.throws(() => x.gather(1, int([[-1]])), { instanceOf: IndexError, message: /index -1/ })
  t.throws(() => x.indexSelect(0, [-1]), { instanceOf: IndexError })
  t.throws(() => x.index(tensor([0.5])), { instanceOf: IndexError, message: /int32, got float32/ })
  t.throws(() => x.index(new BigInt64Array([2n ** 40n])), { instanceOf: IndexError })
  t.throws(() => x.index(tensor([true])), { instanceOf: IndexError, message: /mask of shape \[1\]/ })
  t.throws(() => x.index([0], [0], [0]), { instanceOf: IndexError, message: /too many/ })
  t.throws(() => x.index(null, null, null), { instanceOf: IndexError })
  t.throws(() => x.index(), { instanceOf: TypeError })
  t.throws(() => x.index('0' as never), { instanceOf: TypeError })
  t.throws(() => x.index(2), { instanceOf: IndexError })
  t.throws(() => x.index([0, 1, 0], [0, 1]), { instanceOf: ShapeError, message: /do not broadcast/ })
  t.throws(() => x.indexAdd_(0, [0, 5], g.ones([2, 3])), { instanceOf: IndexError })
  t.throws(() => x.scatter_(1, int([[0, 1, 9]]), 1), { instanceOf: IndexError })
  t.throws(() => x.indexPut_([[0, 9]], 1), { instanceOf: IndexError })
  t.deepEqual(x.tolist(), [
    [0, 0, 0],
    [0, 0, 0],
  ])
  t.throws(() => x.indexAdd(0, [0], g.ones([2, 3])), { instanceOf: ShapeError, message: /\[1, 3\]/ })
  t.throws(() => x.indexAdd(0, [0], int([[1, 1, 1]])), { instanceOf: DTypeError })
  t.throws(() => x.gather(0, int([0])), { instanceOf: ShapeError })
  t.throws(() => x.scatter(0, [[0, 0, 0]], g.ones([1, 2])), { instanceOf: ShapeError })
  t.throws(() => x.scatter(0, [[0, 0, 0]], 1, { reduce: 'max' as never }), { message: /reduce/ })
  t.throws(() => x.maskedSelect(x), { instanceOf: DTypeError })
})

test('indexSelect, gather and scatterAdd equal loops over plain arrays', t => {
  const sizes = fc.record({ rows: fc.integer({ min: 1, max: 6 }), columns: fc.integer({ min: 1, max: 40 }) })
  fc.assert(
    fc.property(sizes, fc.array(fc.nat(1000), { maxLength: 9 }), ({ rows, columns }, seeds) => {
      const x = range([rows, columns])
      const rowsAt = seeds.map(s => s % rows)
      t.deepEqual(
        x.indexSelect(0, rowsAt).tolist(),
        rowsAt.map(r => x.select(0, r).tolist()),
      )
      const at = seeds.map(s => Array.from({ length: columns }, (_, c) => (s + c) % rows))
      if (at.length === 0) return
      t.deepEqual(
        x.gather(0, int(at)).tolist(),
        at.map(row => row.map((r, c) => r * columns + c)),
      )
      const sums = Array.from({ length: rows }, () => new Array<number>(columns).fill(0))
      for (const [i, row] of at.entries()) for (const [c, r] of row.entries()) sums[r][c] += i * columns + c
      const source = range([at.length, columns])
      t.deepEqual(g.zeros([rows, columns]).scatterAdd(0, int(at), source).tolist(), sums)
    }),
    { numRuns: 100 },
  )
})
