// Views: values against plain arrays, shared memory, gradients, refusals.
import test from 'ava'
import fc from 'fast-check'
import { broadcastTensors, IndexError, ShapeError, type Tensor, tensor, ValueError } from 'glorot'
import { checkGradients } from '../harness/grad.js'

/** 0, 1, 2 … in a shape. */
function range(shape: readonly number[]): Tensor {
  return tensor(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i)).reshape(shape)
}

test('reshape, view and flatten keep row-major order', t => {
  const x = range([2, 3, 4])
  t.deepEqual(x.reshape([-1, 8]).tolist(), range([3, 8]).tolist())
  t.deepEqual(x.view([4, 6]).tolist(), range([4, 6]).tolist())
  t.deepEqual(x.flatten(1).shape, [2, 12])
  t.deepEqual(x.flatten({ startDim: 0, endDim: 1 }).shape, [6, 4])
  t.deepEqual(x.flatten().shape, [24])
  t.deepEqual(tensor(3).flatten().shape, [1])
  t.deepEqual(x.unflatten(2, [2, -1]).shape, [2, 3, 2, 2])
  t.deepEqual(x.transpose(0, 2).reshape([-1]).tolist(), x.permute([2, 1, 0]).contiguous().view([24]).tolist())
})

test('transpose, permute, movedim, T and mT name dimensions from either end', t => {
  const x = range([2, 3, 4])
  t.deepEqual(x.transpose(0, -1).shape, [4, 3, 2])
  t.deepEqual(x.permute([1, -1, 0]).shape, [3, 4, 2])
  t.is(x.permute([1, -1, 0]).select(0, 2).select(0, 3).select(0, 1).item(), 23)
  t.deepEqual(x.movedim(0, -1).shape, [3, 4, 2])
  t.deepEqual(x.movedim([0, 1], [1, 0]).shape, [3, 2, 4])
  t.deepEqual(x.T.shape, [4, 3, 2])
  t.deepEqual(x.mT.shape, [2, 4, 3])
  t.deepEqual(range([2, 3]).t().tolist(), [
    [0, 3],
    [1, 4],
    [2, 5],
  ])
  t.deepEqual(tensor([1, 2]).t().tolist(), [1, 2])
})

test('squeeze, unsqueeze, expand and broadcastTensors', t => {
  const x = range([1, 3, 1])
  t.deepEqual(x.squeeze().shape, [3])
  t.deepEqual(x.squeeze(0).shape, [3, 1])
  t.deepEqual(x.squeeze(1).shape, [1, 3, 1])
  t.deepEqual(x.squeeze([0, 2]).shape, [3])
  t.deepEqual(x.unsqueeze(-1).shape, [1, 3, 1, 1])
  t.deepEqual(x.unsqueeze(0).shape, [1, 1, 3, 1])
  t.deepEqual(range([2, 1]).expand([3, -1, 2]).tolist(), [
    [
      [0, 0],
      [1, 1],
    ],
    [
      [0, 0],
      [1, 1],
    ],
    [
      [0, 0],
      [1, 1],
    ],
  ])
  const [a, b] = broadcastTensors([range([2, 1]), range([3])])
  t.deepEqual(a.tolist(), [
    [0, 0, 0],
    [1, 1, 1],
  ])
  t.deepEqual(b.tolist(), [
    [0, 1, 2],
    [0, 1, 2],
  ])
})

test('select, narrow, slice and diagonal', t => {
  const x = range([3, 4])
  t.deepEqual(x.select(0, -1).tolist(), [8, 9, 10, 11])
  t.deepEqual(x.narrow(1, 1, 2).tolist(), [
    [1, 2],
    [5, 6],
    [9, 10],
  ])
  t.deepEqual(x.narrow(1, -1, 1).tolist(), [[3], [7], [11]])
  t.deepEqual(x.slice(1, 0, 4, 3).tolist(), [
    [0, 3],
    [4, 7],
    [8, 11],
  ])
  t.deepEqual(x.slice(0, { start: -2, end: 100 }).tolist(), [
    [4, 5, 6, 7],
    [8, 9, 10, 11],
  ])
  t.deepEqual(x.slice(0, 2, 1).shape, [0, 4])
  t.deepEqual(x.diagonal().tolist(), [0, 5, 10])
  t.deepEqual(x.diagonal(2).tolist(), [2, 7])
  t.deepEqual(x.diagonal({ offset: -1, dim1: 0, dim2: 1 }).tolist(), [4, 9])
  t.deepEqual(x.diagonal({ offset: 9 }).tolist(), [])
  t.deepEqual(range([2, 3, 3]).diagonal({ dim1: 1, dim2: 2 }).tolist(), [
    [0, 4, 8],
    [9, 13, 17],
  ])
})

test('split, chunk and unbind', t => {
  const x = range([2, 5])
  t.deepEqual(
    x.split(2, 1).map(p => p.tolist()),
    [
      [
        [0, 1],
        [5, 6],
      ],
      [
        [2, 3],
        [7, 8],
      ],
      [[4], [9]],
    ],
  )
  t.deepEqual(
    x.split([1, 4], 1).map(p => p.shape),
    [
      [2, 1],
      [2, 4],
    ],
  )
  t.deepEqual(
    x.chunk(4, 1).map(p => p.shape),
    [
      [2, 2],
      [2, 2],
      [2, 1],
    ],
  )
  t.deepEqual(
    x.unbind().map(p => p.tolist()),
    [
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8, 9],
    ],
  )
  t.deepEqual(range([0, 2]).unbind(), [])
})

