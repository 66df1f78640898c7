// What a program does between two calls of a compiled function takes effect as without compiling, to the bit: settings and layers that
// are replaced, parameters and gradients that move, options and groups of an optimizer; one by one, then at random.
import test from 'ava'
import { compile, manualSeed, nn, noGrad, optim, rand, randint, randn, type Tensor, tensor } from 'glorot'

const bits = (x: Tensor | null) => x && Buffer.from(x.toTypedArray().buffer as ArrayBuffer).toString('hex')

class Scaled extends nn.Module {
  factor = 2
  sizes = [1, 2]
  options = { shift: 0.5, rows: [{ scale: 1 }] }
  blocks = new nn.ModuleDict({ only: new nn.Linear(6, 6) })
  override forward(x: Tensor): Tensor {
    let y = x
    for (const block of this.blocks.values()) y = block.forward(y)
    return y
      .mul(this.factor * this.sizes[1])
      .add(this.options.shift)
      .mul(this.options.rows[0].scale)
  }
}

function program() {
  manualSeed(4)
  const layers = {
    first: new nn.Linear(6, 6),
    norm: new nn.BatchNorm1d(6),
    act: new nn.LeakyReLU() as nn.Module,
    drop: new nn.Dropout({ p: 0.3 }),
    own: new Scaled(),
    head: new nn.Linear(6, 3),
  }
  const model = new nn.Sequential(...Object.values(layers))
  // The weight of the head is in no group.
  const [a, b, ...others] = [...model.parameters()].filter(x => x !== layers.head.weight)
  const optimizer = new optim.SGD([{ params: [a, b], momentum: 0.9 }, { params: others }], { lr: 0.05 })
  const criterion = new nn.CrossEntropyLoss({ labelSmoothing: 0.05 })
  const step = (x: Tensor, y: Tensor) => {
    optimizer.zeroGrad()
    const loss = criterion.forward(model.forward(x), y)
    loss.backward()
    optimizer.step()
    return loss
  }
  return { ...layers, model, optimizer, criterion, step, groups: optimizer.paramGroups }
}

type Program = ReturnType<typeof program>
type Loose = Record<string, unknown>

const interventions: Record<string, (p: Program, random: () => number) => void> = {
  'dropout.p': p => {
    p.drop.p = p.drop.p === 0.3 ? 0.6 : 0.3
  },
  'momentum of batch norm': p => {
    ;(p.norm as unknown as Loose).momentum = 0.3
  },
  'reduction of a loss': p => {
    ;(p.criterion as unknown as Loose).reduction = 'sum'
  },
  'eps of batch norm': p => {
    ;(p.norm as unknown as Loose).eps = 1e-2
  },
  'slope of an activation': p => {
    ;(p.act as unknown as Loose).negativeSlope = 0.4
  },
  'a number of a layer of one’s own': (p, random) => {
    p.own.factor += random()
  },
  'a number in an array of a layer': p => {
    p.own.sizes[1] = 5 - p.own.sizes[1]
  },
  'a number in an object of a layer': p => {
    p.own.options.shift = 0.7 - p.own.options.shift
  },
  'a number deep in an object of a layer': p => {
    p.own.options.rows[0].scale = 3 - p.own.options.rows[0].scale
  },
  'options of a loss': p => {
    p.criterion.labelSmoothing = p.criterion.labelSmoothing === 0.05 ? 0.1 : 0.05
  },
  'a layer of a list replaced': p => {
    ;(p.model as nn.Sequential)[2] = new nn.Tanh()
  },
  'a layer added to a list': p => {
    p.model.append(new nn.Sigmoid())
  },
  'a layer taken from a list': p => {
    if (p.model.length > 3) p.model.pop(p.model.length - 2)
  },
  'a layer added to a dictionary': p => {
    p.own.blocks.set(`more${p.own.blocks.length}`, new nn.Linear(6, 6))
  },
  'a layer of a dictionary replaced': p => {
    p.own.blocks.set('only', new nn.Linear(6, 6))
  },
  'a parameter replaced': p => {
    p.first.weight = new nn.Parameter(randn([6, 6]))
  },
  'a bias taken away': p => {
    p.first.bias = null
  },
  'a buffer replaced': p => {
    p.norm.running_mean = randn([6])
  },
  'memory of a parameter transposed': p => {
    p.first.weight.data = p.first.weight.data.t()
  },
  'memory of a parameter replaced': p => {
    p.first.weight.data = p.first.weight.mul(0.5).detach()
  },
  'a gradient transposed': p => {
    const { weight } = p.first
    if (weight.grad !== null) weight.grad = weight.grad.t()
  },
  'a parameter changed in place': p => {
    noGrad(() => p.head.weight.mul_(0.9))
  },
  'a parameter frozen or not': p => {
    p.head.bias!.requiresGrad = !p.head.bias!.requiresGrad
  },
  'a group taken from the optimizer': p => {
    if (p.groups.length > 1) p.groups.pop()
  },
  'a parameter taken from a group': p => {
    if (p.groups[0].params.length > 1) p.groups[0].params.pop()
  },
  'a parameter of a group replaced': p => {
    const { params } = p.groups[0]
    params[0] = params[0] === p.head.weight ? p.first.weight : p.head.weight
  },
  'momentum off or on': p => {
    p.groups[0].momentum = p.groups[0].momentum === 0 ? 0.9 : 0
  },
  'one layer in evaluation mode': p => {
    p.norm.train(!p.norm.training)
  },
  'a forward pass without compiling': p => {
    p.model.forward(randn([4, 6]))
  },
  'a step without compiling': p => {
    p.step(randn([4, 6]), randint(0, 3, [4]))
  },
}

