// What a replay cannot repeat is refused, with what to do instead; what changes between calls takes effect.
import { setImmediate as turn } from 'node:timers/promises'
import v8 from 'node:v8'
import vm from 'node:vm'
import test from 'ava'
import {
  autograd,
  CompileError,
  compile,
  data,
  type GlorotError,
  manualSeed,
  nn,
  noGrad,
  optim,
  randint,
  randn,
  type Tensor,
  tensor,
  zeros,
} from 'glorot'

const refused = (message: RegExp) => ({ instanceOf: CompileError, message })
const double = () => compile((x: Tensor) => x.mul(2))

/** Calls until the function is replayed. */
function warm(fn: () => unknown): void {
  for (let i = 0; i < 4; i++) fn()
}

test('reading a value is refused, in the first call, and the recording ends', t => {
  const reads: [string, (x: Tensor) => unknown][] = [
    ['item', x => x.sum().item()],
    ['tolist', x => x.tolist()],
    ['typedArray', x => x.typedArray()],
    ['toString', x => `${x}`],
  ]
  for (const [name, read] of reads) {
    const step = compile((x: Tensor) => {
      read(x)
      return x.mul(2)
    })
    t.throws(
      () => step(tensor([1, 2])),
      refused(/reads the values .* return the tensor and read it after the call/),
      name,
    )
    t.is(tensor([3]).item(), 3)
  }
})

test('a result that is no tensor is refused', t => {
  for (const result of [undefined, 1, 'x', null, [1], { a: 1 }, Promise.resolve(tensor(1)), new Map()]) {
    t.throws(() => compile(() => result as never)(), refused(/must return a Tensor/))
  }
})

test('inputs: tensors, each once, without gradients, not changed in place', t => {
  const x = tensor([1, 2])
  const add = compile((a: Tensor, b: Tensor) => a.add(b))
  t.throws(() => add(x, x), refused(/inputs 0 and 1 are the same tensor/))
  t.throws(() => add(x, 3 as never), refused(/input 1 .* must be a Tensor, got 3; a number would be frozen/))
  t.throws(() => double()(tensor([1], { requiresGrad: true })), refused(/input 0 requires gradients/))
  t.throws(() => compile((a: Tensor) => a.add_(1))(x), refused(/changes its input 0 in place/))
  t.deepEqual(x.tolist(), [1, 2])
})

test('a compiled function within another is refused', t => {
  const inner = double()
  t.throws(() => compile((x: Tensor) => inner(x))(tensor([1])), refused(/calls a compiled function/))
})

test('a number that changes from call to call is refused by name', t => {
  let calls = 0
  const step = compile((x: Tensor) => x.mul(++calls))
  const x = tensor([1])
  for (let i = 1; i < 4; i++) t.is(step(x).item(), i)
  t.throws(() => step(x), refused(/number 3 of 'mul\w*' became 4: a number from JavaScript is frozen/))
})

test('a branch that changes from call to call is refused by name', t => {
  let calls = 0
  const step = compile((x: Tensor) => (++calls % 2 === 0 ? x.exp() : x.sin()))
  for (let i = 0; i < 3; i++) step(tensor([1]))
  t.throws(() => step(tensor([1])), refused(/'exp' ran where 'sin' ran in the call before/))
})

test('state kept by assignment is refused, state kept in place lasts', t => {
  let h = zeros([2])
  const wrong = compile((x: Tensor) => {
    h = h.add(x)
    return h
  })
  const x = tensor([1, 2])
  for (let i = 0; i < 3; i++) wrong(x)
  t.throws(() => wrong(x), refused(/state\.copy_\(next\)/))
  const state = zeros([2])
  const right = compile((y: Tensor) => state.copy_(state.add(y)))
  for (let i = 1; i < 8; i++) t.deepEqual(right(x).tolist(), [i, 2 * i])
})

test('a constant made of JavaScript values is new in every replay', t => {
  const step = compile((x: Tensor) => tensor([10, 20]).add_(x))
  for (let i = 0; i < 6; i++) t.deepEqual(step(tensor([1, 2])).tolist(), [11, 22])
})

