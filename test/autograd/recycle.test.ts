// Memory that is used again without the collector: it must be nobody's. All tensors here are too large to share memory.
import test from 'ava'
import { autograd, compile, full, nn, noGrad, ones, optim, randn, type Tensor, ValueError } from 'glorot'
import { allocations } from '../harness/allocations.js'

const N = 10_000
const leaf = () => ones([N], { requiresGrad: true })

/** Many passes of the same sizes, which would write over memory that was given back too early. */
function churn(): void {
  for (let i = 0; i < 5; i++) {
    const x = leaf()
    x.mul(7).mul(8).sigmoid().sum().backward()
    x.grad = null
  }
}

test('gradients on their way share the memory of a few', t => {
  let y: Tensor = leaf()
  for (let i = 0; i < 50; i++) y = y.sigmoid()
  const loss = y.sum()
  t.true(allocations(() => loss.backward()) <= 4)
})

test('a gradient that nobody saw is written over after it was dropped', t => {
  const model = new nn.Sequential(new nn.Linear(100, 100), new nn.Linear(100, 100))
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 })
  const x = randn([1, 100])
  const step = () => {
    optimizer.zeroGrad()
    model.forward(x).sum().backward()
    nn.utils.clipGradNorm_(model.parameters(), 1)
    optimizer.step()
  }
  step()
  step()
  t.is(allocations(step), 0)
})

const all = (x: Tensor, value: number) => x.eq(value).all().item() === 1

test('a gradient that was looked at stays as it is', t => {
  const x = leaf()
  const ways = [
    () => {
      x.grad = null
    },
    () => new optim.SGD([x], { lr: 1 }).zeroGrad(),
    () => {
      x.grad = ones([N])
    },
  ]
  for (const drop of ways) {
    x.grad = null
    x.mul(3).sum().backward()
    const seen = x.grad!
    drop()
    churn()
    t.true(all(seen, 3))
  }
})

// In each, mul makes the gradient that is handed out, add hands it on as it is, and another mul is done with it.

test('what autograd.grad gave stays as it is', t => {
  const x = leaf()
  const a = x.mul(2).add(0.5)
  const [ga, gx] = autograd.grad(a.mul(3).sum(), [a, x])
  churn()
  t.true(all(ga, 3) && all(gx, 6))
})

test('what hooks were given stays as it is', t => {
  const kept: Tensor[] = []
  const keep = (grad: Tensor) => {
    kept.push(grad)
  }
  const x = leaf()
  x.registerHook(keep)
  const a = x.mul(2).add(0.5)
  a.registerHook(keep)
  const b = a.mul(3).add(0.5)
  b.retainGrad()
  b.mul(4).sum().backward()
  churn()
  t.true(all(b.grad!, 4) && all(kept[0], 12) && all(kept[1], 24) && all(x.grad!, 24))
})

test('what hooks of modules were given stays as it is', t => {
  const kept: Tensor[] = []
  const sigmoid = new nn.Sigmoid()
  sigmoid.registerFullBackwardHook((_module, inputs, outputs) => {
    kept.push(inputs[0]!, outputs[0]!)
  })
  const x = leaf()
  sigmoid.forward(x.mul(0)).mul(4).sum().backward()
  churn()
  t.true(all(kept[0], 1) && all(kept[1], 4) && all(x.grad!, 0))
})

test('what a function was given stays as it is', t => {
  const kept: Tensor[] = []
  class Twice extends autograd.Function {
    static override forward(_: unknown, x: Tensor) {
      return x.mul(2)
    }
    static override backward(_: unknown, grad: Tensor) {
      kept.push(grad)
      return grad.mul(2)
    }
  }
  const x = leaf()
  Twice.apply(x.mul(1)).mul(3).sum().backward()
  churn()
  t.true(all(kept[0], 3) && all(x.grad!, 6))
})

test('what backward needs stays for a second pass and for derivatives', t => {
  const x = leaf()
  const w = leaf()
  const dropped = nn.functional.dropout(x, { p: 0.5 })
  const noise = dropped.toTypedArray()
  const [first] = autograd.grad(dropped.mul(w).sum(), [x], { createGraph: true, retainGraph: false })
  churn()
  t.deepEqual(autograd.grad(first.sum(), [w])[0].toTypedArray(), noise)

  const lstm = new nn.LSTM(50, 60)
  const [weight] = lstm.parameters()
  const y = lstm.forward(randn([20, 10, 50]))[0].sum()
  y.backward(null, { retainGraph: true })
  const once = weight.grad!.clone()
  churn()
  y.backward()
  t.true(weight.grad!.eq(once.mul(2)).all().item() === 1)
})

