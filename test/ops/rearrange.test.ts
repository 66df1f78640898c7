// Joining, repeating, mirroring, padding, einsum: values, dtypes, gradients, refusals. More values: test/golden/.
import test from 'ava'
import * as g from 'glorot'
import { IndexError, ShapeError, type Tensor, tensor, ValueError } from 'glorot'
import { checkGradients } from '../harness/grad.js'

const range = (shape: number[]) => g.arange(shape.reduce((a, b) => a * b, 1)).reshape(shape)

test('cat and stack', t => {
  t.deepEqual(g.cat([range([1, 2]), range([2, 2])]).tolist(), [
    [0, 1],
    [0, 1],
    [2, 3],
  ])
  t.deepEqual(g.cat([range([2, 1]), range([2, 2]).t()], -1).tolist(), [
    [0, 0, 2],
    [1, 1, 3],
  ])
  t.is(g.cat([tensor([1], { dtype: 'int32' }), tensor([0.5])]).dtype, 'float32')
  t.deepEqual(g.cat([tensor([]), range([2, 2])]).shape, [2, 2])
  t.deepEqual(g.cat([tensor([]), tensor([])]).shape, [0])
  t.deepEqual(g.stack([tensor(1), tensor(2)]).tolist(), [1, 2])
  t.deepEqual(g.stack([tensor([1, 2]), tensor([3, 4])], -1).tolist(), [
    [1, 3],
    [2, 4],
  ])
  t.deepEqual(g.vstack([tensor([1, 2]), tensor([[3, 4]])]).tolist(), [
    [1, 2],
    [3, 4],
  ])
  t.deepEqual(g.hstack([tensor([1]), tensor([2, 3])]).tolist(), [1, 2, 3])
  t.deepEqual(g.hstack([tensor([[1], [2]]), tensor([[3], [4]])]).tolist(), [
    [1, 3],
    [2, 4],
  ])
  t.throws(() => g.cat([range([1, 2]), range([1, 3])]), { instanceOf: ShapeError, message: /\[1, 2\] and \[1, 3\]/ })
  t.throws(() => g.cat([tensor(1)]), { instanceOf: ShapeError, message: /stack/ })
  t.throws(() => g.cat([]), { instanceOf: ValueError })
  t.throws(() => g.cat(tensor([1]) as never), { instanceOf: TypeError })
  t.throws(() => g.stack([tensor([1]), tensor([1, 2])]), { instanceOf: ShapeError })
})

test('repeat, tile and repeatInterleave', t => {
  const x = tensor([[1, 2]])
  t.deepEqual(x.repeat([2, 2]).tolist(), [
    [1, 2, 1, 2],
    [1, 2, 1, 2],
  ])
  t.deepEqual(tensor([1, 2]).repeat([2, 1, 1]).shape, [2, 1, 2])
  t.deepEqual(x.repeat([0, 3]).shape, [0, 6])
  t.deepEqual(x.tile([2]).tolist(), [[1, 2, 1, 2]])
  t.deepEqual(x.repeatInterleave(2, 1).tolist(), [[1, 1, 2, 2]])
  t.deepEqual(x.repeatInterleave(2).tolist(), [1, 1, 2, 2])
  t.deepEqual(x.repeatInterleave([0, 3], 1).tolist(), [[2, 2, 2]])
  t.deepEqual(x.repeatInterleave([2], 1).tolist(), [[1, 1, 2, 2]])
  const y = x.repeat([1, 1])
  y.add_(1)
  t.deepEqual(x.tolist(), [[1, 2]])
  t.throws(() => x.repeat([2]), { instanceOf: ShapeError })
  t.throws(() => x.repeat([-1, 1]), { instanceOf: ValueError })
  t.throws(() => x.repeatInterleave([1, 2, 3], 1), { instanceOf: ShapeError, message: /3 repeats.*size 2/ })
  t.throws(() => x.repeatInterleave([-1, 2], 1), { instanceOf: ValueError })
})

