// Module: registration, state, modes, hooks, printing, and the path in errors.
import test from 'ava'
import { nn, ones, rand, ShapeError, StateDictError, type Tensor, tensor, zeros } from 'glorot'

class Net extends nn.Module {
  fc1 = new nn.Linear(3, 4)
  act = new nn.Sigmoid()
  fc2 = new nn.Linear(4, 2, { bias: false })
  scale = new nn.Parameter(ones([1]))
  steps: Tensor

  constructor() {
    super()
    this.steps = zeros([1])
    this.registerBuffer('steps', this.steps)
  }

  override forward(x: Tensor): Tensor {
    return this.fc2.forward(this.act.forward(this.fc1.forward(x))).mul(this.scale)
  }
}

test('assignment registers, in order, each object once', t => {
  const net = new Net()
  t.deepEqual(
    [...net.namedParameters()].map(([n]) => n),
    ['scale', 'fc1.weight', 'fc1.bias', 'fc2.weight'],
  )
  t.deepEqual(
    [...net.namedChildren()].map(([n]) => n),
    ['fc1', 'act', 'fc2'],
  )
  t.deepEqual(
    [...net.namedModules()].map(([n]) => n),
    ['', 'fc1', 'act', 'fc2'],
  )
  t.deepEqual(
    [...net.namedBuffers()].map(([n]) => n),
    ['steps'],
  )
  const shared = new nn.Linear(2, 2)
  const twice = new nn.Sequential(shared, shared)
  t.is([...twice.parameters()].length, 2)
  t.deepEqual(Object.keys(twice.stateDict()), ['0.weight', '0.bias', '1.weight', '1.bias'])
})

test('reassignment replaces, null takes away', t => {
  const net = new Net()
  net.fc1 = new nn.Linear(3, 4, { bias: false })
  t.deepEqual(
    [...net.namedParameters()].map(([n]) => n),
    ['scale', 'fc1.weight', 'fc2.weight'],
  )
})

test('a plain tensor in the place of a parameter is one no longer, which TypeScript refuses', t => {
  const layer = new nn.Linear(3, 2)
  // @ts-expect-error a plain tensor is no parameter
  layer.weight = ones([2, 3])
  t.deepEqual(
    [...layer.namedParameters()].map(([name]) => name),
    ['bias'],
  )
  layer.weight = new nn.Parameter(ones([2, 3]))
  t.is([...layer.parameters()].length, 2)
})

test('state dict: PyTorch keys, shared memory, loaded by copy', t => {
  const [a, b] = [new Net(), new Net()]
  const state = a.stateDict()
  t.deepEqual(Object.keys(state), ['scale', 'steps', 'fc1.weight', 'fc1.bias', 'fc2.weight'])
  const weight = b.fc1.weight
  t.deepEqual(b.loadStateDict(state), { missingKeys: [], unexpectedKeys: [] })
  t.is(b.fc1.weight, weight)
  t.deepEqual(b.fc1.weight.tolist(), a.fc1.weight.tolist())
  state['fc1.bias'].fill_(7)
  t.deepEqual(a.fc1.bias!.tolist(), [7, 7, 7, 7])
  t.notDeepEqual(b.fc1.bias!.tolist(), [7, 7, 7, 7])
})

test('a state dict that does not fit changes nothing and names everything', t => {
  const net = new Net()
  const before = net.fc1.weight.tolist()
  const state = { ...net.stateDict(), 'fc2.weight': zeros([2, 5]), 'fc1.wieght': zeros([4, 3]) } as Record<
    string,
    Tensor
  >
  delete state['fc1.weight']
  const error = t.throws(() => net.loadStateDict(state), { instanceOf: StateDictError })
  t.regex(error.message, /'fc2\.weight' is \[2, 4\] in the model, \[2, 5\] in the file/)
  t.regex(error.message, /'fc1\.weight' is missing/)
  t.regex(error.message, /'fc1\.wieght' is not in the model, did you mean 'fc1\.weight'\?/)
  t.deepEqual(net.fc1.weight.tolist(), before)
  state['fc2.weight'] = zeros([2, 4])
  const { missingKeys, unexpectedKeys } = net.loadStateDict(state, { strict: false })
  t.deepEqual([missingKeys, unexpectedKeys], [['fc1.weight'], ['fc1.wieght']])
})

