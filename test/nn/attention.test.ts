// Attention: gradients, the fused way against the written-out one, masks, dropout, replays, refusals.
import test from 'ava'
import {
  autograd,
  compile,
  manualSeed,
  nn,
  ones,
  optim,
  rand,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from 'glorot'
import { leaf } from '../harness/grad.js'

const { scaledDotProductAttention } = nn.functional
const close = (a: Tensor, b: Tensor) => Math.max(...a.sub(b).abs().toTypedArray())

/** Softmax of the whole matrix, as the formula has it. */
function written(q: Tensor, k: Tensor, v: Tensor, mask?: Tensor): Tensor {
  const scores = q.matmul(k.transpose(-2, -1)).div(Math.sqrt(q.shape[q.shape.length - 1]))
  return (mask === undefined ? scores : scores.add(mask)).softmax(-1).matmul(v)
}

const causal = (L: number, S: number) => zeros([L, S]).maskedFill(ones([L, S]).triu(1).bool(), -Infinity)

for (const [L, S, E, D] of [
  [5, 7, 4, 6],
  [1, 1, 1, 1],
  [70, 300, 16, 5],
  [130, 600, 9, 33],
  [300, 40, 8, 8],
]) {
  for (const isCausal of [false, true]) {
    test(`${L} queries, ${S} keys${isCausal ? ', causal' : ''}: values and gradients are those of the whole matrix`, t => {
      manualSeed(1)
      const make = (rows: number, n: number) => randn([2, 3, rows, n], { requiresGrad: true })
      const inputs = [make(L, E), make(S, E), make(S, D)]
      const weights = randn([2, 3, L, D])
      const grads = [
        (q: Tensor, k: Tensor, v: Tensor) => scaledDotProductAttention(q, k, v, { isCausal }),
        (q: Tensor, k: Tensor, v: Tensor) => written(q, k, v, isCausal ? causal(L, S) : undefined),
      ].map(fn => {
        for (const x of inputs) x.grad = null
        const out = fn(inputs[0], inputs[1], inputs[2])
        out.mul(weights).sum().backward()
        return [out.detach(), ...inputs.map(x => x.grad!)]
      })
      for (const [i, x] of grads[0].entries()) t.true(close(x, grads[1][i]) < 2e-5, `${i}: ${close(x, grads[1][i])}`)
    })
  }
}

test('gradcheck: plain, causal, masked, shared heads', t => {
  const inputs = () => [leaf([2, 3, 4]), leaf([2, 5, 4], 2), leaf([2, 5, 3], 3)]
  t.true(autograd.gradcheck((q: Tensor, k: Tensor, v: Tensor) => scaledDotProductAttention(q, k, v), inputs()))
  t.true(
    autograd.gradcheck(
      (q: Tensor, k: Tensor, v: Tensor) => scaledDotProductAttention(q, k, v, { isCausal: true, scale: 0.3 }),
      inputs(),
    ),
  )
  const attnMask = tensor([
    [1, 0, 1, 1, 0],
    [0, 0, 0, 0, 0],
    [1, 1, 1, 1, 1],
  ]).bool()
  t.true(
    autograd.gradcheck((q: Tensor, k: Tensor, v: Tensor) => scaledDotProductAttention(q, k, v, { attnMask }), inputs()),
  )
  t.true(
    autograd.gradcheck(
      (q: Tensor, k: Tensor, v: Tensor, mask: Tensor) => scaledDotProductAttention(q, k, v, { attnMask: mask }),
      [...inputs(), leaf([3, 5], 4)],
    ),
  )
  const shared = [leaf([1, 4, 3, 4]), leaf([1, 2, 5, 4], 2), leaf([1, 2, 5, 3], 3)]
  t.true(
    autograd.gradcheck(
      (q: Tensor, k: Tensor, v: Tensor) => scaledDotProductAttention(q, k, v, { enableGqa: true }),
      shared,
    ),
  )
})

test('4096 queries and keys take no memory of the size of their scores', t => {
  const inputs = [1, 2, 3].map(() => randn([4096, 8], { requiresGrad: true }))
  const before = process.memoryUsage().arrayBuffers
  scaledDotProductAttention(inputs[0], inputs[1], inputs[2]).sum().backward()
  const taken = process.memoryUsage().arrayBuffers - before
  t.true(taken < (4096 * 4096 * 4) / 16, `${taken} bytes`)
})

test('strided heads, leading dimensions that broadcast, a query that may look at nothing', t => {
  manualSeed(2)
  const x = randn([4, 2, 12])
  const heads = x.unflatten(-1, [3, 4]).permute([1, 2, 0, 3])
  t.true(close(scaledDotProductAttention(heads, heads, heads), written(heads, heads, heads)) < 1e-6)
  const [q, k, v] = [randn([5, 2, 3, 4]), randn([2, 6, 4]), randn([1, 6, 4])]
  t.true(close(scaledDotProductAttention(q, k, v), written(q, k, v)) < 1e-6)
  t.deepEqual(scaledDotProductAttention(randn([2, 4]), randn([3, 4]), randn([3, 4])).shape, [2, 4])
  const none = scaledDotProductAttention(randn([2, 4]), randn([3, 4]), randn([3, 4]), {
    attnMask: zeros([2, 3], { dtype: 'bool' }),
  })
  t.deepEqual(none.tolist(), zeros([2, 4]).tolist())
  t.deepEqual(scaledDotProductAttention(randn([2, 4]), randn([0, 4]), randn([0, 4])).tolist(), zeros([2, 4]).tolist())
})

test('dropout draws as the written-out way does, forward and backward', t => {
  const run = (fused: boolean) => {
    manualSeed(3)
    const [q, k, v] = [8, 8, 5].map(n => randn([2, 2, 9, n], { requiresGrad: true }))
    const out = fused
      ? scaledDotProductAttention(q, k, v, { dropoutP: 0.3 })
      : nn.functional.dropout(q.matmul(k.transpose(-2, -1)).div(Math.sqrt(8)).softmax(-1), { p: 0.3 }).matmul(v)
    out.square().sum().backward()
    return [out.detach(), q.grad!, k.grad!, v.grad!, rand([3])]
  }
  const [a, b] = [run(true), run(false)]
  for (const [i, x] of a.entries()) t.true(close(x, b[i]) < 1e-5)
  t.true(
    close(scaledDotProductAttention(randn([2, 4]), randn([3, 4]), randn([3, 4]), { dropoutP: 1 }), zeros([2, 4])) === 0,
  )
})

const layers = {
  plain: {},
  batchFirst: { batchFirst: true },
  'other dimensions': { kdim: 5, vdim: 3 },
  'rows added': { addBiasKv: true, addZeroAttn: true, batchFirst: true },
  'no bias': { bias: false },
}
for (const [name, options] of Object.entries(layers)) {
  test(`MultiheadAttention, ${name}: with and without weights alike, with masks; gradcheck`, t => {
    manualSeed(4)
    const layer = new nn.MultiheadAttention(6, 2, options).double()
    for (const p of layer.parameters()) p.data = p.detach().add(0.1)
    const { kdim = 6, vdim = 6, batchFirst = false } = options as nn.MultiheadAttentionOptions
    const input = (rows: number, n: number, seed: number) => leaf(batchFirst ? [2, rows, n] : [rows, 2, n], seed)
    const inputs = [input(3, 6, 1), input(4, kdim!, 2), input(4, vdim!, 3)]
    const keyPaddingMask = tensor([
      [0, 0, 0, 1],
      [0, 0, 0, 0],
    ]).bool()
    for (const call of [
      {},
      { keyPaddingMask },
      { keyPaddingMask, attnMask: leaf([3, 4]).detach() },
      { isCausal: true },
      { attnMask: leaf([4, 3, 4]).detach() },
    ]) {
      const run = (needWeights: boolean) => (q: Tensor, k: Tensor, v: Tensor) =>
        layer.forward(q, k, v, { ...call, needWeights })[0]
      const [q, k, v] = inputs
      t.true(close(run(true)(q, k, v), run(false)(q, k, v)) < 1e-12)
      t.true(autograd.gradcheck(run(false), [...inputs, ...layer.parameters()]))
    }
    const [q, k, v] = inputs
    const [, weights] = layer.forward(q, k, v)
    t.true(close(weights!.sum(-1), ones([2, 3], { dtype: 'float64' })) < 1e-12)
    t.deepEqual(layer.forward(q, k, v, { averageAttnWeights: false })[1]!.shape.slice(0, 3), [2, 2, 3])
  })
}

test('self-attention in one product equals that of three inputs; without a batch it is a batch of one', t => {
  manualSeed(5)
  for (const batchFirst of [false, true]) {
    const layer = new nn.MultiheadAttention(8, 4, { batchFirst })
    const x = randn([5, 3, 8], { requiresGrad: true })
    const [one] = layer.forward(x, x, x, { needWeights: false })
    one.square().sum().backward()
    const grads = [x, ...layer.parameters()].map(p => p.grad!)
    x.grad = null
    layer.zeroGrad()
    const [three] = layer.forward(x, x.clone(), x.clone(), { needWeights: false })
    three.square().sum().backward()
    t.true(close(one, three) < 1e-6)
    for (const [i, p] of [x, ...layer.parameters()].entries()) t.true(close(p.grad!, grads[i]) < 1e-5)
    const single = x.detach().select(batchFirst ? 0 : 1, 0)
    const [alone, weights] = layer.forward(single, single, single)
    t.true(close(alone, one.select(batchFirst ? 0 : 1, 0)) < 1e-6)
    t.deepEqual(weights!.shape, [single.shape[0], single.shape[0]])
  }
})

for (const needWeights of [false, true]) {
  test(`compiled steps equal eager ones to the bit, with dropout inside, ${needWeights ? 'with' : 'without'} weights`, t => {
    const run = (compiled: boolean) => {
      manualSeed(6)
      const layer = new nn.MultiheadAttention(8, 2, { dropout: 0.2, batchFirst: true })
      const optimizer = new optim.Adam(layer.parameters(), { lr: 0.01 })
      const step = (x: Tensor) => {
        optimizer.zeroGrad()
        const loss = layer.forward(x, x, x, { needWeights, isCausal: true })[0].square().mean()
        loss.backward()
        optimizer.step()
        return loss
      }
      const fn = compiled ? compile(step) : step
      const losses = [4, 4, 2, 4, 4, 2, 4, 4, 2].map(n => fn(randn([n, 6, 8])).item())
      return [losses, [...layer.parameters()].map(p => p.tolist()), rand([2]).tolist()]
    }
    t.deepEqual(run(true), run(false))
  })
}

test('the state dict and what is printed are PyTorch’s', t => {
  const names = (options: nn.MultiheadAttentionOptions) =>
    Object.keys(new nn.MultiheadAttention(4, 2, options).stateDict())
  t.deepEqual(names({}), ['in_proj_weight', 'in_proj_bias', 'out_proj.weight', 'out_proj.bias'])
  t.deepEqual(names({ kdim: 3, addBiasKv: true }), [
    'q_proj_weight',
    'k_proj_weight',
    'v_proj_weight',
    'in_proj_bias',
    'bias_k',
    'bias_v',
    'out_proj.weight',
    'out_proj.bias',
  ])
  t.is(
    String(new nn.MultiheadAttention(4, 2)),
    'MultiheadAttention(\n  (out_proj): NonDynamicallyQuantizableLinear(in_features=4, out_features=4, bias=True)\n)',
  )
})

test('errors name both values', t => {
  t.throws(() => new nn.MultiheadAttention(6, 4), {
    instanceOf: ValueError,
    message: 'MultiheadAttention: embedDim 6 is not divisible by numHeads 4',
  })
  const layer = new nn.MultiheadAttention(4, 2, { kdim: 3 })
  const [q, k, v] = [zeros([5, 2, 4]), zeros([6, 2, 3]), zeros([6, 2, 4])]
  t.throws(() => layer.forward(zeros([5, 2, 3]), k, v), {
    instanceOf: ShapeError,
    message: /query \[5, 2, 3\] has 3 features, the layer expects embedDim 4\n {4}at MultiheadAttention 4, 2 heads/,
  })
  t.throws(() => layer.forward(q, v, v), { message: /key \[6, 2, 4\] has 4 features, the layer expects kdim 3/ })
  t.throws(() => layer.forward(q, k, zeros([5, 2, 4])), {
    message: /key \[6, 2, 3\] and value \[5, 2, 4\] differ in length or batch/,
  })
  t.throws(() => layer.forward(zeros([5, 1, 4]), k, v), {
    message: /query \[5, 1, 4\] is a batch of 1, key \[6, 2, 3\] of 2/,
  })
  t.throws(() => layer.forward(zeros([5, 4]), k, v), {
    message: /key \[6, 2, 3\] must be \[L, N, features\], or \[L, features\] without a batch, as query \[5, 4\] is/,
  })
  t.throws(() => layer.forward(q, k, v, { needWeights: 1 as never }), {
    message: /needWeights must be a boolean, got 1/,
  })
  t.throws(() => layer.forward(q, k, v, { attnMask: zeros([5, 5]) }), {
    message: /attnMask is \[5, 5\], it must be \[5, 6\] or \[4, 5, 6\]/,
  })
  t.throws(() => layer.forward(q, k, v, { keyPaddingMask: zeros([6, 2]).bool() }), {
    message: /keyPaddingMask is \[6, 2\], it must be \[2, 6\]/,
  })
  t.throws(() => layer.forward(q, k, v, { keyPaddingMask: zeros([2, 6], { dtype: 'int32' }) }), {
    message: /keyPaddingMask is int32, it must be bool or float32/,
  })
  const f = scaledDotProductAttention
  t.throws(() => f(zeros([2, 4]), zeros([3, 5]), zeros([3, 4])), {
    message: /query \[2, 4\] has 4 features, key \[3, 5\] 5/,
  })
  t.throws(() => f(zeros([2, 4]), zeros([3, 4]), zeros([5, 4])), {
    message: /key \[3, 4\] has length 3, value \[5, 4\] 5/,
  })
  t.throws(() => f(zeros([2, 4]), zeros([3, 4]), zeros([3, 4]), { attnMask: zeros([3, 2]) }), {
    message: /attnMask \[3, 2\] does not broadcast to the scores \[2, 3\]/,
  })
  t.throws(() => f(zeros([2, 4]), zeros([3, 4]), zeros([3, 4]), { attnMask: zeros([2, 3]), isCausal: true }), {
    message: /give attnMask or isCausal, not both/,
  })
  t.throws(() => f(zeros([2, 2, 4]), zeros([3, 3, 4]), zeros([3, 3, 4])), {
    message: /query \[2, 2, 4\], key \[3, 3, 4\] and value \[3, 3, 4\] do not broadcast/,
  })
  t.throws(() => f(zeros([5, 2, 4]), zeros([3, 3, 4]), zeros([3, 3, 4]), { enableGqa: true }), {
    message: /5 heads of query \[5, 2, 4\] cannot share those of key \[3, 3, 4\]/,
  })
  t.throws(() => f(zeros([2, 4]), zeros([3, 4]), zeros([3, 4]), { dropoutP: 2 }), {
    message: /dropoutP must be between 0 and 1, got 2/,
  })
  t.throws(() => f(zeros([2, 4]), zeros([3, 4]).double(), zeros([3, 4])), { message: /key is float64, query float32/ })
})
