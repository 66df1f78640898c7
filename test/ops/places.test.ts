// Where elements are taken from and put to, as PyTorch has it at the edges: masks over some dimensions, scalars, emptiness, refusals.
import test from 'ava'
import { arange, IndexError, indexSelect, oneHot, tensor, zeros } from 'glorot'
import { checkGradients } from '../harness/grad.js'

const int = (data: unknown) => tensor(data as number[], { dtype: 'int32' })
const matrix = () => arange(6).reshape([3, 2])

test('a mask stands for its dimensions, also where another reading would fit', t => {
  const square = arange(4).reshape([2, 2])
  t.deepEqual(square.index([tensor([true, false])]).tolist(), [[0, 1]])
  t.deepEqual(
    matrix()
      .index([tensor([true, false, true])])
      .tolist(),
    [
      [0, 1],
      [4, 5],
    ],
  )
  const cube = arange(12).reshape([2, 3, 2])
  const plane = tensor([
    [true, false, true],
    [false, true, false],
  ])
  t.deepEqual(cube.index([plane]).tolist(), [
    [0, 1],
    [4, 5],
    [8, 9],
  ])
  t.deepEqual(cube.index([tensor([true, true]), [2, 0]]).tolist(), [
    [4, 5],
    [6, 7],
  ])
  t.deepEqual(
    matrix()
      .index([[0], tensor([true, false])])
      .tolist(),
    [0],
  )
  t.deepEqual(matrix().index([tensor([false, false, false])]).shape, [0, 2])
  t.true(checkGradients(x => x.index([plane]), [[2, 3, 2]]))
})

test('a mask of another size is refused', t => {
  t.throws(() => matrix().index([tensor([true])]), { instanceOf: IndexError, message: /\[1\].*\[3, 2\]/ })
  t.throws(() => matrix().index([[0], tensor([true, false, true])]), { instanceOf: IndexError })
  t.throws(() => matrix().index([matrix().gt(1), [0]]), { instanceOf: IndexError })
})

test('a scalar has one place', t => {
  t.is(tensor(3).indexSelect(0, [0]).item(), 3)
  for (const list of [[], [0, 0]]) t.throws(() => tensor(3).indexSelect(0, list), { message: /scalar|shape/ })
})

test('indices that are no numbers are no indices', t => {
  for (const bad of ['0', true, null]) {
    t.throws(() => indexSelect(matrix(), 0, [bad] as never), { instanceOf: TypeError }, `${bad}`)
  }
  t.throws(() => indexSelect(matrix(), 0, new Float32Array([0]) as never), { instanceOf: TypeError })
})

test('oneHot: classes from the largest, none below 0', t => {
  t.deepEqual(oneHot([0, 2], -1).tolist(), oneHot([0, 2], 3).tolist())
  t.deepEqual(oneHot(int([[1], [0]])).shape, [2, 1, 2])
  t.deepEqual(oneHot([], 3).shape, [0, 3])
  t.throws(() => oneHot([-1, 1], 3), { instanceOf: IndexError, message: /-1/ })
  t.throws(() => oneHot([-1, 1]), { instanceOf: IndexError, message: /-1/ })
  t.throws(() => oneHot([3], 3), { instanceOf: IndexError, message: /3/ })
  t.throws(() => oneHot([0.5]), { instanceOf: IndexError })
  t.throws(() => oneHot([]), { message: /numClasses/ })
  t.throws(() => oneHot([0], 0), { message: /numClasses/ })
})

test('nothing selected, nothing added', t => {
  t.deepEqual(matrix().indexSelect(0, []).shape, [0, 2])
  t.deepEqual(matrix().gather(0, zeros([0, 2], { dtype: 'int32' })).shape, [0, 2])
  t.deepEqual(matrix().maskedSelect(matrix().gt(99)).shape, [0])
  t.deepEqual(
    matrix()
      .indexAdd(0, [], zeros([0, 2]))
      .tolist(),
    matrix().tolist(),
  )
})