test('buffers that are not persistent stay out of the state dict', t => {
  const m = new nn.Module()
  m.registerBuffer('kept', zeros([1]))
  m.registerBuffer('passing', zeros([1]), { persistent: false })
  t.deepEqual(Object.keys(m.stateDict()), ['kept'])
  t.is([...m.buffers()].length, 2)
  t.throws(() => m.registerBuffer('a.b', zeros([1])), { message: /dot/ })
  t.throws(() => m.registerBuffer('forward', zeros([1])), { message: /method/ })
})

test('train, eval, apply, requiresGrad_, zeroGrad and to reach everything below', t => {
  const net = new nn.Sequential(new Net(), new nn.Dropout({ p: 0.5 }))
  net.eval()
  t.true([...net.modules()].every(m => !m.training))
  net.train()
  t.true([...net.modules()].every(m => m.training))
  const seen: string[] = []
  net.apply(m => seen.push(m.constructor.name))
  t.deepEqual(seen, ['Linear', 'Sigmoid', 'Linear', 'Net', 'Dropout', 'Sequential'])
  net.eval()
  net.forward(rand([2, 3])).backward(ones([2, 2]))
  t.true([...net.parameters()].every(p => p.grad !== null))
  net.zeroGrad()
  t.true([...net.parameters()].every(p => p.grad === null))
  const [first] = net.parameters()
  net.to('float64')
  t.is([...net.parameters()][0], first)
  t.is(net.forward(rand([2, 3], { dtype: 'float64' })).dtype, 'float64')
  net.requiresGrad_(false)
  t.false(net.forward(rand([2, 3], { dtype: 'float64' })).requiresGrad)
})

test('an error names the layer it came from, however deep', t => {
  class Model extends nn.Module {
    encoder = new nn.ModuleList([new Block()])
    override forward(x: Tensor): Tensor {
      return [...this.encoder].reduce((y: Tensor, block) => block.forward(y), x)
    }
  }
  class Block extends nn.Module {
    fc1 = new nn.Linear(784, 10)
    override forward(x: Tensor): Tensor {
      return this.fc1.forward(x)
    }
  }
  const error = t.throws(() => new Model().forward(zeros([32, 512])), { instanceOf: ShapeError })
  t.is(error.path, 'encoder.0.fc1 (Linear 784 -> 10)')
  t.is(
    error.message,
    'linear: input [32, 512] has 512 features, weight [10, 784] expects 784\n    at encoder.0.fc1 (Linear 784 -> 10)',
  )
  t.is(error.op, 'linear')
  t.deepEqual(error.shapes, [
    [32, 512],
    [10, 784],
  ])
  t.deepEqual(new nn.Linear(2, 2).forward(zeros([2])).shape, [2])
})

test('prints as PyTorch does', t => {
  class Described extends nn.Module {
    a = new nn.Linear(1, 1)
    override extraRepr(): string {
      return 'one\ntwo'
    }
  }
  t.is(
    new Described().toString(),
    `Described(
  one
  two
  (a): Linear(in_features=1, out_features=1, bias=True)
)`,
  )
  const net = new nn.Sequential(
    new nn.Linear(784, 128),
    new nn.ReLU(),
    new nn.Sequential(new nn.LeakyReLU({ negativeSlope: 0.2 }), new nn.Dropout()),
  )
  t.is(
    net.toString(),
    `Sequential(
  (0): Linear(in_features=784, out_features=128, bias=True)
  (1): ReLU()
  (2): Sequential(
    (0): LeakyReLU(negative_slope=0.2)
    (1): Dropout(p=0.5, inplace=False)
  )
)`,
  )
})