/** All that a program leaves behind, call by call, and how often the function itself ran. */
function run(calls: number, compiled: boolean, between: (p: Program, call: number) => void): [string[], number] {
  const p = program()
  let ran = 0
  const counted: Program['step'] = (x, y) => {
    ran++
    return p.step(x, y)
  }
  const call = compiled ? compile(counted) : counted
  const found: string[] = []
  for (let i = 0; i < calls; i++) {
    const n = i % 5 === 4 ? 3 : 8
    found.push(`call ${i}: ${bits(call(randn([n, 6]), randint(0, 3, [n])))}`)
    for (const [name, x] of p.model.namedParameters()) found.push(`call ${i}: ${name} ${bits(x)} ${bits(x.grad)}`)
    for (const [name, x] of p.model.namedBuffers()) found.push(`call ${i}: ${name} ${bits(x)}`)
    found.push(`call ${i}: ${bits(rand([2]))}`)
    between(p, i)
  }
  return [found, ran]
}

/** Where two runs begin to differ, null where they do not. */
function difference(found: readonly string[], want: readonly string[]): string | null {
  const i = found.findIndex((line, i) => line !== want[i])
  return i < 0 ? null : `${want[i].slice(0, 60)} became ${found[i].slice(0, 60)}`
}

for (const [name, intervene] of Object.entries(interventions)) {
  test(`${name}: takes effect`, t => {
    const between = (p: Program, i: number) => {
      // Back and forth, so that what was recorded before the first time is there to be replayed by mistake.
      if ([9, 13, 17, 21].includes(i)) intervene(p, () => 0.5)
    }
    const [want] = run(26, false, between)
    const [found, ran] = run(26, true, between)
    t.is(difference(found, want), null)
    t.true(ran < 20, `the function itself ran ${ran} times`)
  })
}

test('whatever is done between calls at random takes effect', t => {
  const all = Object.entries(interventions)
  for (let seed = 1; seed <= 40; seed++) {
    const play = (compiled: boolean) => {
      let state = seed
      const random = () => {
        state = (state * 48271) % 0x7fffffff
        return state / 0x7fffffff
      }
      const done: string[] = []
      const [found] = run(20, compiled, (p, i) => {
        while (random() < 0.25) {
          const [name, intervene] = all[Math.floor(random() * all.length)]
          done.push(`call ${i}: ${name}`)
          intervene(p, random)
        }
      })
      return { found, done }
    }
    const eager = play(false)
    t.is(difference(play(true).found, eager.found), null, `seed ${seed}: ${eager.done.join(', ')}`)
  }
})

test('state that an optimizer makes anew, again and again, is the one that replays write to', t => {
  const train = (compiled: boolean) => {
    manualSeed(6)
    const w = new nn.Parameter(randn([5]))
    const optimizer = new optim.RMSprop([w], { lr: 0.1, momentum: 0.9 })
    const step = (x: Tensor) => {
      optimizer.zeroGrad()
      const loss = w.mul(x).square().sum()
      loss.backward()
      optimizer.step()
      return loss
    }
    const call = compiled ? compile(step) : step
    return Array.from({ length: 40 }, (_, i) => {
      if (i % 5 === 0) optimizer.paramGroups[0].momentum = i % 2 === 0 ? 0.9 : 0
      return bits(call(randn([5])))
    })
  }
  t.deepEqual(train(true), train(false))
})

test('what a layer writes to itself does not keep the function from being replayed', t => {
  class Counting extends nn.Module {
    calls = 0
    last: Tensor | null = null
    override forward(x: Tensor): Tensor {
      this.calls++
      this.last = x.mul(2)
      return this.last
    }
  }
  const layer = new Counting()
  const run = compile((x: Tensor) => layer.forward(x))
  for (let i = 0; i < 8; i++) t.is(run(tensor([i])).item(), 2 * i)
  t.is(layer.calls, 2)
})

test('a gradient used in a graph notices that the next call writes to it', t => {
  const w = new nn.Parameter(tensor([2]))
  const step = compile((x: Tensor) => {
    w.grad = null
    const loss = w.square().mul(x).sum()
    loss.backward()
    return loss
  })
  for (let i = 0; i < 4; i++) step(tensor([1]))
  const v = tensor([1], { requiresGrad: true })
  const y = v.mul(w.grad!).sum()
  step(tensor([3]))
  t.throws(() => y.backward(), { message: /changed in place/ })
})

test('a function that finds other settings in every call keeps no memory of those before', t => {
  const w = new nn.Parameter(randn([1000, 1000]))
  const before = process.memoryUsage().arrayBuffers
  const run = compile((x: Tensor) => w.mul(x).mul(2).sum())
  for (let i = 0; i < 100; i++) {
    run(tensor([i]))
    w.data = w.data.clone()
  }
  const held = (process.memoryUsage().arrayBuffers - before) / 2 ** 20
  t.log(`${held.toFixed(0)} MB after 100 calls that make 8 MB each`)
  t.true(held < 400)
})
