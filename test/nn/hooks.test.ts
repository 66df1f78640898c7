// Hooks of modules: forward, before it, and of the backward pass through a module.
import test from 'ava'
import { compile, DTypeError, nn, noGrad, ones, rand, ShapeError, type Tensor, tensor, zeros } from 'glorot'

test('forward hooks see and replace inputs and results, and can be removed', t => {
  const layer = new nn.Linear(2, 2)
  const log: string[] = []
  const removals = [
    layer.registerForwardPreHook((m, [x]) => {
      log.push(`pre ${m === layer}`)
      return [x.mul(0)]
    }),
    layer.registerForwardHook((_m, inputs, output) => {
      log.push(`post ${inputs[0].tolist()}`)
      return output.add(1)
    }),
  ]
  const out = layer.forward(ones([2]))
  t.deepEqual(out.tolist(), layer.bias!.add(1).tolist())
  t.deepEqual(log, ['pre true', 'post 0,0'])
  for (const remove of removals) remove()
  t.notDeepEqual(layer.forward(ones([2])).tolist(), out.tolist())
  t.is(log.length, 2)
})

test('hooks run however deep the layer is called, once per call', t => {
  const inner = new nn.Linear(3, 3)
  const net = new nn.Sequential(new nn.Sequential(inner))
  let calls = 0
  inner.registerForwardHook(() => {
    calls++
  })
  net.forward(rand([2, 3]))
  new nn.Sequential(net).forward(rand([2, 3]))
  t.is(calls, 2)
})

test('super.forward runs plainly: hooks of a subclass run once', t => {
  class Doubled extends nn.Linear {
    override forward(x: Tensor): Tensor {
      return super.forward(x).mul(2)
    }
  }
  const layer = new Doubled(2, 2)
  let calls = 0
  layer.registerForwardHook(() => {
    calls++
  })
  layer.forward(zeros([2]))
  t.is(calls, 1)
})

test('a full backward hook sees gradients of inputs and results and may replace those of the inputs', t => {
  const layer = new nn.Linear(2, 3)
  const x = tensor([[1, 2]], { requiresGrad: true })
  const seen: number[][][] = []
  const remove = layer.registerFullBackwardHook((_m, gradInput, gradOutput) => {
    seen.push(gradOutput[0]!.tolist())
    return [gradInput[0]!.mul(10)]
  })
  layer.forward(x).backward(ones([1, 3]))
  const tenfold = x.grad!.tolist()[0]
  t.deepEqual(seen, [[[1, 1, 1]]])
  remove()
  x.grad = null
  layer.forward(x).backward(ones([1, 3]))
  x.grad!.tolist()[0].forEach((g: number, i: number) => {
    t.true(Math.abs(tenfold[i] - 10 * g) < 1e-5)
  })
})

test('backward hooks of a first layer, whose input needs no gradient, see the gradients of its results', t => {
  const layer = new nn.Linear(2, 3)
  const seen: unknown[] = []
  layer.registerFullBackwardHook((m, gradInput, gradOutput) => {
    seen.push([m === layer, gradInput, gradOutput.map(g => g!.tolist())])
  })
  layer.forward(ones([1, 2])).backward(ones([1, 3]))
  t.deepEqual(seen, [[true, [null], [[[1, 1, 1]]]]])
  t.deepEqual(layer.bias!.grad!.tolist(), [1, 1, 1])
})

test('gradients stand at the positions of what the module takes and gives', t => {
  class Pair extends nn.Module {
    override forward(x: Tensor, factor: number, y: Tensor): [Tensor, string, Tensor] {
      return [x.mul(factor), 'between', y.mul(x)]
    }
  }
  const pair = new Pair()
  const [x, y] = [tensor([2], { requiresGrad: true }), tensor([5])]
  let seen: unknown
  pair.registerFullBackwardHook((_m, gradInput, gradOutput) => {
    seen = [gradInput, gradOutput].map(list => list.map(g => g?.tolist() ?? null))
  })
  const [a, , b] = pair.forward(x, 3, y)
  a.add(b).sum().backward()
  t.deepEqual(seen, [
    [[8], null, null],
    [[1], null, [1]],
  ])
  t.deepEqual(x.grad!.tolist(), [8])
})