test('what is no module, parameter or forward is refused with a word on what it is', t => {
  t.throws(() => new nn.Sequential(new nn.ReLU(), 'x' as never), {
    instanceOf: TypeError,
    message: /entry 1 must be a Module/,
  })
  t.throws(() => new nn.Parameter([1] as never), { instanceOf: TypeError, message: /data must be a Tensor/ })
  t.throws(() => new nn.Parameter(tensor([1], { dtype: 'int32' })), { message: /floating/ })
  t.throws(() => new nn.Module().forward(), { message: /no forward method/ })
  t.throws(() => new nn.Linear(2.5, 1), { message: /inFeatures must be a whole number >= 0, got 2.5/ })
  t.throws(() => new nn.Linear(2, 1, { bais: false } as never), {
    message: /unknown option 'bais', did you mean 'bias'\?/,
  })
  t.throws(() => new nn.Dropout({ p: 1.5 }), { message: /p must be between 0 and 1, got 1.5/ })
  t.throws(() => new nn.Linear(1, 1).train(1 as never), { instanceOf: TypeError, message: /mode must be a boolean/ })
})

test('names of a class that uses words of the inner workings are free', t => {
  class Named extends nn.Module {
    label = 'mine'
    hooks = [1]
    fc = new nn.Linear(2, 2)
    override forward(x: Tensor): Tensor {
      return this.fc.forward(x)
    }
  }
  const error = t.throws(() => new Named().forward(zeros([3])), { instanceOf: ShapeError })
  t.is(error.path, 'fc (Linear 2 -> 2)')
})

test('an error of the outermost module is named by its class alone, one outside any module has no path', t => {
  const error = t.throws(() => new nn.Linear(2, 3).forward(zeros([3])), { instanceOf: ShapeError })
  t.is(error.path, 'Linear 2 -> 3')
  const plain = t.throws(() => ones([2]).add(ones([3])), { instanceOf: ShapeError })
  t.is(plain.path, undefined)
})

test('a module that calls itself, and one that two others call, work', t => {
  class Halving extends nn.Module {
    calls = 0
    override forward(x: Tensor, depth: number): Tensor {
      this.calls++
      return depth === 0 ? x : this.forward(x.mul(0.5), depth - 1)
    }
  }
  const halving = new Halving()
  t.deepEqual(halving.forward(tensor([8]), 3).tolist(), [1])
  t.is(halving.calls, 4)
  const shared = new nn.Linear(2, 2)
  const error = t.throws(() => new nn.Sequential(new nn.Sequential(shared), shared).forward(zeros([5])))
  t.regex(error.message, /at 0\.0 \(Linear 2 -> 2\)/)
})

test('buffers are replaced by assignment and move with to', t => {
  const m = new nn.Module() as nn.Module & { mean: Tensor }
  m.registerBuffer('mean', zeros([2]))
  m.registerBuffer('none', null)
  m.mean = ones([2])
  t.deepEqual(
    [...m.namedBuffers()].map(([name, b]) => [name, b.tolist()]),
    [['mean', [1, 1]]],
  )
  m.double()
  t.is(m.mean.dtype, 'float64')
  m.float()
  t.is(m.mean.dtype, 'float32')
})

test('zeroGrad fills with zeros where asked to', t => {
  const model = new nn.Linear(2, 1)
  model
    .forward(ones([1, 2]))
    .sum()
    .backward()
  model.zeroGrad({ setToNone: false })
  t.deepEqual(model.weight.grad!.tolist(), [[0, 0]])
  model.zeroGrad()
  t.is(model.weight.grad, null)
})

