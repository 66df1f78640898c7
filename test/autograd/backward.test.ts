// The backward pass: accumulation, shared paths, freed graphs, hooks, second derivatives, errors.
import test from 'ava'
import {
  AutogradError,
  autograd,
  DTypeError,
  enableGrad,
  isGradEnabled,
  noGrad,
  ones,
  type Tensor,
  tensor,
} from 'glorot'

const leaf = (data: number | number[] | number[][]) => tensor(data, { requiresGrad: true })

test('gradients add up over paths and over calls', t => {
  const x = leaf([1, 2, 3])
  const y = x.mul(x).add(x)
  y.backward(ones([3]))
  t.deepEqual(x.grad!.tolist(), [3, 5, 7])
  x.mul(2).backward(ones([3]))
  t.deepEqual(x.grad!.tolist(), [5, 7, 9])
})

test('a gradient handed through to two leaves is not shared between them', t => {
  const [x, y] = [leaf([1, 2]), leaf([3, 4])]
  const seed = tensor([1, 1])
  x.add(y).backward(seed)
  x.grad!.mul_(10)
  t.deepEqual(y.grad!.tolist(), [1, 1])
  t.deepEqual(seed.tolist(), [1, 1])
})

test("a gradient that two hold is not written to when others of the same node are nobody else's", t => {
  const x = ones([4], { requiresGrad: true })
  const c = ones([2], { requiresGrad: true })
  const [a, b] = x.mul(1).split(2)
  const parts = [a.mul(5), b.mul(3), a.add(c).mul(7)]
  // The last is visited first: what it sends to both a and c waits at c while b's and a second one for a arrive.
  parts[0].sum().add(parts[1].sum()).add(parts[2].sum()).backward()
  t.deepEqual(c.grad!.tolist(), [7, 7])
  t.deepEqual(x.grad!.tolist(), [12, 12, 3, 3])
})

test('grad keeps its identity while it accumulates', t => {
  const x = leaf([1, 2])
  x.mul(3).backward(ones([2]))
  const held = x.grad!
  x.mul(3).backward(ones([2]))
  t.is(x.grad, held)
  t.deepEqual(held.tolist(), [6, 6])
})

test('a second backward through a freed graph throws, with retainGraph it adds', t => {
  const x = leaf([2])
  const y = x.mul(x)
  y.backward(undefined, { retainGraph: true })
  y.backward()
  t.deepEqual(x.grad!.tolist(), [8])
  const error = t.throws(() => y.backward(), { instanceOf: AutogradError })
  t.regex(error.message, /mul.*freed.*retainGraph/)
})

test('broadcast operands get gradients of their own shape', t => {
  const x = leaf([
    [1, 2, 3],
    [4, 5, 6],
  ])
  const row = leaf([1, 10, 100])
  const column = leaf([[1], [2]])
  x.mul(row)
    .add(column)
    .backward(ones([2, 3]))
  t.deepEqual(row.grad!.tolist(), [5, 7, 9])
  t.deepEqual(column.grad!.tolist(), [[3], [3]])
})

test('hooks see and may replace gradients; removed ones do not', t => {
  const x = leaf([1, 2])
  const seen: number[][] = []
  const y = x.mul(2)
  const remove = y.registerHook(g => {
    seen.push(g.tolist())
    return g.mul(10)
  })
  y.backward(ones([2]), { retainGraph: true })
  t.deepEqual(x.grad!.tolist(), [20, 20])
  remove()
  x.grad = null
  y.backward(ones([2]))
  t.deepEqual(x.grad!.tolist(), [2, 2])
  t.deepEqual(seen, [[1, 1]])
})

test('a hook may keep the gradient it saw: it does not change later', t => {
  const x = leaf([1, 2])
  let kept: Tensor | undefined
  x.registerHook(g => {
    kept = g
  })
  x.mul(2).backward(ones([2]))
  x.mul(2).backward(ones([2]))
  t.deepEqual(kept!.tolist(), [2, 2])
  t.deepEqual(x.grad!.tolist(), [4, 4])
})