test('several backward hooks run in order, each with what the one before left', t => {
  const layer = new nn.Linear(1, 1, { bias: false })
  nn.init.constant_(layer.weight, 3)
  const x = tensor([[1]], { requiresGrad: true })
  layer.registerFullBackwardHook((_m, [g]) => [g!.mul(10)])
  layer.registerFullBackwardHook((_m, [g]) => [g!.add(1)])
  layer.forward(x).sum().backward()
  t.deepEqual(x.grad!.tolist(), [[31]])
})

test('a module with a backward hook that is called twice runs it for each call', t => {
  const layer = new nn.Linear(2, 2)
  let calls = 0
  layer.registerFullBackwardHook(() => {
    calls++
  })
  layer
    .forward(layer.forward(ones([1, 2])))
    .sum()
    .backward()
  t.is(calls, 2)
})

test('backward hooks see what forward hooks made of the result', t => {
  const layer = new nn.Linear(1, 1)
  let seen: unknown
  layer.registerForwardHook((_m, _inputs, output) => output.mul(2))
  layer.registerFullBackwardHook((_m, _gradInput, [g]) => {
    seen = g!.tolist()
  })
  layer.forward(ones([1, 1])).backward(tensor([[7]]))
  t.deepEqual(seen, [[7]])
  t.deepEqual(layer.bias!.grad!.tolist(), [14])
})

test('a backward hook that returns the wrong number of gradients is refused', t => {
  const layer = new nn.Linear(1, 1)
  const remove = layer.registerFullBackwardHook(() => [])
  const x = ones([1, 1]).requiresGrad_()
  t.throws(() => layer.forward(x).sum().backward(), {
    instanceOf: TypeError,
    message: /must return an array of 1 gradients, one per input, got an array of 0/,
  })
  remove()
  layer.registerFullBackwardHook(() => [ones([1, 1])])
  t.throws(
    () =>
      layer
        .forward(ones([1, 1]))
        .sum()
        .backward(),
    { message: /no input needs a gradient/ },
  )
})

test('a backward hook that returns something else than such a gradient is refused', t => {
  const layer = new nn.Tanh()
  const x = ones([2]).requiresGrad_()
  const returning = (grad: unknown) => () => {
    const remove = layer.registerFullBackwardHook(() => [grad as Tensor])
    try {
      layer.forward(x).sum().backward()
    } finally {
      remove()
    }
  }
  const message = (text: string) => new RegExp(`registerFullBackwardHook: a gradient ${text}`)
  t.throws(returning(ones([3])), { instanceOf: ShapeError, message: message('has shape \\[3\\], expected \\[2\\]') })
  t.throws(returning(ones([2], { dtype: 'float64' })), {
    instanceOf: DTypeError,
    message: message('is float64, expected float32'),
  })
  t.throws(returning(3), { instanceOf: TypeError, message: message('must be a Tensor, got 3') })
  t.is(x.grad, null)
  t.notThrows(returning(null))
  t.is(x.grad, null)
})

test('with hooks and without, results and gradients are the same bits', t => {
  const net = new nn.Sequential(new nn.Linear(5, 4), new nn.Tanh(), new nn.Linear(4, 3))
  const x = rand([6, 5])
  const run = () => {
    net.zeroGrad()
    const out = net.forward(x)
    out.mul(out).sum().backward()
    return [out.tolist(), ...[...net.parameters()].map(p => p.grad!.tolist())]
  }
  const plain = run()
  for (const m of net.modules()) {
    m.registerForwardPreHook(() => {})
    m.registerForwardHook(() => undefined)
    m.registerFullBackwardHook(() => {})
  }
  t.deepEqual(run(), plain)
  t.deepEqual(noGrad(() => net.forward(x)).tolist(), plain[0])
})

test('a forward that belongs to one object runs its hooks too', t => {
  const m = new nn.Module()
  m.forward = (x: Tensor) => x.mul(2)
  m.registerForwardHook((_m, _inputs, output) => output.add(1))
  t.deepEqual(m.forward(tensor([3])).tolist(), [7])
})

test('a hook must be a function', t => {
  t.throws(() => new nn.ReLU().registerForwardHook(1 as never), { instanceOf: TypeError, message: /a function, got 1/ })
})

test('a forward without its layer is refused, with what to do', t => {
  const { forward } = new nn.Linear(2, 1)
  const wrong = { instanceOf: TypeError, message: /without its layer; pass x => layer.forward\(x\)/ }
  t.throws(() => forward(ones([1, 2])), wrong)
  t.throws(() => compile(forward)(ones([1, 2])), wrong)
})
