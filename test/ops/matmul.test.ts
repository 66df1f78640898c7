// Matrix products: shapes, broadcasting, strided operands, gradients, refusals.
import test from 'ava'
import fc from 'fast-check'
import {
  addmm,
  addmv,
  baddbmm,
  bmm,
  DTypeError,
  dot,
  matmul,
  mm,
  mv,
  outer,
  ShapeError,
  type Tensor,
  tensor,
} from 'glorot'
import { checkGradients, leaf } from '../harness/grad.js'

/** Element [i, j] of the product of two matrices of numbers. */
function plain(x: number[][], y: number[][]): number[][] {
  return x.map(row => y[0].map((_, j) => row.reduce((sum, v, k) => sum + v * y[k][j], 0)))
}

function close(t: { true(v: boolean, m: string): void }, got: number[], want: number[]): void {
  t.true(got.length === want.length && got.every((v, i) => Math.abs(v - want[i]) < 1e-12), `${got} against ${want}`)
}

test('matrices, vectors and batches', t => {
  const [x, y] = [
    tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]),
    tensor([
      [1, 0, 2],
      [0, 1, 3],
    ]),
  ]
  t.deepEqual(x.matmul(y).tolist(), [
    [1, 2, 8],
    [3, 4, 18],
    [5, 6, 28],
  ])
  t.deepEqual(mm(x, y).tolist(), x.matmul(y).tolist())
  t.deepEqual(mv(x, tensor([1, -1])).tolist(), [-1, -1, -1])
  t.deepEqual(tensor([1, 1, 1]).matmul(x).tolist(), [9, 12])
  t.is(dot(tensor([1, 2, 3]), tensor([4, 5, 6])).item(), 32)
  t.deepEqual(outer(tensor([1, 2]), tensor([3, 4, 5])).tolist(), [
    [3, 4, 5],
    [6, 8, 10],
  ])
  t.deepEqual(matmul(tensor([[[1, 2]], [[3, 4]]]), tensor([1, 10])).tolist(), [[21], [43]])
  t.deepEqual(
    bmm(
      tensor([[[1, 2]], [[3, 4]]]),
      tensor([
        [[1], [1]],
        [[2], [0]],
      ]),
    ).tolist(),
    [[[3]], [[6]]],
  )
  t.deepEqual(matmul(tensor([[1, 2]], { dtype: 'int32' }), tensor([[3], [4]], { dtype: 'int32' })).tolist(), [[11]])
})

test('addmm, addmv and baddbmm scale both terms', t => {
  const [x, y] = [
    tensor([
      [1, 2],
      [3, 4],
    ]),
    tensor([
      [1, 0],
      [0, 1],
    ]),
  ]
  t.deepEqual(addmm(tensor([10, 20]), x, y, { beta: 2, alpha: -1 }).tolist(), [
    [19, 38],
    [17, 36],
  ])
  t.deepEqual(addmm(tensor([[Number.NaN]]), x, y, { beta: 0 }).tolist(), [
    [1, 2],
    [3, 4],
  ])
  t.deepEqual(addmv(tensor([1, 1]), x, tensor([1, 1]), { alpha: 2 }).tolist(), [7, 15])
  t.deepEqual(baddbmm(tensor([1]), x.unsqueeze(0), y.unsqueeze(0), { beta: 3 }).tolist(), [
    [
      [4, 5],
      [6, 7],
    ],
  ])
})

test('an empty inner dimension sums to zeros', t => {
  t.deepEqual(
    tensor([[], []])
      .matmul(tensor([[]]).t().reshape([0, 1]).expand([0, 3]))
      .tolist(),
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
  )
  t.deepEqual(
    tensor([])
      .reshape([0, 2])
      .matmul(tensor([[1], [2]])).shape,
    [0, 1],
  )
})

test('strided operands give what their copies give', t => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      (M, N, K) => {
        const x = leaf([K, 2 * M], 1)
          .detach()
          .t()
          .slice(0, 0, 2 * M, 2)
        const y = leaf([N, K + 1], 2)
          .detach()
          .narrow(1, 1, K)
          .t()
        close(t, x.matmul(y).flatten().tolist(), plain(x.tolist(), y.tolist()).flat())
      },
    ),
    { numRuns: 50 },
  )
})

test('gradients, first and second', t => {
  const cases: [(...inputs: Tensor[]) => Tensor, number[][]][] = [
    [
      matmul,
      [
        [2, 3],
        [3, 4],
      ],
    ],
    [matmul, [[3], [3]]],
    [matmul, [[3], [3, 2]]],
    [matmul, [[2, 3], [3]]],
    [
      matmul,
      [
        [2, 2, 3],
        [3, 2],
      ],
    ],
    [
      matmul,
      [
        [2, 3],
        [2, 3, 2],
      ],
    ],
    [
      matmul,
      [
        [2, 1, 2, 3],
        [3, 3, 1],
      ],
    ],
    [matmul, [[3], [2, 3, 2]]],
    [
      bmm,
      [
        [2, 2, 3],
        [2, 3, 1],
      ],
    ],
    [outer, [[2], [3]]],
    [
      (a, b) => matmul(a.t(), b.t()),
      [
        [3, 2],
        [4, 3],
      ],
    ],
    [(i, a, b) => addmm(i, a, b, { beta: 0.5, alpha: -1.5 }), [[4], [2, 3], [3, 4]]],
    [
      (i, a, b) => baddbmm(i, a, b, { beta: 0.5, alpha: -1.5 }),
      [
        [1, 2],
        [2, 2, 2],
        [2, 2, 2],
      ],
    ],
    [(i, a, b) => addmv(i, a, b), [[2], [2, 3], [3]]],
  ]
  for (const [f, shapes] of cases) t.true(checkGradients(f, shapes), `${f} of ${JSON.stringify(shapes)}`)
})

test('what does not fit is refused', t => {
  const [x, y] = [tensor([[1, 2, 3]]), tensor([[1, 2]])]
  t.throws(() => x.matmul(y), {
    instanceOf: ShapeError,
    message: /matmul: \[1, 3\] and \[1, 2\].*3 columns against 1 rows/,
  })
  t.throws(() => x.matmul(tensor(1)), { instanceOf: ShapeError, message: /scalar/ })
  t.throws(() => x.matmul(x.t().double()), { instanceOf: DTypeError, message: /float32 and float64/ })
  t.throws(() => matmul(x.reshape([1, 1, 3]).expand([2, 1, 3]), x.t().reshape([1, 3, 1]).expand([3, 3, 1])), {
    instanceOf: ShapeError,
    message: /do not broadcast/,
  })
  t.throws(() => mm(x, tensor([1, 2, 3])), { instanceOf: ShapeError, message: /2 dimensions/ })
  t.throws(() => mv(x, tensor([1])), { instanceOf: ShapeError })
  t.throws(() => bmm(x.unsqueeze(0), x.t().expand([2, 3, 1])), { instanceOf: ShapeError, message: /batches/ })
  t.throws(() => addmm(tensor([1, 2]), x, x.t()), { instanceOf: ShapeError, message: /input \[2\]/ })
  t.throws(() => addmm(tensor([1]), x, x.t(), { gamma: 1 } as never), { instanceOf: TypeError, message: /gamma/ })
  t.throws(() => matmul([[1]] as never, x), { instanceOf: TypeError, message: /Tensor/ })
})
