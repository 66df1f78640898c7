// What crosses to native code, counted there: which launches a program is made of with each pass and without it, and how many launches
// a step of an optimizer is.
import test from 'ava'
import type { Tensor } from 'glorot'
import type { Native } from '../../src/core/binding.js'

interface Binary {
  exports: Native
}

let launches = 0
let recorded: number[] = []
let names: readonly string[] = []

// The library opens its binary when it is first imported: from then on every call of it is seen here.
const { dlopen } = process
process.dlopen = (module: object, ...rest) => {
  dlopen(module, ...rest)
  const native = (module as Binary).exports
  const { launch, record } = native
  names = native.kernels
  native.launch = (...args) => {
    launches++
    launch(...args)
  }
  native.record = (numbers, buffers) => {
    recorded = [...numbers]
    return record(numbers, buffers)
  }
}
const { compile, fromTypedArray, nn, optim, randn } = await import('glorot')
process.dlopen = dlopen

type Fn = Parameters<typeof compile>[0]
type Options = Parameters<typeof compile>[1]

/** The kernels of a function's program, in order; those of a chain in an array. See native/program.h. */
function program(fn: Fn, inputs: Parameters<Fn>, options?: Options): (string | string[])[] {
  const step = compile(fn, options)
  for (let i = 0; i < 3; i++) step(...inputs)
  const [nInputs, nOutputs] = recorded
  const found: (string | string[])[] = []
  let at = 2 + 4 * nInputs + 3 * nOutputs
  const one = () => {
    const [code, buffers, sizes, floats] = recorded.slice(at, at + 4)
    at += 4 + 2 * buffers + sizes + floats
    return names[code >> 2]
  }
  while (at < recorded.length) {
    if (recorded[at] < 4 * names.length) found.push(one())
    else {
      const count = recorded[at + 1]
      at += 4 + count
      found.push(Array.from({ length: count }, one))
    }
  }
  return found
}

test('prune: what nobody needs is not launched', t => {
  const fn = (x: Tensor) => {
    x.exp().sum()
    return x.mul(2)
  }
  t.deepEqual(program(fn, [randn([4])], { prune: false }), ['exp', 'sum', 'mul'])
  t.deepEqual(program(fn, [randn([4])]), ['mul'])
})

test('fuse: a linear layer and the function after it are one launch', t => {
  const model = new nn.Sequential(new nn.Linear(4, 4), new nn.ReLU(), new nn.Linear(4, 4), new nn.Sigmoid())
  const fn = (x: Tensor) => model.forward(x)
  t.deepEqual(program(fn, [randn([2, 4])], { fuse: false }), ['linear', 'relu', 'linear', 'sigmoid'])
  t.deepEqual(program(fn, [randn([2, 4])]), ['linear', 'linear'])
})

/** A step of training without an optimizer. */
function training(model: InstanceType<typeof nn.Sequential>): Fn {
  const criterion = new nn.MSELoss()
  return (x, y) => {
    model.zeroGrad()
    const loss = criterion.forward(model.forward(x), y)
    loss.backward()
    return loss
  }
}

test('fuse: a linear layer backward and the slope of the function before it are one launch', t => {
  const model = new nn.Sequential(
    new nn.Linear(4, 5),
    new nn.Sigmoid(),
    new nn.Linear(5, 5),
    new nn.Tanh(),
    new nn.Linear(5, 6),
    new nn.ReLU(),
    new nn.Linear(6, 3),
  )
  const data: [Tensor, Tensor] = [randn([2, 4]), randn([2, 3])]
  const loss = ['mseLoss', 'fill', 'mseLossBackward']
  const apart = ['relu', 'tanh', 'sigmoid'].flatMap(name => ['linearBackward', `${name}Backward`])
  t.deepEqual(program(training(model), data, { fuse: false }).slice(7), [...loss, ...apart, 'linearBackward'])
  t.deepEqual(program(training(model), data), [
    ...new Array<string>(4).fill('linear'),
    ...loss,
    ...new Array<string>(4).fill('linearBackward'),
  ])
})

test('fuse: a gradient that somebody else needs, or that is of the weight, stays apart from the slope after it', t => {
  const [x, v, w] = [randn([5, 4]), new nn.Parameter(randn([5, 4])), new nn.Parameter(randn([3, 4]))]
  const backward = (fn: (x: Tensor) => Tensor[]) =>
    program(x => fn(x), [x]).filter(name => /^(linear|sigmoid)Backward$/.test(`${name}`))
  const loss = (y: Tensor) => {
    y.sum().backward()
    return y
  }
  const gradient = (seen: (dX: Tensor) => Tensor[]) => (x: Tensor) => {
    v.grad = w.grad = null
    const y = v.mul(x).sigmoid()
    y.retainGrad()
    loss(nn.functional.linear(y, w))
    return [...seen(y.grad!), v.grad!]
  }
  t.deepEqual(backward(gradient(() => [])), ['linearBackward'])
  t.deepEqual(backward(gradient(dX => [dX])), ['linearBackward', 'sigmoidBackward'])
  t.deepEqual(backward(gradient(dX => [dX.sum()])), ['linearBackward', 'sigmoidBackward'])
  const ofWeight = (x: Tensor) => {
    v.grad = null
    return [loss(nn.functional.linear(x, v.sigmoid())), v.grad!]
  }
  t.deepEqual(backward(ofWeight), ['linearBackward', 'sigmoidBackward'])
})