test('views share memory, and say so to versions', t => {
  const x = range([2, 3])
  x.t().select(0, 1).mul_(10)
  t.deepEqual(x.tolist(), [
    [0, 10, 2],
    [3, 40, 5],
  ])
  x.unbind(1)[2].add_(1)
  t.deepEqual(x.tolist(), [
    [0, 10, 3],
    [3, 40, 6],
  ])
})

test('writing into one part of a split reaches the gradient', t => {
  const x = tensor([1, 2, 3, 4], { requiresGrad: true })
  const y = x.mul(1)
  y.split(2)[1].mul_(5)
  y.backward(tensor([1, 1, 1, 1]))
  t.deepEqual(x.grad!.tolist(), [1, 1, 5, 5])
})

test('gradients of every view, first and second', t => {
  const square = (f: (x: Tensor) => Tensor | Tensor[]) => (x: Tensor) => f(x.mul(x))
  const views: ((x: Tensor) => Tensor | Tensor[])[] = [
    x => x.reshape([4, 3]),
    x => x.transpose(0, 2).reshape([-1]),
    x => x.permute([2, 0, 1]),
    x => x.movedim(0, 1),
    x => x.flatten(1),
    x => x.unsqueeze(1).squeeze(1),
    x => x.unsqueeze(0).expand([3, 2, 3, 2]),
    x => x.select(1, -1),
    x => x.narrow(1, 1, 2),
    x => x.slice(1, 0, 3, 2),
    x => x.diagonal({ offset: -1, dim1: 1, dim2: 2 }),
    x => x.split([1, 2], 1),
    x => x.chunk(2, 2)[1],
    x => x.unbind(1),
  ]
  for (const f of views) t.true(checkGradients(square(f), [[2, 3, 2]]), String(f))
})

test('what does not fit is refused', t => {
  const x = range([2, 3])
  t.throws(() => x.reshape([4]), { instanceOf: ShapeError, message: /reshape: \[4\].*6 elements.*\[2, 3\]/ })
  t.throws(() => x.reshape([-1, -1]), { instanceOf: ValueError })
  t.throws(() => x.reshape(6 as never), { instanceOf: TypeError })
  t.throws(() => x.t().view([6]), { instanceOf: ShapeError, message: /view: .*reshape/ })
  t.throws(() => x.transpose(0, 2), { instanceOf: IndexError })
  t.throws(() => x.permute([0]), { instanceOf: ShapeError })
  t.throws(() => x.permute([0, 0]), { instanceOf: ValueError })
  t.throws(() => x.expand([2, 4]), { instanceOf: ShapeError, message: /\[2, 3\].*\[2, 4\]/ })
  t.throws(() => x.select(0, 2), { instanceOf: IndexError, message: /index 2.*size 2/ })
  t.throws(() => x.select(0, 0.5), { instanceOf: IndexError })
  t.throws(() => x.narrow(1, 2, 2), { instanceOf: IndexError })
  t.throws(() => x.slice(0, 0, 2, 0), { instanceOf: ValueError, message: /step/ })
  t.throws(() => x.slice(0, { begin: 1 } as never), { instanceOf: TypeError, message: /begin/ })
  t.throws(() => x.split([1, 1], 1), { instanceOf: ShapeError, message: /add up to 2.*3/ })
  t.throws(() => x.split(0, 1), { instanceOf: ValueError })
  t.throws(() => tensor(1).select(0, 0), { instanceOf: IndexError })
  t.throws(() => range([1, 2, 2]).t(), { instanceOf: ShapeError })
})

test('any chain of views equals the same chain of copies', t => {
  const step = fc.record({
    kind: fc.constantFrom('transpose', 'narrow', 'step', 'reshape', 'unsqueeze', 'squeeze', 'expand'),
    a: fc.nat(100),
    b: fc.nat(100),
  })
  /** The step on x, chosen among what its shape allows. */
  const apply = (x: Tensor, { kind, a, b }: { kind: string; a: number; b: number }): Tensor => {
    const n = x.shape.length
    if (n === 0) return x.unsqueeze(0)
    const [d, e] = [a % n, b % n]
    const size = x.shape[d]
    if (kind === 'transpose') return x.transpose(d, e)
    if (kind === 'narrow') return x.narrow(d, b % (size + 1), size - (b % (size + 1)))
    if (kind === 'step') return x.slice(d, 0, size, 1 + (b % 3))
    if (kind === 'unsqueeze' && n < 5) return x.unsqueeze(d)
    if (kind === 'squeeze') return x.squeeze(d)
    if (kind === 'expand' && n < 5) return x.unsqueeze(0).expand([2, ...x.shape])
    const divisors = [1, 2, 3, 4, 6].filter(k => x.numel() % k === 0 && x.numel() > 0)
    return divisors.length === 0 ? x : x.reshape([divisors[a % divisors.length], -1])
  }
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), steps => {
      let view = range([2, 3, 4])
      let copy = range([2, 3, 4])
      for (const s of steps) {
        view = apply(view, s)
        copy = apply(copy, s).clone()
        t.deepEqual(view.shape, copy.shape)
      }
      t.deepEqual(view.tolist(), copy.tolist())
      t.deepEqual(view.contiguous().tolist(), copy.tolist())
    }),
    { numRuns: 300 },
  )
})

test('parts of tensors without elements can be read', t => {
  for (const shape of [
    [3, 0],
    [2, 0, 4],
    [0, 3],
  ]) {
    const x = tensor([]).reshape(shape)
    for (let d = 0; d < shape.length; d++) {
      for (const part of [...x.unbind(d), ...x.chunk(3, d), ...x.split(2, d)]) t.is(part.contiguous().numel(), 0)
      t.is(x.unbind(d)[0]?.tolist().flat(Number.POSITIVE_INFINITY).length ?? 0, 0)
      t.is(x.unbind(d)[2]?.toTypedArray().length ?? 0, 0)
    }
  }
})