test('retainGrad keeps the gradient of a result', t => {
  const x = leaf([3])
  const y = x.mul(x)
  y.retainGrad()
  y.mul(2).backward()
  t.deepEqual(y.grad!.tolist(), [2])
  t.deepEqual(x.grad!.tolist(), [12])
})

test('autograd.grad leaves .grad alone and goes to second derivatives', t => {
  const x = leaf([2])
  const y = x.mul(x).mul(x)
  const [first] = autograd.grad(y, x, { createGraph: true })
  const [second] = autograd.grad(first, x, { createGraph: true })
  const [third] = autograd.grad(second, x)
  t.deepEqual([first.item(), second.item(), third.item()], [12, 12, 6])
  t.is(x.grad, null)
})

test('autograd.grad of an unused input throws, or gives null when asked', t => {
  const [x, z] = [leaf([1]), leaf([1])]
  const y = x.mul(2)
  t.throws(() => autograd.grad(y, z, { retainGraph: true }), {
    instanceOf: AutogradError,
    message: /input 0 took no part/,
  })
  t.is(autograd.grad(y, z, { allowUnused: true })[0] as unknown, null)
})

test('backward needs a recorded scalar', t => {
  t.throws(() => leaf([1, 2]).mul(2).backward(), { instanceOf: AutogradError, message: /one element.*\[2\]/ })
  t.throws(() => tensor([1]).mul(2).backward(), { instanceOf: AutogradError, message: /does not require gradients/ })
  t.throws(() => leaf([1]).backward(tensor([1, 2])), { message: /\[2\].*\[1\]/ })
})

test('noGrad and enableGrad set the mode, also when they throw', t => {
  const x = leaf([1])
  noGrad(() => {
    t.false(isGradEnabled())
    t.false(x.mul(2).requiresGrad)
    t.true(enableGrad(() => x.mul(2)).requiresGrad)
  })
  t.throws(() =>
    noGrad(() => {
      throw new Error('inside')
    }),
  )
  t.true(isGradEnabled())
  t.throws(() => noGrad(async () => {}), { instanceOf: TypeError, message: /async/ })
})

test('a pass started inside a hook does not disturb the outer one', t => {
  const x = leaf([2])
  const y = x.mul(x)
  const z = y.add(y)
  y.registerHook(() => {
    const inner = leaf([5])
    enableGrad(() => inner.mul(inner)).backward()
    t.deepEqual(inner.grad!.tolist(), [10])
  })
  z.backward()
  t.deepEqual(x.grad!.tolist(), [8])
})

test('a pass inside a hook that frees what the outer one still needs is refused there', t => {
  const x = leaf([2])
  const y = x.mul(x)
  const z = y.mul(3)
  z.registerHook(() => {
    enableGrad(() => y.sum()).backward()
  })
  t.throws(() => z.sum().backward(), {
    instanceOf: AutogradError,
    message: /mul: a backward pass went through .* retainGraph/,
  })
})

test('a graph of a hundred thousand nodes does not overflow the stack', t => {
  const x = leaf([1])
  let y = x.mul(1)
  for (let i = 0; i < 100_000; i++) y = y.add(1)
  y.backward()
  t.deepEqual(x.grad!.tolist(), [1])
})

test("a function's gradient of another dtype is refused, but for arguments that need none", t => {
  class Wide extends autograd.Function {
    static override forward(_: unknown, x: Tensor, by: Tensor) {
      return x.mul(by.float())
    }
    static override backward(_: unknown, grad: Tensor) {
      return [grad.to(dtype), grad]
    }
  }
  let dtype: 'float32' | 'float64' = 'float64'
  const x = ones([2]).requiresGrad_()
  const by = tensor([3, 3], { dtype: 'int32' })
  t.throws(() => Wide.apply(x, by).sum().backward(), {
    instanceOf: DTypeError,
    message:
      /Wide: its backward returned a gradient of float64 for argument 0 of float32; convert it with .to\('float32'\)/,
  })
  t.is(x.grad, null)
  dtype = 'float32'
  Wide.apply(x, by).sum().backward()
  t.deepEqual(x.grad!.tolist(), [1, 1])
})