test('flip and roll', t => {
  const x = range([2, 3])
  t.deepEqual(x.flip(1).tolist(), [
    [2, 1, 0],
    [5, 4, 3],
  ])
  t.deepEqual(x.flip([0, -1]).tolist(), [
    [5, 4, 3],
    [2, 1, 0],
  ])
  t.deepEqual(x.flip([]).tolist(), x.tolist())
  t.deepEqual(x.t().flip(0).tolist(), [
    [2, 5],
    [1, 4],
    [0, 3],
  ])
  t.deepEqual(x.roll(1, 1).tolist(), [
    [2, 0, 1],
    [5, 3, 4],
  ])
  t.deepEqual(x.roll([-1, 4], [0, 1]).tolist(), [
    [5, 3, 4],
    [2, 0, 1],
  ])
  t.deepEqual(x.roll(2).tolist(), [
    [4, 5, 0],
    [1, 2, 3],
  ])
  t.deepEqual(g.zeros([0, 2]).roll(1, 0).shape, [0, 2])
  t.throws(() => x.flip([0, 0]), { instanceOf: ValueError })
  t.throws(() => x.flip(undefined as never), { instanceOf: TypeError })
  t.throws(() => x.roll([1, 2], [0]), { instanceOf: ValueError, message: /2 shifts.*1 dims/ })
  t.throws(() => x.roll(0.5, 0), { instanceOf: ValueError })
})

test('triangles and diagonals', t => {
  const x = range([3, 3]).add(1)
  t.deepEqual(x.tril().tolist(), [
    [1, 0, 0],
    [4, 5, 0],
    [7, 8, 9],
  ])
  t.deepEqual(x.triu(1).tolist(), [
    [0, 2, 3],
    [0, 0, 6],
    [0, 0, 0],
  ])
  t.deepEqual(x.triu({ diagonal: -9 }).tolist(), x.tolist())
  t.deepEqual(x.tril(-9).tolist(), g.zeros([3, 3]).tolist())
  t.deepEqual(g.ones([2, 1, 2], { dtype: 'bool' }).triu(1).tolist(), [[[false, true]], [[false, true]]])
  const y = range([2, 2])
  y.t().triu_()
  t.deepEqual(y.tolist(), [
    [0, 0],
    [2, 3],
  ])
  t.deepEqual(tensor([1, 2]).diag(-1).tolist(), [
    [0, 0, 0],
    [1, 0, 0],
    [0, 2, 0],
  ])
  t.deepEqual(x.diag({ diagonal: 1 }).tolist(), [2, 6])
  t.throws(() => tensor([1]).tril(), { instanceOf: ShapeError })
  t.throws(() => x.tril({ offset: 1 } as never), { instanceOf: TypeError, message: /offset/ })
})

test('oneHot', t => {
  t.deepEqual(g.oneHot([2, 0]).tolist(), [
    [0, 0, 1],
    [1, 0, 0],
  ])
  t.deepEqual(g.oneHot(tensor([[1]], { dtype: 'int32' }), 2).tolist(), [[[0, 1]]])
  t.is(g.oneHot([1]).dtype, 'int32')
  t.throws(() => g.oneHot([3], 3), { instanceOf: IndexError, message: /index 3.*size 3/ })
  t.throws(() => g.oneHot([-1], 3), { instanceOf: IndexError })
  t.throws(() => g.oneHot(tensor([0.5])), { instanceOf: IndexError })
  t.throws(() => g.oneHot([]), { instanceOf: ValueError })
})

test('pad continues in four ways, and cuts off', t => {
  const x = tensor([[1, 2, 3]])
  t.deepEqual(g.pad(x, [1, 2]).tolist(), [[0, 1, 2, 3, 0, 0]])
  t.deepEqual(g.pad(x, [0, 1, 1, 0], { value: 9 }).tolist(), [
    [9, 9, 9, 9],
    [1, 2, 3, 9],
  ])
  t.deepEqual(g.pad(x, [2, 2], { mode: 'reflect' }).tolist(), [[3, 2, 1, 2, 3, 2, 1]])
  t.deepEqual(g.pad(x, [2, 1], { mode: 'replicate' }).tolist(), [[1, 1, 1, 2, 3, 3]])
  t.deepEqual(g.pad(x, [3, 1], { mode: 'circular' }).tolist(), [[1, 2, 3, 1, 2, 3, 1]])
  t.deepEqual(g.pad(x, [-1, 1]).tolist(), [[2, 3, 0]])
  t.deepEqual(g.pad(range([2, 2, 2]).transpose(0, 2), [1, 0, 0, 1], { mode: 'replicate' }).shape, [2, 3, 3])
  t.is(g.pad(tensor([1], { dtype: 'int32' }), [1, 1]).dtype, 'int32')
  t.throws(() => g.pad(x, [3, 0], { mode: 'reflect' }), { instanceOf: ValueError, message: /3 elements.*by 3/ })
  t.throws(() => g.pad(x, [4, 0], { mode: 'circular' }), { instanceOf: ValueError })
  t.throws(() => g.pad(x, [1]), { instanceOf: ValueError })
  t.throws(() => g.pad(x, [1, 1, 1, 1, 1, 1]), { instanceOf: ShapeError })
  t.throws(() => g.pad(x, [-2, -2]), { instanceOf: ValueError })
  t.throws(() => g.pad(x, [1, 1], { mode: 'mirror' as never }), { instanceOf: ValueError, message: /mode/ })
  t.throws(() => g.pad(x, [1, 1], { mode: 'reflect', value: 1 }), { instanceOf: ValueError })
})