test('a constant that changes from call to call is refused', t => {
  let calls = 0
  const step = compile((x: Tensor) => x.add(tensor([++calls])))
  for (let i = 0; i < 3; i++) step(tensor([1]))
  t.throws(() => step(tensor([1])), refused(/made of JavaScript values has other values/))
})

test('a step of LBFGS is refused: its closure is what can be compiled', t => {
  const w = new nn.Parameter(tensor([1]))
  const optimizer = new optim.LBFGS([w])
  const evaluate = () => {
    optimizer.zeroGrad()
    const loss = w.square().sum()
    loss.backward()
    return loss
  }
  const step = compile(() => optimizer.step(evaluate))
  t.throws(step, refused(/LBFGS .* compile its closure instead: optimizer\.step\(\(\) => compiled\(x, y\)\)/))
})

test('an optimizer cannot be changed within; between calls it can', t => {
  const w = new nn.Parameter(tensor([1]))
  const o = new optim.SGD([w], { lr: 1 })
  const train = (x: Tensor) => {
    o.zeroGrad()
    const loss = w.mul(x).sum()
    loss.backward()
    o.step()
    return loss
  }
  t.throws(
    () =>
      compile((x: Tensor) => {
        o.paramGroups[0].lr = 2
        return train(x)
      })(tensor([1])),
    refused(/sets lr of an optimizer/),
  )
  t.is(o.paramGroups[0].lr, 1)
  const step = compile(train)
  warm(() => step(tensor([1])))
  const before = w.item()
  o.paramGroups[0].lr = 0.5
  step(tensor([1]))
  t.is(w.item(), before - 0.5)
  new optim.lrScheduler.StepLR(o, { stepSize: 1, gamma: 0.5 }).step()
  step(tensor([1]))
  t.is(w.item(), before - 0.75)
})

test('results are tensors of their own, outside the graph', t => {
  const step = double()
  const all = Array.from({ length: 8 }, (_, i) => step(tensor([i])))
  t.deepEqual(
    all.map(x => x.item()),
    [0, 2, 4, 6, 8, 10, 12, 14],
  )
  t.false(all.some(x => x.requiresGrad))
})

test('arrays, objects and strided results', t => {
  const both = compile((x: Tensor) => [x.add(1), x.t()] as const)
  const named = compile((x: Tensor) => ({ sum: x.sum(), x }))
  const x = tensor([
    [1, 2],
    [3, 4],
  ])
  for (let i = 0; i < 5; i++) {
    t.deepEqual(
      both(x).map(y => y.tolist()),
      [
        [
          [2, 3],
          [4, 5],
        ],
        [
          [1, 3],
          [2, 4],
        ],
      ],
    )
    t.is(named(x).sum.item(), 10)
    t.deepEqual(named(x).x.tolist(), x.tolist())
  }
})

test('inputs may be strided, empty or of any dtype', t => {
  const step = double()
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ])
  for (let i = 0; i < 5; i++) {
    t.deepEqual(step(x.t()).tolist(), [
      [2, 8],
      [4, 10],
      [6, 12],
    ])
    t.deepEqual(step(zeros([0, 3])).shape, [0, 3])
    t.deepEqual(step(tensor([1, 2], { dtype: 'int32' })).tolist(), [2, 4])
  }
})

test('an error of the function or of a replayed kernel reaches the caller, and the next call works', t => {
  const pick = compile((x: Tensor, i: Tensor) => x.indexSelect(0, i))
  const x = tensor([1, 2, 3])
  const at = (i: number) => tensor([i], { dtype: 'int32' })
  warm(() => pick(x, at(1)))
  t.throws(() => pick(x, at(7)), { message: /7/ })
  t.is(pick(x, at(2)).item(), 3)
  const fails = compile((): Tensor => {
    throw new RangeError('mine')
  })
  t.throws(() => fails(), { instanceOf: RangeError, message: 'mine' })
  t.is(tensor([5]).item(), 5)
})

test('train() and eval() take effect, back and forth', t => {
  const model = new nn.Sequential(new nn.Dropout({ p: 0.5 }))
  const run = compile((x: Tensor) => model.forward(x))
  const x = randn([64])
  for (let i = 0; i < 12; i++) {
    const training = i % 3 === 0
    model.train(training)
    t.is(run(x).eq(0).sum().item() > 0, training, `call ${i}`)
  }
})

