// Inputs of replays: large ones are read where the caller has them, which nobody may notice.
import test from 'ava'
import { compile, manualSeed, nn, optim, randn, type Tensor, zeros } from 'glorot'

const bits = (x: Tensor) => Buffer.from(x.toTypedArray().slice().buffer).toString('hex')
const N = 8192

test('an input that shares memory with what a step changes is taken as it was before', t => {
  type Fn = (x: Tensor) => Tensor
  const run = (wrap: (fn: Fn) => Fn) => {
    manualSeed(1)
    const w = new nn.Parameter(randn([N]))
    const optimizer = new optim.SGD([w], { lr: 0.1 })
    const step = wrap((x: Tensor) => {
      optimizer.zeroGrad()
      w.mul(x).sum().backward()
      optimizer.step()
      return x.mul(2)
    })
    const shared = w.detach()
    const found: string[] = []
    for (let i = 0; i < 6; i++) found.push(bits(step(i < 4 ? randn([N]) : shared)), bits(w))
    return found
  }
  // What the plain function returns for the parameter itself is what the step made of it; a compiled one sees a copy.
  t.deepEqual(
    run(compile),
    run(fn => x => fn(x.clone())),
  )
})

test('the results of the call before are an input, whether their memory is used again or not', t => {
  for (const reuseResults of [false, true]) {
    const grow = (x: Tensor) => x.mul(1.5).add(1)
    const compiled = compile(grow, { reuseResults })
    let [x, y] = [randn([N]), randn([N])]
    y.copy_(x)
    for (let i = 0; i < 6; i++) {
      x = compiled(x)
      y = grow(y)
      t.is(bits(x), bits(y))
    }
  }
})

test('an input that is returned, or left as a gradient, is that of the last call', t => {
  const w = new nn.Parameter(randn([N]))
  const step = compile((x: Tensor, y: Tensor) => {
    w.grad = y
    return [x, x.exp()]
  })
  for (let i = 0; i < 5; i++) {
    const [x, y] = [randn([N]), randn([N])]
    const [same, exp] = step(x, y)
    t.is(bits(same), bits(x))
    t.is(bits(exp), bits(x.exp()))
    t.is(bits(w.grad!), bits(y))
  }
})

test('an input that a parameter or a buffer was laid on is that of the last call', async t => {
  class Last extends nn.Module {
    constructor(n: number) {
      super()
      this.registerBuffer('last', zeros([n]))
    }
    declare last: Tensor

    override forward(x: Tensor): Tensor {
      this.last = x.detach()
      return x.mul(2)
    }
  }
  for (const n of [16, N]) {
    const w = new nn.Parameter(zeros([n]))
    const laid = compile((x: Tensor) => {
      w.data = x
      return w.detach().mul(2)
    })
    const layer = new Last(n)
    const noted = compile((x: Tensor) => layer.forward(x))
    for (let i = 0; i < 6; i++) {
      const x = randn([n])
      t.is(bits(laid(x)), bits(x.mul(2)))
      t.is(bits(w), bits(x))
      if (i % 2 === 0) noted(x)
      else await noted.runAsync(x)
      t.is(bits(layer.last), bits(x))
    }
  }
})

test('what a call left of one input may be another input of the next', t => {
  for (const n of [16, N])
    for (const reuseResults of [false, true]) {
      const run = (wrap: (fn: (x: Tensor, y: Tensor) => Tensor[]) => (x: Tensor, y: Tensor) => Tensor[]) => {
        manualSeed(2)
        const w = new nn.Parameter(zeros([n]))
        const step = wrap((x, y) => {
          w.grad = x
          return [x, x.sub(y)]
        })
        let before = randn([n])
        const found: string[] = []
        for (let i = 0; i < 8; i++) {
          const [x, difference] = step(randn([n]), before)
          found.push(bits(difference))
          before = i % 2 === 0 ? x : w.grad!
        }
        return found
      }
      t.deepEqual(
        run(fn => compile(fn, { reuseResults })),
        run(fn => fn),
      )
    }
})

test('parts of a larger tensor, aligned or not, transposed or not', t => {
  const fn = (x: Tensor) => x.sigmoid().sum(0)
  const compiled = compile(fn)
  const all = randn([5 * 128, 96])
  for (let i = 0; i < 4; i++) {
    const rows = all.narrow(0, 128 * i, 128)
    t.is(bits(compiled(rows)), bits(fn(rows)))
    const shifted = all
      .reshape([-1])
      .narrow(0, i + 1, 128 * 96)
      .reshape([128, 96])
    t.is(bits(compiled(shifted)), bits(fn(shifted)))
    const turned = all.narrow(0, 0, 96).narrow(1, 0, 96).t()
    t.is(bits(compiled(turned)), bits(fn(turned)))
  }
})

test('an input is unchanged by a replay, and by one that fails', t => {
  const fn = (x: Tensor, i: Tensor) => [x.exp().mul(x).sum(), x.indexSelect(0, i)]
  const compiled = compile(fn)
  const x = randn([N])
  const before = bits(x)
  const index = randn([3]).mul(0).int()
  for (let i = 0; i < 4; i++) compiled(x, index)
  t.throws(() => compiled(x, index.add(N)), { message: /out of range/ })
  t.is(bits(x), before)
  const other = randn([N])
  t.deepEqual(compiled(other, index).map(bits), fn(other, index).map(bits))
})

test('sync and async calls in turn', async t => {
  const fn = (x: Tensor) => x.tanh().sum()
  const compiled = compile(fn)
  for (let i = 0; i < 8; i++) {
    const x = randn([N])
    t.is(bits(i % 2 === 0 ? compiled(x) : await compiled.runAsync(x)), bits(fn(x)))
  }
})