test('einsum: products, sums, diagonals, any number of terms', t => {
  const [x, y] = [range([2, 3]), range([3, 2])]
  t.deepEqual(g.einsum('ij,jk->ik', x, y).tolist(), x.matmul(y).tolist())
  t.deepEqual(g.einsum('ij, jk', x, y).tolist(), x.matmul(y).tolist())
  t.deepEqual(g.einsum('ji', x).tolist(), x.t().tolist())
  t.is(g.einsum('ij->', x).item(), 15)
  t.deepEqual(g.einsum('ii->i', range([3, 3])).tolist(), [0, 4, 8])
  t.is(g.einsum('ii', range([3, 3])).item(), 12)
  t.deepEqual(g.einsum('ij,ij->i', x, x).tolist(), [5, 50])
  t.deepEqual(g.einsum('ij,kl->', x, y).item(), 225)
  t.deepEqual(g.einsum('...ij->...ji', range([2, 2, 3])).shape, [2, 3, 2])
  t.deepEqual(g.einsum('...i,...i->...', range([2, 1, 3]), range([4, 3])).shape, [2, 4])
  t.deepEqual(g.einsum('i,j,k->kji', tensor([1, 2]), tensor([3]), tensor([4, 5])).tolist(), [[[12, 24]], [[15, 30]]])
  t.deepEqual(g.einsum('ij,jk,kl->il', [x, y, x]).tolist(), x.matmul(y).matmul(x).tolist())
  t.throws(() => g.einsum('ij,jk->ik', x), { instanceOf: ValueError, message: /2 terms for 1 tensors/ })
  t.throws(() => g.einsum('ij,jk->ik', x, x), { instanceOf: ShapeError, message: /'j'.*3.*2/ })
  t.throws(() => g.einsum('ijk->i', x), { instanceOf: ShapeError, message: /3 dimensions.*2/ })
  t.throws(() => g.einsum('ij->iz', x), { instanceOf: ValueError, message: /'z'/ })
  t.throws(() => g.einsum('ij->ii', x), { instanceOf: ValueError, message: /twice/ })
  t.throws(() => g.einsum('i1->i', x), { instanceOf: ValueError })
  t.throws(() => g.einsum(x as never), { instanceOf: TypeError })
})

test('gradients, first and second', t => {
  const reflect = (x: Tensor) => g.pad(x.mul(x), [1, 2, 1, 0], { mode: 'reflect' })
  const cases: [(...inputs: Tensor[]) => Tensor, number[][]][] = [
    [
      (x, y) => g.cat([x.mul(x), y, x], 1),
      [
        [2, 2],
        [2, 1],
      ],
    ],
    [
      (x, y) => g.stack([x.mul(y), y], 1),
      [
        [2, 2],
        [2, 2],
      ],
    ],
    [x => x.mul(x).repeat([2, 1, 2]), [[2, 2]]],
    [x => x.mul(x).repeatInterleave([0, 2, 1], 1), [[2, 3]]],
    [x => x.mul(x).flip([0, 1]), [[2, 3]]],
    [x => x.mul(x).roll([1, 2], [0, 1]), [[2, 3]]],
    [x => x.mul(x).tril(1), [[2, 3, 3]]],
    [x => x.mul(x).diag(1), [[3]]],
    [reflect, [[2, 3, 3]]],
    [reflect, [[3, 4]]],
    [x => g.pad(x.mul(x), [1, 2, 1, 0], { mode: 'replicate' }), [[2, 2, 3]]],
    [x => g.pad(x.mul(x), [3, 1], { mode: 'circular' }), [[2, 3]]],
    [x => g.pad(x.mul(x), [1, -1], { value: 2 }), [[2, 3]]],
    [
      (x, y) => g.einsum('bij,kj,b->ik', x, y, x.select(2, 0).select(1, 0)),
      [
        [2, 2, 3],
        [2, 3],
      ],
    ],
    [x => g.einsum('bii->b', x.mul(x)), [[2, 2, 2]]],
  ]
  for (const [f, shapes] of cases) t.true(checkGradients(f, shapes), String(f))
})
