// Slice strings against the same slices of plain arrays.
import test from 'ava'
import { arange, IndexError, ones, ValueError } from 'glorot'

const x = arange(24).reshape([2, 3, 4])
const plain: number[][][] = x.tolist()

test('ranges, indices, ellipsis and new dimensions', t => {
  t.deepEqual(
    x.at(':, 0:2').tolist(),
    plain.map(m => m.slice(0, 2)),
  )
  t.deepEqual(x.at('1').tolist(), plain[1])
  t.deepEqual(
    x.at('-1, ..., -1').tolist(),
    plain[1].map(r => r[3]),
  )
  t.deepEqual(
    x.at('..., ::2').tolist(),
    plain.map(m => m.map(r => [r[0], r[2]])),
  )
  t.deepEqual(
    x.at('0, 1:, -3:-1').tolist(),
    plain[0].slice(1).map(r => r.slice(-3, -1)),
  )
  t.deepEqual(x.at('None, 0').shape, [1, 3, 4])
  t.deepEqual(x.at('0, None, 1').shape, [1, 4])
  t.deepEqual(x.at(':, 2:1').shape, [2, 0, 4])
  t.deepEqual(x.at('0:99').shape, [2, 3, 4])
})

test('a slice is a view, and gradients go through it', t => {
  const y = arange(6).reshape([2, 3])
  y.at(':, 1').fill_(9)
  t.deepEqual(y.tolist(), [
    [0, 9, 2],
    [3, 9, 5],
  ])
  const w = ones([2, 3]).requiresGrad_()
  w.at('1, ::2')
    .mul(3)
    .backward(ones([2]))
  t.deepEqual(w.grad!.tolist(), [
    [0, 0, 0],
    [3, 0, 3],
  ])
})

test('what is no slice is refused', t => {
  t.throws(() => x.at('5'), { instanceOf: IndexError, message: /index 5 is out of range.*size 2/ })
  t.throws(() => x.at('0, 0, 0, 0'), { instanceOf: IndexError, message: /4 indices.*3 dimensions/ })
  for (const bad of ['a', '1.5', '::-1', '::0', '..., ...', '1:2:3:4', ''])
    t.throws(() => x.at(bad), { instanceOf: ValueError }, bad)
  t.throws(() => x.at(1 as never), { instanceOf: TypeError, message: /':, 0:5'/ })
})