test('requiresGrad, hooks, parameter groups and loaded state take effect', t => {
  const a = new nn.Linear(2, 1)
  const b = new nn.Linear(2, 1)
  const o = new optim.SGD(a.parameters(), { lr: 0.1, momentum: 0.9 })
  const step = compile((x: Tensor) => {
    o.zeroGrad()
    const loss = a.forward(x).add(b.forward(x)).square().sum()
    loss.backward()
    o.step()
    return loss
  })
  const x = tensor([[1, 2]])
  warm(() => step(x))
  const frozen = b.weight.tolist()
  o.addParamGroup({ params: b.parameters() })
  step(x)
  t.notDeepEqual(b.weight.tolist(), frozen)
  warm(() => step(x))
  a.requiresGrad_(false)
  const held = a.weight.tolist()
  a.zeroGrad()
  step(x)
  t.deepEqual(a.weight.tolist(), held)
  warm(() => step(x))
  let seen = 0
  const remove = b.registerForwardHook(() => {
    seen++
  })
  step(x)
  t.is(seen, 1)
  remove()
  noGrad(() => b.weight.fill_(3))
  const state = b.stateDict()
  b.loadStateDict({ weight: tensor([[5, 6]]), bias: state.bias })
  const want = a.forward(x).add(b.forward(x)).square().sum().item()
  t.is(step(x).item(), want)
})

test('gradients: in p.grad after the call, accumulated where the function does not clear them', t => {
  const w = new nn.Parameter(tensor([1]))
  const grads = compile((x: Tensor) => {
    const y = w.mul(x).sum()
    y.backward()
    return y
  })
  for (let i = 1; i < 8; i++) {
    grads(tensor([2]))
    t.is(w.grad!.item(), 2 * i)
  }
  w.grad = null
  grads(tensor([3]))
  t.is(w.grad!.item(), 3)
  grads(tensor([3]))
  t.is(w.grad!.item(), 6)
})

test('a saved tensor that a replay changes in place is noticed', t => {
  const w = new nn.Parameter(tensor([1, 2]))
  const o = new optim.SGD([w], { lr: 0.1 })
  const step = compile((x: Tensor) => {
    o.zeroGrad()
    const loss = w.mul(x).sum()
    loss.backward()
    o.step()
    return loss
  })
  warm(() => step(tensor([1, 1])))
  const y = w.square().sum()
  step(tensor([1, 1]))
  t.throws(() => y.backward(), { instanceOf: Error, message: /changed in place/ })
})

test('the stream of random numbers goes on as without compiling', t => {
  const draw = () => randn([3])
  manualSeed(5)
  const eager = Array.from({ length: 8 }, () => draw().tolist())
  manualSeed(5)
  const compiled = compile(draw)
  t.deepEqual(
    Array.from({ length: 8 }, () => compiled().tolist()),
    eager,
  )
  manualSeed(5)
  t.deepEqual(compiled().tolist(), eager[0])
})

test('noGrad and anomaly mode around a call', t => {
  const model = new nn.Linear(2, 1)
  const run = compile((x: Tensor) => model.forward(x))
  const x = tensor([[1, 2]])
  const want = model.forward(x).tolist()
  for (let i = 0; i < 4; i++) {
    t.deepEqual(noGrad(() => run(x)).tolist(), want)
    t.deepEqual(run(x).tolist(), want)
    t.deepEqual(autograd.detectAnomaly(() => run(x)).tolist(), want)
  }
})

test('gradients are outside the graph, as results are', t => {
  const w = new nn.Parameter(tensor([2]))
  const step = compile((x: Tensor) => {
    w.grad = null
    const loss = w.pow(3).mul(x).sum()
    loss.backward(null, { createGraph: true })
    return loss
  })
  for (let i = 0; i < 5; i++) {
    const loss = step(tensor([1]))
    t.is(w.grad!.item(), 12)
    t.false(w.grad!.requiresGrad || loss.requiresGrad)
    t.false(autograd.detectAnomaly(() => step(tensor([1]))).requiresGrad)
  }
})

