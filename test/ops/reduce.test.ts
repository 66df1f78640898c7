// Reductions: gradients to the second order, dtypes, dims, and what is refused.
import test from 'ava'
import {
  arange,
  autograd,
  DTypeError,
  IndexError,
  max,
  ShapeError,
  type Tensor,
  tensor,
  topk,
  ValueError,
  zeros,
} from 'glorot'
import { checkGradients } from '../harness/grad.js'

const second: Record<string, (x: Tensor) => Tensor> = {
  sum: x => x.sum([0, 2]),
  mean: x => x.mean([0, 2], { keepdim: true }),
  var: x => x.var([0, 2]),
  std: x => x.std(1, { correction: 0 }),
  prod: x => x.prod(1),
  amax: x => x.amax([0, 2]),
  amin: x => x.amin(1),
  'max along': x => x.max(1)[0],
  'min of all': x => x.min(),
  'norm 2': x => x.norm(2, 1),
  'norm 1': x => x.norm(1, [0, 2]),
  'norm 3': x => x.norm(3, 1),
  sort: x =>
    x
      .sort(1)[0]
      .mul(arange(3, { dtype: 'float64' }).reshape([1, 3, 1]))
      .square(),
  topk: x => x.topk(2, 2)[0].square(),
  logsumexp: x => x.logsumexp([0, 2]),
  cumsum: x => x.cumsum(1),
  softmax: x => x.softmax(1),
  logSoftmax: x => x.logSoftmax(-1),
}
for (const [name, fn] of Object.entries(second))
  test(`${name}: first and second derivatives`, t => t.true(checkGradients(fn, [[2, 3, 4]])))

const first: Record<string, (x: Tensor) => Tensor> = {
  'norm inf': x => x.norm(Infinity, 1),
  cumprod: x => x.cumprod(1),
}
for (const [name, fn] of Object.entries(first))
  test(`${name}: first derivatives`, t => t.true(checkGradients(fn, [[2, 3, 4]], { second: false })))

test('where a quotient would be 0/0, slopes are those of the formula', t => {
  const slopes = (fn: (x: Tensor) => Tensor, values: number[]) => {
    const x = tensor(values, { dtype: 'float64', requiresGrad: true })
    const [first] = autograd.grad([fn(x)], [x], { createGraph: true })
    const [second] = autograd.grad([first!.sum()], [x])
    return [first!.tolist(), second!.tolist()]
  }
  t.deepEqual(
    slopes(x => x.prod(), [2, 0, 3]),
    [
      [0, 6, 0],
      [3, 5, 2],
    ],
  )
  t.deepEqual(
    slopes(x => x.prod(), [0, 0, 3]),
    [
      [0, 0, 0],
      [3, 3, 0],
    ],
  )
  t.deepEqual(
    slopes(x => x.std(), [3, 3, 3]),
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
  )
  t.deepEqual(slopes(x => x.norm(), [0, 0])[0], [0, 0])
})

test('argsort is stable', t => {
  t.deepEqual(tensor([2, 1, 2, 1]).argsort().tolist(), [1, 3, 0, 2])
  t.deepEqual(tensor([2, 1, 2, 1]).argsort(0, { descending: true }).tolist(), [0, 2, 1, 3])
})

test('integers and bools are counted in int32, and do not wrap', t => {
  t.deepEqual([tensor([true, true, false]).sum().item(), tensor([true]).sum().dtype], [2, 'int32'])
  t.is(tensor([2, 3], { dtype: 'int32' }).prod().item(), 6)
  t.throws(() => tensor([2 ** 31 - 1, 1], { dtype: 'int32' }).sum(), { instanceOf: ValueError })
  t.throws(() => tensor([1], { dtype: 'int32' }).mean(), { instanceOf: DTypeError, message: /int32.*\.float\(\)/ })
})

test('a dtype that is asked for is the one computed in', t => {
  const x = tensor([2 ** 31 - 1, 1], { dtype: 'int32' })
  const dtype = 'float64'
  t.is(x.sum(0, { dtype }).item(), 2 ** 31)
  t.is(x.mean(0, { dtype }).item(), 2 ** 30)
  t.is(x.prod(0, { dtype }).item(), 2 ** 31 - 1)
  t.deepEqual(x.cumsum(0, { dtype }).tolist(), [2 ** 31 - 1, 2 ** 31])
  t.deepEqual(x.cumprod(0, { dtype }).tolist(), [2 ** 31 - 1, 2 ** 31 - 1])
  const y = tensor([1, 2], { requiresGrad: true })
  t.deepEqual(y.softmax(0, { dtype }).tolist(), y.double().softmax(0).tolist())
  t.deepEqual(y.logSoftmax(0, { dtype }).tolist(), y.double().logSoftmax(0).tolist())
  y.sum(0, { dtype }).backward()
  t.deepEqual([y.grad!.dtype, y.grad!.tolist()], ['float32', [1, 1]])
  t.throws(() => y.softmax(0, { dype: 'float64' } as never), { message: /did you mean 'dtype'/ })
  t.throws(() => y.cumsum(0, { dtype: 'half' as never }), { message: /^cumsum: dtype must be one of/ })
})

test('scalars and empty tensors', t => {
  t.is(tensor(3).sum(0).item(), 3)
  t.is(tensor(3).softmax(0).item(), 1)
  t.is(tensor(3).max(0)[1].item(), 0)
  t.is(zeros([0]).sum().item(), 0)
  t.true(Number.isNaN(zeros([0]).mean().item()))
  t.deepEqual(zeros([2, 0]).sum(1).tolist(), [0, 0])
  t.throws(() => zeros([2, 0]).max(1), { instanceOf: ShapeError, message: /no element to pick/ })
  t.throws(() => zeros([0]).argmax(), { instanceOf: ShapeError })
})

test('bad dims and options are named', t => {
  const x = zeros([2, 3])
  t.throws(() => x.sum(2), { instanceOf: IndexError, message: /dim 2 is out of range for a tensor of 2 dimensions/ })
  t.throws(() => x.sum([0, 0]), { message: /dim 0 appears twice/ })
  t.throws(() => x.mean(0, { keepDim: true } as never), {
    message: /unknown option 'keepDim', did you mean 'keepdim'\?/,
  })
  t.throws(() => topk(x, 4), { instanceOf: ValueError, message: /k = 4 is more than the 3/ })
  t.throws(() => max([1] as never), { instanceOf: TypeError })
  t.throws(() => x.norm(Number.NaN), { instanceOf: ValueError })
})
