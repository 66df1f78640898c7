// In place: versions, views that share memory, and what autograd makes of both.
import test from 'ava'
import { AutogradError, nn, noGrad, ones, tensor, zeros } from 'glorot'

test('a saved tensor changed in place is refused in backward', t => {
  const x = tensor([1, 2], { requiresGrad: true })
  const y = x.mul(2)
  const z = y.mul(y)
  y.add_(1)
  const error = t.throws(() => z.backward(ones([2])), { instanceOf: AutogradError })
  t.regex(error.message, /mul: .*changed in place.*clone\(\)/)
})

test('in place on a result goes on in the graph', t => {
  const x = tensor([1, 2], { requiresGrad: true })
  const y = x.add(0)
  y.mul_(3).add_(1)
  y.backward(ones([2]))
  t.deepEqual(y.tolist(), [4, 7])
  t.deepEqual(x.grad!.tolist(), [3, 3])
})

test('mul_ by a tensor that needs a gradient keeps the old values for it', t => {
  const x = tensor([2, 3], { requiresGrad: true })
  const w = tensor([5, 7], { requiresGrad: true })
  const y = x.add(0)
  y.mul_(w).backward(ones([2]))
  t.deepEqual(w.grad!.tolist(), [2, 3])
  t.deepEqual(x.grad!.tolist(), [5, 7])
})

test('a leaf that requires gradients is only changed under noGrad', t => {
  const x = tensor([1, 2], { requiresGrad: true })
  t.throws(() => x.add_(1), { instanceOf: AutogradError, message: /leaf.*noGrad/ })
  t.deepEqual(x.tolist(), [1, 2])
  noGrad(() => x.add_(1))
  t.deepEqual(x.tolist(), [2, 3])
})

test('writing into a view writes into its base, and both get gradients', t => {
  const x = tensor([1, 2, 3, 4], { requiresGrad: true })
  const w = tensor([10, 20], { requiresGrad: true })
  const y = x.mul(1)
  const view = y.narrow(0, 1, 2)
  view.mul_(w)
  t.deepEqual(y.tolist(), [1, 20, 60, 4])
  y.backward(tensor([1, 2, 3, 4]))
  t.deepEqual(x.grad!.tolist(), [1, 20, 60, 4])
  t.deepEqual(w.grad!.tolist(), [4, 9])
})

test('a view made before its base changed sees the change in the graph', t => {
  const base = zeros([3])
  const view = base.narrow(0, 0, 2)
  const w = tensor([1, 2, 3], { requiresGrad: true })
  base.add_(w)
  t.true(view.requiresGrad)
  view.backward(tensor([5, 6]))
  t.deepEqual(w.grad!.tolist(), [5, 6, 0])
})

test('operands that overlap the target are read before they are overwritten', t => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ])
  x.add_(x.t())
  t.deepEqual(x.tolist(), [
    [2, 5],
    [5, 8],
  ])
  const y = tensor([1, 2, 3, 4])
  y.narrow(0, 1, 3).copy_(y.narrow(0, 0, 3))
  t.deepEqual(y.tolist(), [1, 1, 2, 3])
})

test('in place keeps shape and dtype, and says so', t => {
  t.throws(() => tensor([1]).add_(tensor([1, 2])), { message: /\[2\] does not broadcast to \[1\]/ })
  t.throws(() => tensor([1], { dtype: 'int32' }).add_(0.5), { message: /float32.*int32/ })
})

test('a tensor whose elements are one in memory is not changed in place', t => {
  const row = ones([1, 2])
  const expanded = row.expand([3, 2])
  const message = /elements of \[3, 2\] are one in memory.*clone\(\)/
  t.throws(() => expanded.add_(1), { message: /add_?: /, name: 'ValueError' })
  t.throws(() => expanded.add_(1), { message })
  t.throws(() => expanded.fill_(2), { message })
  t.throws(() => nn.functional.elu(expanded, { inplace: true }), { message })
  t.deepEqual(row.tolist(), [[1, 1]])
  t.deepEqual(row.expand([1, 2]).add_(1).tolist(), [[2, 2]])
})