test('after an error no gradient is left that is of no step', async t => {
  const table = new nn.Embedding(5, 3)
  const head = new nn.Linear(3, 1)
  const step = compile((at: Tensor) => {
    table.zeroGrad()
    head.zeroGrad()
    const loss = head.forward(table.forward(at)).square().sum()
    loss.backward()
    return loss
  })
  const row = (i: number) => tensor([i], { dtype: 'int32' })
  for (let call = 0; call < 6; call++) {
    step(row(call % 5))
    t.throws(() => step(row(9)), { message: /9 is out of range/ }, `call ${call}`)
    t.is(head.weight.grad, null)
    await step.runAsync(row(call % 5))
    await t.throwsAsync(() => step.runAsync(row(9)), { message: /9 is out of range/ })
    t.is(head.weight.grad, null)
  }
})

test('more inputs and results than a native call takes are refused at once', t => {
  const inputs = Array.from({ length: 40 }, (_, i) => tensor([i]))
  const each = (...xs: Tensor[]) => xs.map(x => x.add(1))
  t.throws(() => compile(each)(...inputs), refused(/40 inputs and 40 results, 64 in all/))
  const sum = compile((...xs: Tensor[]) => xs.reduce((a, b) => a.add(b)))
  for (let i = 0; i < 4; i++) t.is(sum(...inputs).item(), 780)
  const reused = compile(each, { reuseResults: true })
  for (let i = 0; i < 4; i++) t.is(reused(...inputs)[39].item(), 40)
})

test('dispose and options', t => {
  const step = double()
  warm(() => step(tensor([1])))
  t.true(step.memory >= 0)
  step.dispose()
  t.is(step.memory, 0)
  t.throws(() => step(tensor([1])), refused(/disposed/))
  t.throws(() => compile(3 as never), { instanceOf: TypeError })
  t.throws(() => compile((x: Tensor) => x, { cacheSize: 0 }), { message: /cacheSize/ })
  t.throws(() => compile((x: Tensor) => x, { cache: 1 } as never), { instanceOf: TypeError, message: /cache/ })
})

test('the cache is bounded by its size, and the shape not used for longest goes', t => {
  let ran = 0
  const step = compile(
    (x: Tensor) => {
      ran++
      return x.mul(2)
    },
    { cacheSize: 2 },
  )
  for (const n of [1, 2, 1, 2, 1, 2]) step(zeros([n]))
  t.is(ran, 4)
  for (let i = 0; i < 3; i++) step(zeros([3]))
  step(zeros([2]))
  t.is(ran, 6)
  step(zeros([1]))
  t.is(ran, 7)
})

test('shapes in turn, more than are kept, are replayed as far as they are, and a warning says so once', async t => {
  const warnings: string[] = []
  const listen = (warning: Error) => warnings.push(warning.message)
  process.on('warning', listen)
  let ran = 0
  const step = compile(
    (x: Tensor) => {
      ran++
      return x.mul(2)
    },
    { cacheSize: 2 },
  )
  const turn = (shapes: number) => {
    ran = 0
    for (let n = 1; n <= shapes; n++) step(zeros([n]))
    return ran
  }
  for (let i = 0; i < 6; i++) turn(3)
  t.true(turn(3) + turn(3) + turn(3) < 9)
  for (let i = 0; i < 6; i++) turn(10)
  t.true(turn(10) < 10)
  await new Promise(setImmediate)
  t.is(warnings.length, 1)
  t.regex(warnings[0], /more shapes than the 2 .* cacheSize/)
  process.off('warning', listen)
})

