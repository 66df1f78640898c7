// Optimizers beyond their formulas: options, groups, state dicts, and the launches that many or odd parameters need.
import test from 'ava'
import {
  AutogradError,
  manualSeed,
  nn,
  noGrad,
  ones,
  optim,
  rand,
  randn,
  StateDictError,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from 'glorot'

// biome-ignore lint/suspicious/noExplicitAny: every class is made alike
const classes = optim as any
const variants: [string, object][] = [
  ['SGD', { lr: 0.1 }],
  ['SGD', { lr: 0.1, momentum: 0.9, nesterov: true }],
  ['Adam', {}],
  ['Adam', { amsgrad: true, weightDecay: 0.1 }],
  ['AdamW', {}],
  ['NAdam', {}],
  ['RAdam', {}],
  ['Adamax', {}],
  ['RMSprop', {}],
  ['RMSprop', { momentum: 0.9 }],
  ['RMSprop', { centered: true, momentum: 0.9 }],
  ['Adagrad', { initialAccumulatorValue: 0.1 }],
  ['Adadelta', {}],
  ['ASGD', { t0: 2 }],
  ['Rprop', {}],
]
const named = variants.map(([name, options]) => [name, options, `${name} ${JSON.stringify(options)}`] as const)

const parameters = (shapes: readonly number[][], dtype: 'float32' | 'float64' = 'float32') => {
  manualSeed(1)
  return shapes.map(s => new nn.Parameter(randn(s, { dtype })))
}
/** Gives every parameter the gradient of step t, and steps. */
function step(optimizer: optim.Optimizer, params: readonly Tensor[], t: number): void {
  manualSeed(100 + t)
  for (const p of params) p.grad = randn(p.shape, { dtype: p.dtype })
  optimizer.step()
}
const values = (params: readonly Tensor[]) => params.map(p => [...p.toTypedArray()])

test('an unknown option is named, with the nearest one', t => {
  const p = parameters([[2]])
  t.throws(() => new optim.SGD(p, { learningRate: 1 } as never), { instanceOf: TypeError, message: /learningRate/ })
  t.throws(() => new optim.Adam(p, { beta: [0, 0] } as never), {
    message: "Adam: unknown option 'beta', did you mean 'betas'?",
  })
  t.throws(() => new optim.AdamW(p, { decoupledWeightDecay: true } as never), { message: /unknown option/ })
  t.throws(() => new optim.SGD([{ params: p, lrr: 1 } as never]), {
    message: /unknown option 'lrr', did you mean 'lr'/,
  })
})

test('values that cannot be are refused, both named', t => {
  const p = parameters([[2]])
  const refused = (name: string, options: object, message: string) =>
    t.throws(() => new classes[name](p, options), { instanceOf: ValueError, message })
  refused('SGD', { lr: -1 }, 'SGD: lr must be >= 0, got -1')
  refused('SGD', { lr: Number.NaN }, 'SGD: lr must be >= 0, got NaN')
  refused('SGD', { momentum: -0.5 }, 'SGD: momentum must be >= 0, got -0.5')
  refused(
    'SGD',
    { nesterov: true },
    'SGD: nesterov needs momentum above 0 and dampening 0, got momentum 0 and dampening 0',
  )
  refused('Adam', { betas: [0.9, 1] }, 'Adam: betas[1] must be in [0, 1), got 1')
  refused('AdamW', { weightDecay: -1 }, 'AdamW: weightDecay must be >= 0, got -1')
  refused('Adadelta', { rho: 1.5 }, 'Adadelta: rho must be between 0 and 1, got 1.5')
  refused('Rprop', { etas: [1.2, 0.5] }, 'Rprop: etas must be in (0, 1) and above 1, got 1.2 and 0.5')
  refused('LBFGS', { lineSearchFn: 'wolfe' }, 'LBFGS: lineSearchFn must be one of \'strong_wolfe\', got "wolfe"')
  t.throws(() => new optim.Adam(p, { betas: 0.9 } as never), {
    instanceOf: TypeError,
    message: /betas must be an array of two numbers, got 0.9/,
  })
  t.throws(() => new optim.SGD(p, { lr: '0.1' } as never), { instanceOf: TypeError, message: /lr must be a number/ })
})

test('parameters: iterables of leaves, each once', t => {
  const model = new nn.Linear(2, 1)
  t.is(new optim.SGD(model.parameters()).paramGroups[0].params.length, 2)
  t.throws(() => new optim.SGD([]), { message: 'SGD: there are no parameters to optimize' })
  t.throws(() => new optim.SGD(model.weight as never), { message: /params must be an iterable.*put it in an array/ })
  t.throws(() => new optim.SGD(model as never), { message: /got a Linear/ })
  t.throws(() => new optim.SGD(model.namedParameters() as never), {
    message: /model.parameters\(\), which has no names/,
  })
  t.throws(() => new optim.SGD([model.weight, model.weight]), { message: /\[1, 2\] appears more than once/ })
  t.throws(() => new optim.SGD([model.weight.mul(2)]), { message: /\[1, 2\] is the result of an operation/ })
  const optimizer = new optim.SGD([model.weight])
  t.throws(() => optimizer.addParamGroup({ params: model.weight }), { message: /more than once/ })
  t.is(optimizer.paramGroups.length, 1)
})

test('what is set in a group is what the next step uses', t => {
  const [p] = parameters([[1]])
  const optimizer = new optim.SGD([p], { lr: 1 })
  const change = () => {
    const before = p.item()
    p.grad = ones([1])
    optimizer.step()
    return Math.round((p.item() - before) * 1e4) / 1e4
  }
  t.is(change(), -1)
  optimizer.paramGroups[0].lr = 0.25
  t.is(optimizer.paramGroups[0].lr, 0.25)
  t.is(change(), -0.25)
  optimizer.paramGroups[0].maximize = true
  t.is(change(), 0.25)
  optimizer.paramGroups[0].momentum = 0.5
  change()
  // The buffer began with the gradient -1 and took another.
  t.is(change(), 0.375)
  t.throws(() => Object.assign(optimizer.paramGroups[0], { lr: 'fast' }), { instanceOf: TypeError })
  t.throws(() => Object.assign(optimizer.paramGroups[0], { lr: Number.NaN }), { instanceOf: ValueError })
  const betas = new optim.Adam([p]).paramGroups[0].betas as unknown as number[]
  t.throws(() => betas.fill(0), { instanceOf: TypeError })
})

for (const [name, options, title] of named) {
  test(`${title}: many parameters step as each alone`, t => {
    const shapes = Array.from({ length: 45 }, (_, i) => [1 + (i % 7), 1 + (i % 5)])
    const together = parameters(shapes)
    const alone = parameters(shapes)
    const one = new classes[name](together, options)
    const each = alone.map(p => new classes[name]([p], options))
    for (let k = 0; k < 4; k++) {
      step(one, together, k)
      for (const [i, p] of alone.entries()) {
        p.grad = together[i].grad
        each[i].step()
      }
    }
    t.deepEqual(values(together), values(alone))
    t.notDeepEqual(values(together), values(parameters(shapes)))
  })

  test(`${title}: float64 beside float32, and what is not contiguous`, t => {
    const plain = [...parameters([[3, 2], [4]]), ...parameters([[2, 3]], 'float64')]
    const odd = [...parameters([[3, 2], [4]]), ...parameters([[2, 3]], 'float64')]
    noGrad(() => {
      odd[0].data = odd[0].detach().t().contiguous().t()
    })
    t.false(odd[0].isContiguous())
    const [a, b] = [new classes[name](plain, options), new classes[name](odd, options)]
    for (let k = 0; k < 3; k++) {
      step(a, plain, k)
      for (const [i, p] of odd.entries()) {
        const { grad } = plain[i]
        p.grad = i === 2 ? grad!.t().contiguous().t() : grad
      }
      b.step()
    }
    t.deepEqual(values(odd), values(plain))
  })

  test(`${title}: a state dict goes on where it was taken, in another optimizer too`, t => {
    const shapes = [[3, 2], [5]]
    const straight = parameters(shapes)
    const optimizer = new classes[name](straight, options)
    for (let k = 0; k < 3; k++) step(optimizer, straight, k)
    const saved = structuredCloneOf(optimizer.stateDict())
    const resumed = straight.map(p => new nn.Parameter(p.detach().clone()))
    const other = new classes[name](resumed, { lr: 0.77 })
    other.loadStateDict(saved)
    t.is(other.paramGroups[0].lr, optimizer.paramGroups[0].lr)
    for (let k = 3; k < 6; k++) {
      step(optimizer, straight, k)
      step(other, resumed, k)
    }
    t.deepEqual(values(resumed), values(straight))
  })
}

/** A deep copy, as a file would give. */
// biome-ignore lint/suspicious/noExplicitAny: nested at will
function structuredCloneOf(x: any): any {
  if (typeof x?.clone === 'function') return x.clone()
  if (Array.isArray(x)) return x.map(structuredCloneOf)
  if (typeof x !== 'object' || x === null) return x
  return Object.fromEntries(Object.entries(x).map(([k, v]) => [k, structuredCloneOf(v)]))
}

test("state dicts have PyTorch's layout and keys", t => {
  const params = parameters([[2, 3], [3]])
  const adam = new optim.Adam([{ params: params[0], lr: 0.5 }, { params: [params[1]] }], {
    amsgrad: true,
    weightDecay: 0.1,
  })
  step(adam, params, 0)
  const { state, param_groups } = adam.stateDict()
  t.deepEqual(Object.keys(state), ['0', '1'])
  t.deepEqual(Object.keys(state[0]).sort(), ['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq', 'step'])
  t.is(state[0].step.item(), 1)
  t.deepEqual(state[1].exp_avg.shape, [3])
  t.deepEqual(
    param_groups.map(g => [g.params, g.lr, g.weight_decay, g.betas, g.amsgrad, g.decoupled_weight_decay]),
    [
      [[0], 0.5, 0.1, [0.9, 0.999], true, false],
      [[1], 0.001, 0.1, [0.9, 0.999], true, false],
    ],
  )
  const sgd = new optim.SGD(params, { momentum: 0.9 })
  t.deepEqual(sgd.stateDict().state, {})
  step(sgd, params, 0)
  t.deepEqual(Object.keys(sgd.stateDict().state[1]), ['momentum_buffer'])
})

test('a state dict of PyTorch loads: options of other implementations, plain step counts, no momentum yet', t => {
  const [p] = parameters([[2]])
  const adam = new optim.Adam([p])
  const state = { 0: { step: 7, exp_avg: ones([2]), exp_avg_sq: ones([2], { dtype: 'float64' }) } }
  adam.loadStateDict({ state, param_groups: [{ params: [0], lr: 0.5, foreach: null, fused: true, initial_lr: 2 }] })
  t.is(adam.paramGroups[0].lr, 0.5)
  t.is(adam.paramGroups[0].initialLr, 2)
  t.is(adam.stateDict().state[0].step.item(), 7)
  t.is(adam.stateDict().state[0].exp_avg_sq.dtype, 'float32')
  t.false('fused' in adam.paramGroups[0])
  const sgd = new optim.SGD([p], { momentum: 0.9 })
  sgd.loadStateDict({ state: { 0: { momentum_buffer: null } }, param_groups: [{ params: [0] }] })
  t.deepEqual(sgd.stateDict().state, {})
})

test('a state dict that does not fit changes nothing', t => {
  const params = parameters([[2], [3]])
  const adam = new optim.Adam(params)
  step(adam, params, 0)
  const good = adam.stateDict()
  const before = values(Object.values(good.state[0]))
  const refused = (change: object, message: RegExp) => {
    t.throws(() => adam.loadStateDict({ ...good, ...change }), { instanceOf: StateDictError, message })
    t.deepEqual(values(Object.values(adam.stateDict().state[0])), before)
    t.is(adam.paramGroups[0].lr, 0.001)
  }
  const groups = [{ ...good.param_groups[0], lr: 9 }]
  refused({ param_groups: [] }, /has 0 parameter groups, the optimizer 1/)
  refused({ param_groups: [{ ...groups[0], params: [0] }] }, /has 1 parameters in the state dict, 2 in the optimizer/)
  refused(
    { param_groups: groups, state: { ...good.state, 1: { ...good.state[1], exp_avg: zeros([4]) } } },
    /'exp_avg' is \[4\] in the state dict, \[3\] in the optimizer/,
  )
  refused(
    { param_groups: groups, state: { ...good.state, 1: { step: 1 } } },
    /'exp_avg' of the parameter \[3\] is undefined, not a Tensor/,
  )
  t.throws(() => adam.loadStateDict({} as never), { instanceOf: TypeError })
})

test('zeroGrad drops gradients, or fills them with zeros', t => {
  const params = parameters([[2], [3]])
  const optimizer = new optim.SGD(params)
  params[0].grad = ones([2])
  optimizer.zeroGrad({ setToNone: false })
  t.deepEqual(params[0].grad?.tolist(), [0, 0])
  t.is(params[1].grad, null)
  optimizer.zeroGrad()
  t.deepEqual(
    params.map(p => p.grad),
    [null, null],
  )
  t.throws(() => optimizer.zeroGrad({ setToNull: true } as never), { message: /did you mean 'setToNone'/ })
})

test('the closure is called once, records, and its result is returned', t => {
  const [p] = parameters([[2]])
  const optimizer = new optim.SGD([p], { lr: 0.5 })
  const before = p.toTypedArray()
  const loss = noGrad(() =>
    optimizer.step(() => {
      optimizer.zeroGrad()
      const l = p.mul(p).sum()
      l.backward()
      return l
    }),
  )
  t.true(loss.requiresGrad)
  t.deepEqual(
    [...p.toTypedArray()],
    [...before].map(() => 0),
  )
  t.is(optimizer.step(), undefined)
  t.throws(() => optimizer.step(5 as never), { instanceOf: TypeError, message: /closure must be a function, got 5/ })
})

test('a step counts as a change in place: a graph that needs the old values is refused', t => {
  const [p] = parameters([[2]])
  const optimizer = new optim.SGD([p])
  const loss = p.mul(p).sum()
  p.grad = ones([2])
  optimizer.step()
  t.throws(() => loss.backward(), { instanceOf: AutogradError })
})

test('memory that is exchanged under a parameter is what the next step changes', t => {
  const [p] = parameters([[2]])
  const optimizer = new optim.Adam([p], { lr: 1 })
  step(optimizer, [p], 0)
  const fresh = tensor([5, 5])
  p.data = fresh
  p.grad = ones([2])
  optimizer.step()
  t.true(fresh.tolist().every((v: number) => v < 5))
  p.grad = null
  p.data = tensor([5, 5], { dtype: 'float64' })
  p.grad = ones([2], { dtype: 'float64' })
  optimizer.step()
  t.is(optimizer.state.get(p)!.exp_avg.dtype, 'float64')
  t.is(optimizer.state.get(p)!.step.item(), 3)
})

test('amsgrad and momentum can be switched on between steps', t => {
  const [p] = parameters([[3]])
  const optimizer = new optim.RMSprop([p])
  step(optimizer, [p], 0)
  const average = optimizer.state.get(p)!.square_avg.tolist()
  optimizer.paramGroups[0].momentum = 0.9
  p.grad = zeros([3])
  optimizer.step()
  t.deepEqual(Object.keys(optimizer.state.get(p)!), ['step', 'square_avg', 'momentum_buffer'])
  t.is(optimizer.state.get(p)!.step.item(), 2)
  const after: number[] = optimizer.state.get(p)!.square_avg.tolist()
  t.true(after.every((v, i) => Math.abs(v - 0.99 * average[i]) < 1e-6))
})

test('hooks run around every step until removed', t => {
  const [p] = parameters([[1]])
  const optimizer = new optim.SGD([p], { lr: 1 })
  const seen: number[] = []
  const removeBefore = optimizer.registerStepPreHook(() => seen.push(p.item()))
  const removeAfter = optimizer.registerStepPostHook(o => {
    t.is(o, optimizer)
    seen.push(p.item())
  })
  p.grad = ones([1])
  optimizer.step()
  t.is(seen.length, 2)
  t.true(Math.abs(seen[0] - 1 - seen[1]) < 1e-6)
  removeBefore()
  removeAfter()
  optimizer.step()
  t.is(seen.length, 2)
  t.throws(() => optimizer.registerStepPreHook(3 as never), { instanceOf: TypeError })
})

test('an optimizer of one’s own needs update() only', t => {
  class SignDescent extends optim.Optimizer<{ lr?: number }> {
    constructor(params: Iterable<Tensor>) {
      super(params, { lr: 1 })
    }
    protected override update<R>(): R | undefined {
      for (const { params, lr } of this.paramGroups)
        for (const p of params) if (p.grad !== null) noGrad(() => p.sub_(p.grad!.sign().mul(lr)))
      return undefined
    }
    protected override loadedState() {
      return () => {}
    }
  }
  const p = new nn.Parameter(tensor([1, 1]))
  p.grad = tensor([-3, 2])
  const optimizer = new SignDescent([p])
  new optim.lrScheduler.StepLR(optimizer, { stepSize: 1 })
  optimizer.step()
  t.deepEqual(p.tolist(), [2, 0])
})

test('printing shows the groups as PyTorch does', t => {
  const optimizer = new optim.SGD(parameters([[1]]), { lr: 0.5, momentum: 0.9 })
  t.is(
    optimizer.toString(),
    'SGD (\nParameter Group 0\n    dampening: 0\n    lr: 0.5\n    maximize: false\n    momentum: 0.9\n    nesterov: false\n    weightDecay: 0\n)',
  )
})

test('LBFGS needs a closure, one group, one dtype; and goes on from a state dict', t => {
  const make = () => new nn.Parameter(tensor([-1.2, 1]))
  t.throws(() => new optim.LBFGS([make()]).step(), { instanceOf: TypeError, message: /needs a closure/ })
  t.throws(() => new optim.LBFGS([{ params: make() }, { params: make() }]), { message: /one parameter group, got 2/ })
  t.throws(() => new optim.LBFGS([make(), ...parameters([[1]], 'float64')]), { message: /float32 and float64/ })
  const options = { lineSearchFn: 'strong_wolfe', maxIter: 6 } as const
  const run = (p: Tensor, optimizer: optim.LBFGS, steps: number) => {
    for (let k = 0; k < steps; k++)
      optimizer.step(() => {
        optimizer.zeroGrad()
        const [a, b] = [p.select(0, 0), p.select(0, 1)]
        const loss = a.sub(1).square().add(b.sub(a.square()).square().mul(100))
        loss.backward()
        return loss
      })
  }
  const [straight, half] = [make(), make()]
  run(straight, new optim.LBFGS([straight], options), 6)
  const first = new optim.LBFGS([half], options)
  run(half, first, 3)
  const second = new optim.LBFGS([half], options)
  second.loadStateDict(structuredCloneOf(first.stateDict()))
  run(half, second, 3)
  t.deepEqual(half.tolist(), straight.tolist())
  t.true(
    straight
      .sub(ones([2]))
      .abs()
      .max()
      .item() < 0.5,
  )
})

test('state is made once and kept', t => {
  const p = new nn.Parameter(rand([200_000]))
  const optimizer = new optim.Adam([p])
  p.grad = rand([200_000])
  optimizer.step()
  const block = optimizer.state.get(p)
  for (let k = 0; k < 10; k++) optimizer.step()
  t.is(optimizer.state.get(p), block)
})
