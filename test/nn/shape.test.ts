// Layers that change shapes alone.
import test from 'ava'
import { nn, rand, ShapeError, ValueError } from 'glorot'

test('Flatten joins all but the batch, or the dimensions it is told', t => {
  const x = rand([2, 3, 4, 5])
  t.deepEqual(new nn.Flatten().forward(x).shape, [2, 60])
  t.deepEqual(new nn.Flatten({ startDim: 0, endDim: -2 }).forward(x).shape, [24, 5])
  t.deepEqual(new nn.Flatten().forward(x).flatten().tolist(), x.flatten().tolist())
  t.is(new nn.Flatten().toString(), 'Flatten(start_dim=1, end_dim=-1)')
  t.throws(() => new nn.Flatten({ startDim: 0.5 }), { instanceOf: ValueError })
  t.throws(() => new nn.Flatten({ start: 1 } as never), { message: /did you mean 'startDim'/ })
  const error = t.throws(() => new nn.Sequential(new nn.Flatten({ startDim: 3 })).forward(rand([2, 2])))
  t.regex(error.message, /at 0 \(Flatten\)/)
})

test('Unflatten splits a dimension; -1 is what is left', t => {
  const x = rand([2, 10])
  t.deepEqual(new nn.Unflatten(1, [2, 5]).forward(x).shape, [2, 2, 5])
  t.deepEqual(new nn.Unflatten(-1, [-1, 2]).forward(x).shape, [2, 5, 2])
  t.is(new nn.Unflatten(1, [2, 5]).toString(), 'Unflatten(dim=1, unflattened_size=(2, 5))')
  t.throws(() => new nn.Unflatten(1, [3, 3]).forward(x), { instanceOf: ShapeError })
  t.throws(() => new nn.Unflatten(1, [3, -1]).forward(x), { instanceOf: ShapeError })
  t.throws(() => new nn.Unflatten(2, [2, 5]).forward(x))
  t.throws(() => new nn.Unflatten(1, 5 as never), { instanceOf: TypeError })
  t.throws(() => new nn.Unflatten(1, [2, -2]), { instanceOf: ValueError })
})

test('Identity gives back the very tensor', t => {
  const x = rand([2])
  t.is(new nn.Identity().forward(x), x)
  t.is(new nn.Identity().toString(), 'Identity()')
})