test('an error within a replay names the layer as one without does', async t => {
  const model = new nn.Sequential(
    new nn.Sequential(new nn.Embedding(10, 4), new nn.Sigmoid()),
    new nn.Linear(4, 3),
    new nn.ReLU(),
  )
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
  const criterion = new nn.CrossEntropyLoss()
  const plain = (x: Tensor, y: Tensor) => {
    optimizer.zeroGrad()
    const loss = criterion.forward(model.forward(x).mean(1), y)
    loss.backward()
    optimizer.step()
    return loss
  }
  const step = compile(plain)
  const [x, y] = [randint(0, 10, [2, 5]), randint(0, 3, [2])]
  warm(() => step(x, y))
  const words = tensor([[0, 1, 2, 3, 10]], { dtype: 'int32' }).expand([2, 5])
  const classes = tensor([0, 7], { dtype: 'int32' })
  const dataset = new data.TensorDataset(words.contiguous(), y)
  for (const [a, b, path] of [
    [words, y, '0.0 (Embedding 10 x 4)'],
    [x, classes, 'CrossEntropyLoss'],
  ] as const) {
    const { message } = t.throws(() => plain(a, b))
    t.regex(message, /out of range/)
    for (const error of [t.throws(() => step(a, b)), await t.throwsAsync(step.runAsync(a, b))])
      t.like(error as GlorotError, { path, message })
  }
  const loader = new data.DataLoader(dataset, { batchSize: 2 })
  t.is(t.throws<GlorotError>(() => step.runEpochSync(loader)).path, '0.0 (Embedding 10 x 4)')
})

test('a rate that changes from call to call does not record anew', t => {
  const w = new nn.Parameter(tensor([1]))
  const o = new optim.Adam([w], { lr: 1 })
  const scheduler = new optim.lrScheduler.ExponentialLR(o, { gamma: 0.9 })
  let ran = 0
  const step = compile((x: Tensor) => {
    ran++
    o.zeroGrad()
    const loss = w.mul(x).sum()
    loss.backward()
    o.step()
    return loss
  })
  for (let i = 0; i < 10; i++) {
    step(tensor([1]))
    scheduler.step()
  }
  t.is(ran, 2)
})

test('a rate that the function itself reads takes effect when it changes', t => {
  const o = new optim.SGD([new nn.Parameter(tensor([1]))], { lr: 2 })
  const step = compile((x: Tensor) => x.mul(o.paramGroups[0].lr))
  for (let i = 0; i < 5; i++) t.is(step(tensor([3])).item(), 6)
  o.paramGroups[0].lr = 4
  for (let i = 0; i < 5; i++) t.is(step(tensor([3])).item(), 12)
})

v8.setFlagsFromString('--expose-gc')
const gc = vm.runInNewContext('gc') as () => void

/** Megabytes of tensors once all garbage is collected. */
async function collect(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    gc()
    await turn()
  }
  return process.memoryUsage().arrayBuffers / 2 ** 20
}

test.serial('the memory of a function is let go with it, or when it is disposed of', async t => {
  const before = await collect()
  const make = () => {
    const run = compile((x: Tensor) => x.mul(2).cumsum(0), { reuseResults: true })
    for (let i = 0; i < 4; i++) run(zeros([1024, 1024]))
    return run
  }
  const kept = Array.from({ length: 5 }, make)
  t.true((await collect()) - before > 5 * 8)
  for (const run of kept) run.dispose()
  t.true((await collect()) - before < 8)
  for (let i = 0; i < 5; i++) make()
  t.true((await collect()) - before < 8)
})

test.serial('the memory of recorded calls is let go', async t => {
  const before = await collect()
  const deep = compile((x: Tensor) => {
    let y = x
    for (let i = 0; i < 40; i++) y = y.add(1)
    return y.sum()
  })
  for (let i = 0; i < 4; i++) deep(zeros([1024, 1024]))
  const held = (await collect()) - before
  t.log(`${held.toFixed(0)} MB held for 40 tensors of 4 MB`)
  t.true(held < 20 && deep.memory < 9 * 2 ** 20)
})

test('reuseResults: one tensor for all replays, and a tensor saved for backward notices', t => {
  const double = compile((x: Tensor) => ({ y: x.mul(2) }), { reuseResults: true })
  for (let i = 0; i < 3; i++) double(tensor([1, 2]))
  const { y } = double(tensor([1, 2]))
  t.is(double(tensor([3, 4])).y, y)
  t.deepEqual(y.tolist(), [6, 8])
  const w = tensor([1, 1], { requiresGrad: true })
  const loss = w.mul(y).sum()
  double(tensor([5, 6]))
  t.throws(() => loss.backward(), { message: /changed in place/ })
  t.throws(() => compile((x: Tensor) => x, { reuseResults: 'yes' as never }), {
    message: /reuseResults must be true or false/,
  })
})
