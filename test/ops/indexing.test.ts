// Indexing and rearranging: gradients, integers, every kind of index, and what is refused.
import test from 'ava'
import {
  arange,
  cat,
  einsum,
  gather,
  IndexError,
  index,
  indexSelect,
  oneHot,
  pad,
  ShapeError,
  scatterAdd,
  stack,
  tensor,
  zeros,
} from 'glorot'
import { checkGradients } from '../harness/grad.js'

test('gradients', t => {
  const at = tensor([2, 0, 2], { dtype: 'int32' })
  t.true(checkGradients(x => indexSelect(x, 1, at), [[2, 3]]))
  t.true(
    checkGradients(
      x =>
        gather(
          x,
          1,
          tensor(
            [
              [0, 0],
              [2, 1],
            ],
            { dtype: 'int32' },
          ),
        ),
      [[2, 3]],
    ),
  )
  t.true(
    checkGradients(
      (x, y) => scatterAdd(x, 0, tensor([[0, 1, 1]], { dtype: 'int32' }), y),
      [
        [2, 3],
        [1, 3],
      ],
    ),
  )
  t.true(checkGradients(x => index(x, [at, at]), [[3, 3, 2]]))
  t.true(
    checkGradients(
      (x, y) => cat([x, y], 1),
      [
        [2, 3],
        [2, 1],
      ],
    ),
  )
  t.true(
    checkGradients(
      (x, y) => stack([x, y], 1),
      [
        [2, 3],
        [2, 3],
      ],
    ),
  )
  t.true(checkGradients(x => x.repeat([2, 1, 3]).flip([0, 2]).roll(1, 1), [[2, 3]]))
  t.true(checkGradients(x => x.tril().add(x.triu(1)), [[3, 3]]))
  t.true(checkGradients(x => pad(x, [1, 2, 1, 0], { mode: 'reflect' }), [[2, 3]]))
  t.true(
    checkGradients(
      (x, y) => einsum('bij,bkj->ikb', x, y),
      [
        [2, 3, 4],
        [2, 5, 4],
      ],
    ),
  )
})

test('indices: arrays, typed arrays, negative ones; integers and bools as data', t => {
  const x = arange(4, { dtype: 'int32' })
  for (const i of [[1, -1], Int32Array.of(1, -1), BigInt64Array.of(1n, -1n), tensor([1, -1], { dtype: 'int32' })]) {
    t.deepEqual(x.indexSelect(0, i).tolist(), [1, 3])
  }
  t.deepEqual(tensor([true, false]).indexSelect(0, [1, 0]).tolist(), [false, true])
  t.deepEqual(oneHot([1, 0]).tolist(), [
    [0, 1],
    [1, 0],
  ])
  t.deepEqual(
    arange(6)
      .reshape([2, 3])
      .index([
        tensor([
          [true, false, true],
          [false, false, true],
        ]),
      ])
      .tolist(),
    [0, 2, 5],
  )
})

test('bad indices and shapes', t => {
  const x = zeros([2, 3])
  for (const bad of [[2], [-3], [0.5], [Number.NaN], [2 ** 40]])
    t.throws(() => x.indexSelect(0, bad), { instanceOf: IndexError }, `${bad}`)
  t.throws(() => x.indexSelect(0, tensor([0.5])), { instanceOf: IndexError, message: /must be int32, got float32/ })
  t.throws(() => x.gather(0, tensor([7], { dtype: 'int32' }).reshape([1, 1])), {
    instanceOf: IndexError,
    message: /index 7 is out of range for a dimension of size 2/,
  })
  t.throws(() => x.index([[0], [0], [0]]), { instanceOf: IndexError })
  t.throws(() => cat([x, zeros([3, 2])]), { instanceOf: ShapeError, message: /\[2, 3\] and \[3, 2\]/ })
  t.throws(() => stack([x, zeros([3])]), { instanceOf: ShapeError })
  t.throws(() => pad(x, [3, 0], { mode: 'reflect' }), { instanceOf: ShapeError, message: /too long/ })
  t.throws(() => einsum('ij,jk->ik', x, x), { instanceOf: ShapeError, message: /'j' is both 3 and 2/ })
  t.throws(() => einsum('ij->ijj', x), { message: /does not describe/ })
})