test('what a compiled function reads stays, though its graph was made outside and is freed there', t => {
  const x = leaf()
  const loss = nn.functional.dropout(x, { p: 0.5 }).sum()
  const step = compile(() => {
    x.grad = null
    loss.backward(null, { retainGraph: true })
    return x.grad!.sum()
  })
  const expected = step().item()
  for (let i = 0; i < 3; i++) t.is(step().item(), expected)
  loss.backward()
  churn()
  t.is(step().item(), expected)
})

test('results outside of graphs are not touched by what inner workings give back', t => {
  const lstm = new nn.LSTM(50, 60)
  const x = randn([20, 10, 50])
  const [y] = noGrad(() => lstm.forward(x))
  const before = y.toTypedArray()
  for (let i = 0; i < 3; i++) noGrad(() => lstm.forward(randn([20, 10, 50])))
  t.deepEqual(y.toTypedArray(), before)
})

test('small tensors, which share memory, stay where a gradient is stretched to as many bytes as they share', t => {
  for (const [dtype, count] of [
    ['float32', 1 << 14],
    ['float64', 1 << 13],
  ] as const) {
    const small = Array.from({ length: 100 }, (_, i) => full([10], i, { dtype }))
    const x = ones([count], { dtype, requiresGrad: true })
    x.mul(3).mean().backward()
    x.mul(3).sum().mul(2).backward()
    const next = [full([count], -7, { dtype }), full([count], -7, { dtype })]
    t.true(small.every((s, i) => all(s, i)) && next.every(y => all(y, -7)))
    t.true(all(x.grad!, 3 / count + 6))
  }
})

test('what replays write to is not given back with a graph that got out of the recording', t => {
  const graphs: Tensor[] = []
  const dropped = compile(
    () => {
      const loss = nn.functional.dropout(leaf(), { p: 0.5 }).sum()
      graphs.push(loss)
      return loss.mul(1)
    },
    { reuseMemory: false },
  )
  dropped()
  dropped()
  for (const loss of graphs) loss.backward()
  const next = Array.from({ length: 5 }, (_, i) => full([N], i))
  dropped()
  t.true(next.every((y, i) => all(y, i)))
})

test('what is handed on, or handed to two, is given back by the last', t => {
  const [x, y] = [leaf(), leaf()]
  x.mul(2).add(0.5).mul(3).sum().backward()
  t.true(all(x.grad!, 6))
  x.mul(2).add(y.mul(3)).mul(4).sum().backward()
  churn()
  t.true(all(x.grad!, 14) && all(y.grad!, 12))
  const [a, b] = [leaf(), leaf()]
  a.add(b).mul(4).sum().backward()
  a.grad = null
  churn()
  t.true(all(b.grad!, 4))
})

test('what a recorded pass was given stays for the next', t => {
  const x = leaf()
  const [first] = autograd.grad(x.mul(x).mul(x).sum(), [x], { createGraph: true })
  churn()
  t.true(all(autograd.grad(first.sum(), [x])[0], 6))
})

test('a recorded pass leaves the memory that its replays need', t => {
  const x = leaf()
  const pass = () => {
    x.grad = null
    x.sigmoid().sigmoid().mul(3).sum().backward()
    return x.grad!.sum()
  }
  const expected = pass().item()
  const replayed = compile(pass, { reuseMemory: false })
  for (let i = 0; i < 4; i++) {
    t.is(replayed().item(), expected)
    churn()
  }
})

test('places of maxima that were asked for stay', t => {
  const x = randn([1, 1, 200, 200], { requiresGrad: true })
  const { maxPool2d, adaptiveMaxPool2d } = nn.functional
  for (const [y, places] of [
    maxPool2d(x, 2, { returnIndices: true }),
    adaptiveMaxPool2d(x, 100, { returnIndices: true }),
  ]) {
    const before = places.toTypedArray()
    y.sum().backward()
    churn()
    t.deepEqual(places.toTypedArray(), before)
  }
})

test('memory kept for later goes where an allocation fails', t => {
  const x = ones([1 << 20], { requiresGrad: true })
  x.mul(2).mul(3).sum().backward()
  const allocate = Buffer.allocUnsafeSlow
  let left = 1
  Buffer.allocUnsafeSlow = bytes => {
    if (left-- > 0) throw new RangeError('Array buffer allocation failed')
    return allocate(bytes)
  }
  try {
    t.is(ones([3 << 20]).shape[0], 3 << 20)
    left = 1
    t.throws(() => ones([3 << 20]), { instanceOf: ValueError, message: /no memory/ })
  } finally {
    Buffer.allocUnsafeSlow = allocate
  }
  t.true(allocations(() => x.mul(2)) > 0)
})