test('to takes floating dtypes, and changes nothing for another', t => {
  const model = new nn.Linear(2, 1)
  model
    .forward(ones([1, 2]))
    .sum()
    .backward()
  for (const dtype of ['int32', 'bool', 'float16']) {
    t.throws(() => model.to(dtype as never), { message: /^to: .*(float32|float64)/ })
    t.is(model.weight.dtype, 'float32')
    t.deepEqual(model.weight.grad!.tolist(), [[1, 1]])
  }
  t.throws(() => (model.weight.data = zeros([1, 2], { dtype: 'int32' })), { message: /int32/ })
  t.throws(() => (model.weight.requiresGrad = undefined as never), { message: /boolean/ })
  t.true(model.weight.requiresGrad)
})

test('to keeps gradients', t => {
  const layer = new nn.Linear(2, 1)
  layer.forward(ones([1, 2])).backward(ones([1, 1]))
  layer.to('float64')
  t.is(layer.weight.grad!.dtype, 'float64')
  t.deepEqual(layer.weight.grad!.tolist(), [[1, 1]])
})

test('iterators and the state dict take the options of PyTorch, and no others', t => {
  const shared = new nn.Linear(2, 2)
  const net = new nn.Sequential(shared, new nn.Sequential(shared))
  const own = new nn.Linear(2, 1)
  t.is([...net.parameters({ recurse: false })].length, 0)
  t.is([...own.parameters({ recurse: false })].length, 2)
  const names = (pairs: Iterable<[string, unknown]>) => [...pairs].map(([name]) => name)
  t.deepEqual(names(net.namedParameters({ prefix: 'net' })), ['net.0.weight', 'net.0.bias'])
  t.deepEqual(names(net.namedParameters({ removeDuplicate: false })), ['0.weight', '0.bias', '1.0.weight', '1.0.bias'])
  t.deepEqual(names(net.namedModules({ prefix: 'net' })), ['net', 'net.0', 'net.1'])
  t.deepEqual(names(net.namedModules({ removeDuplicate: false })), ['', '0', '1', '1.0'])
  t.deepEqual(names(new Net().namedBuffers({ prefix: 'n' })), ['n.steps'])
  t.deepEqual(Object.keys(own.stateDict({ prefix: 'enc.' })), ['enc.weight', 'enc.bias'])
  t.is(own.stateDict({ keepVars: true }).weight, own.weight)
  // @ts-expect-error a slip
  t.throws(() => [...net.parameters({ recurs: false })], { message: /recurs.*recurse/ })
  // @ts-expect-error a slip
  t.throws(() => net.stateDict({ keepVar: true }), { message: /keepVar.*keepVars/ })
  // @ts-expect-error no string
  t.throws(() => [...net.namedModules({ prefix: 1 })], { message: /namedModules: prefix must be a string/ })
})

test('a name that holds something else is not registered over', t => {
  const net = new Net()
  t.throws(() => net.registerBuffer('fc1', ones([1])), { message: /registerBuffer: 'fc1' is .*already/ })
  t.throws(() => net.registerBuffer('scale', ones([1])), { message: /'scale' is .*already/ })
  t.throws(() => net.registerParameter('fc1', new nn.Parameter(ones([1]))), { message: /'fc1' is .*already/ })
  t.throws(() => net.addModule('scale', new nn.Linear(1, 1)), { message: /'scale' is .*already/ })
  net.registerBuffer('steps', ones([2]))
  t.deepEqual(net.stateDict().steps.tolist(), [1, 1])
})

test("what registers a hook gives a handle: a function, or PyTorch's remove()", t => {
  const layer = new nn.Linear(1, 1)
  let calls = 0
  const handles = [layer.registerForwardHook(() => void calls++), layer.registerForwardPreHook(() => void calls++)]
  layer.forward(ones([1, 1]))
  t.is(calls, 2)
  handles[0].remove()
  handles[1]()
  layer.forward(ones([1, 1]))
  t.is(calls, 2)
  const x = ones([1]).requiresGrad_()
  x.registerHook(() => void calls++).remove()
  x.mul(2).sum().backward()
  t.is(calls, 2)
})