test('chain: elementwise launches on many elements run tile by tile', t => {
  const fn = (x: Tensor) => x.exp().tanh().sqrt().sum()
  const x = [randn([1 << 21])]
  t.deepEqual(program(fn, x, { chain: false }), ['exp', 'tanh', 'sqrt', 'sum'])
  t.deepEqual(program(fn, x), [['exp', 'tanh', 'sqrt'], 'sum'])
})

test('merge: steps of an optimizer that follow each other are one launch, where none writes what another reads', t => {
  const step = (...optimizers: InstanceType<typeof optim.Optimizer>[]): Fn => {
    for (const { params } of optimizers.flatMap(o => o.paramGroups)) for (const p of params) p.grad = randn(p.shape)
    return x => {
      for (const optimizer of optimizers) optimizer.step()
      return x.exp()
    }
  }
  const steps = (fn: Fn, options?: Options) => program(fn, [randn([2])], options).slice(0, -1)
  const parameters = (n: number) => Array.from({ length: n }, (_, i) => new nn.Parameter(randn([i + 1])))
  const groups = (n: number) => [{ params: parameters(n) }, { params: parameters(n), lr: 0.1 }]
  t.deepEqual(steps(step(new optim.SGD(groups(3))), { merge: false }), ['sgd', 'sgd'])
  t.deepEqual(steps(step(new optim.SGD(groups(3)))), ['sgd'])
  t.deepEqual(steps(step(new optim.SGD(groups(2)), new optim.SGD(groups(2)))), ['sgd'])
  t.deepEqual(steps(step(new optim.Adam(parameters(50)))), ['adam'])
  // 256 buffers: the numbers of each group, and of each parameter itself, gradient and state.
  t.deepEqual(steps(step(new optim.Adam(groups(42)))), ['adam'])
  t.deepEqual(steps(step(new optim.Adam(groups(43)))), ['adam', 'adam'])
  t.deepEqual(steps(step(new optim.Adam(parameters(2)), new optim.AdamW(parameters(2), { amsgrad: true }))), [
    'adam',
    'adam',
  ])
  t.deepEqual(steps(step(new optim.SGD(parameters(2)), new optim.Adam(parameters(2)))), ['sgd', 'adam'])
  const shared = parameters(2)
  t.deepEqual(steps(step(new optim.SGD(shared), new optim.SGD(shared))), ['sgd', 'sgd'])
  const array = new Float32Array(8)
  const [p, q] = [new nn.Parameter(fromTypedArray(array)), new nn.Parameter(randn([3]))]
  const fn = step(new optim.SGD([p]), new optim.SGD([q]))
  for (const grad of [p.detach().narrow(0, 0, 3), fromTypedArray(array.subarray(5))]) {
    q.grad = grad
    t.deepEqual(steps(fn), ['sgd', 'sgd'])
  }
})

test('a whole training step of the founding network is eight launches', t => {
  const model = new nn.Sequential(new nn.Linear(10, 10), new nn.Sigmoid(), new nn.Linear(10, 1))
  const optimizer = new optim.Adam(model.parameters())
  const criterion = new nn.MSELoss()
  const fn = (x: Tensor, y: Tensor) => {
    optimizer.zeroGrad()
    const loss = criterion.forward(model.forward(x), y)
    loss.backward()
    optimizer.step()
    return loss
  }
  t.deepEqual(program(fn as Fn, [randn([8, 10]), randn([8, 1])]), [
    'linear',
    'linear',
    'mseLoss',
    'fill',
    'mseLossBackward',
    'linearBackward',
    'linearBackward',
    'adam',
  ])
})

test('a step of an optimizer is one launch for all the parameters of a group that a launch can take', t => {
  const stepped = (optimizer: InstanceType<typeof optim.Optimizer>) => {
    for (const { params } of optimizer.paramGroups) for (const p of params) p.grad = randn(p.shape)
    optimizer.step()
    launches = 0
    optimizer.step()
    return launches
  }
  const parameters = (n: number) => Array.from({ length: n }, (_, i) => new nn.Parameter(randn([i + 1])))
  for (const name of [
    'SGD',
    'Adam',
    'AdamW',
    'NAdam',
    'RAdam',
    'Adamax',
    'RMSprop',
    'Adagrad',
    'Adadelta',
    'ASGD',
    'Rprop',
  ] as const)
    t.is(stepped(new optim[name](parameters(20))), 1, name)
  t.is(stepped(new optim.SGD([{ params: parameters(10) }, { params: parameters(10), lr: 0.1 }])), 2)
  // 64 buffers: the group's numbers, and of each parameter itself, gradient and state.
  t.is(stepped(new optim.Adam(parameters(50))), Math.ceil(50 / 21))
})
