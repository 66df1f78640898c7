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
const { compile, nn, optim, randn } = await import('glorot')
process.dlopen = dlopen

type Fn = Parameters<typeof compile>[0]
type Options = Parameters<typeof compile>[1]

/** The kernels of a function's program, in order; those of a chain in an array. See native/program.h. */
function program(fn: Fn, inputs: Parameters<Fn>, options?: Options): (string | string[])[] {
  const step = compile(fn, options)
  for (let i = 0; i < 3; i++) step(...inputs)
  const [nInputs, nOutputs] = recorded
  const found: (string | string[])[] = []
  let at = 2 + 3 * (nInputs + nOutputs)
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

test('chain: elementwise launches on many elements run tile by tile', t => {
  const fn = (x: Tensor) => x.exp().tanh().sqrt().sum()
  const x = [randn([1 << 21])]
  t.deepEqual(program(fn, x, { chain: false }), ['exp', 'tanh', 'sqrt', 'sum'])
  t.deepEqual(program(fn, x), [['exp', 'tanh', 'sqrt'], 'sum'])
})

test('a whole training step of the founding network is nine launches', t => {
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
    'sigmoidBackward',
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
