// Rearranged tensors have memory of their own, pads may cut off, and what PyTorch refuses is refused.
import test from 'ava'
import {
  arange,
  cat,
  flip,
  IndexError,
  pad,
  repeat,
  repeatInterleave,
  roll,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from 'glorot'
import { checkGradients } from '../harness/grad.js'

const matrix = () => arange(6).reshape([3, 2])

const unchanged: Record<string, (x: Tensor) => Tensor> = {
  repeat: x => repeat(x, [1, 1]),
  repeatInterleave: x => repeatInterleave(x, 1, 0),
  flip: x => flip(x, []),
  roll: x => roll(x, 0, 0),
  'roll along nothing': x => roll(x, [], []),
  pad: x => pad(x, [0, 0]),
  'pad that cuts': x => pad(x, [0, 0, 0, -1]),
  'pad by edges': x => pad(x, [0, 0], { mode: 'replicate' }),
  cat: x => cat([x]),
}
for (const [name, fn] of Object.entries(unchanged)) {
  test(`${name} copies where nothing moves`, t => {
    const x = matrix()
    const y = fn(x)
    t.deepEqual(y.tolist(), x.tolist().slice(0, y.shape[0]))
    y.fill_(9)
    t.deepEqual(x.tolist(), matrix().tolist())
    t.true(checkGradients(fn, [[3, 2]]))
  })
}

test('negative padding cuts off before anything is added', t => {
  t.deepEqual(pad(matrix(), [-1, 1, 1, -2]).tolist(), [
    [0, 0],
    [1, 0],
  ])
  t.deepEqual(pad(matrix(), [-1, 1], { mode: 'circular' }).tolist(), [
    [1, 1],
    [3, 3],
    [5, 5],
  ])
  t.deepEqual(pad(arange(5), [-1, 2], { mode: 'reflect' }).tolist(), [1, 2, 3, 4, 3, 2])
  // What is cut off is mirrored and repeated all the same.
  t.deepEqual(pad(arange(3), [-1, 2], { mode: 'reflect' }).tolist(), [1, 2, 1, 0])
  t.deepEqual(pad(arange(3), [2, -3], { mode: 'replicate' }).tolist(), [0, 0])
  t.throws(() => pad(matrix(), [-2, -1]), { message: /pad/ })
  t.true(checkGradients(x => pad(x, [-1, 2, 1, -1]), [[3, 3]]))
  t.true(checkGradients(x => pad(x, [-1, 2], { mode: 'reflect' }), [[2, 4]]))
})

test('constant padding takes any value of the dtype', t => {
  t.deepEqual([...pad(tensor([1]), [1, 1], { value: Number.NaN }).toTypedArray()], [Number.NaN, 1, Number.NaN])
  t.deepEqual(pad(tensor([1], { dtype: 'int32' }), [1, 0], { value: 7 }).tolist(), [7, 1])
  t.throws(() => pad(tensor([1], { dtype: 'int32' }), [1, 0], { value: 0.5 }), { message: /0\.5.*int32/ })
})

test('cat leaves out tensors of shape [0]', t => {
  t.deepEqual(cat([zeros([0]), matrix()], 1).tolist(), matrix().tolist())
  t.deepEqual(cat([matrix(), zeros([0])]).tolist(), matrix().tolist())
  t.deepEqual(cat([zeros([0]), zeros([0])]).shape, [0])
  t.throws(() => cat([zeros([0, 3]), matrix()]), { instanceOf: ShapeError })
})

test('roll names its dimensions', t => {
  t.deepEqual(roll(matrix(), 1).tolist(), [
    [5, 0],
    [1, 2],
    [3, 4],
  ])
  t.deepEqual(roll(tensor(3), 1).tolist(), 3)
  t.throws(() => roll(matrix(), [1, 2]), { message: /shifts/ })
  t.throws(() => roll(matrix(), [1, 2], [0]), { message: /shifts/ })
  t.throws(() => roll(tensor(3), 1, 0), { instanceOf: IndexError })
})
