// Transformer layers and stacks: gradients, copies, masks, replays, what they print and refuse.
import test from 'ava'
import {
  autograd,
  compile,
  manualSeed,
  nn,
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

const close = (a: Tensor, b: Tensor) => Math.max(...a.sub(b).abs().toTypedArray())
const small = { dimFeedforward: 6, dropout: 0 }

for (const options of [
  {},
  { normFirst: true, batchFirst: true },
  { activation: 'gelu' as const, bias: false },
  { activation: (x: Tensor) => x.tanh() },
]) {
  test(`gradcheck of encoder and decoder layers ${Object.keys(options)}`, t => {
    manualSeed(1)
    const encoder = new nn.TransformerEncoderLayer(4, 2, { ...small, activation: 'gelu', ...options }).double()
    const decoder = new nn.TransformerDecoderLayer(4, 2, { ...small, activation: 'gelu', ...options }).double()
    const keyPaddingMask = tensor([
      [0, 0, 1],
      [0, 0, 0],
      [0, 1, 1],
    ]).bool()
    t.true(
      autograd.gradcheck(
        (src: Tensor, tgt: Tensor) => {
          const memory = encoder.forward(src, { isCausal: true, srcKeyPaddingMask: keyPaddingMask })
          return decoder.forward(tgt, memory, { tgtIsCausal: true, memoryKeyPaddingMask: keyPaddingMask })
        },
        [leaf([3, 3, 4]), leaf([3, 3, 4], 2), ...encoder.parameters(), ...decoder.parameters()],
      ),
    )
  })
}

test('a causal mask says what isCausal does, as a bool and as numbers', t => {
  manualSeed(2)
  const layer = new nn.TransformerEncoderLayer(8, 2, { ...small, batchFirst: true })
  const x = randn([2, 5, 8])
  const causal = layer.forward(x, { isCausal: true })
  const srcMask = nn.Transformer.generateSquareSubsequentMask(5)
  t.deepEqual(srcMask.select(0, 1).tolist(), [0, 0, -Infinity, -Infinity, -Infinity])
  t.true(close(layer.forward(x, { srcMask }), causal) < 1e-6)
  t.true(close(layer.forward(x, { srcMask: srcMask.isinf() }), causal) < 1e-6)
  t.true(close(layer.forward(x.narrow(1, 0, 3), { isCausal: true }), causal.narrow(1, 0, 3)) < 1e-6)
  t.true(close(layer.forward(x.select(0, 1), { isCausal: true }), causal.select(0, 1)) < 1e-6)
})

test('a stack holds copies of its layer: the same numbers, memory of their own, and nothing is drawn for them', t => {
  manualSeed(3)
  const layer = new nn.TransformerEncoderLayer(4, 2, small)
  const after = rand([2]).tolist()
  manualSeed(3)
  const again = new nn.TransformerEncoderLayer(4, 2, small)
  const stack = new nn.TransformerEncoder(again, 3, { norm: new nn.LayerNorm(4) })
  t.deepEqual(rand([2]).tolist(), after)
  const state = stack.stateDict()
  for (const [name, p] of layer.namedParameters())
    for (const i of [0, 1, 2]) t.deepEqual(state[`layers.${i}.${name}`].tolist(), p.tolist())
  t.is(new Set([...stack.parameters()]).size, 3 * 12 + 2)
  const x = randn([3, 2, 4])
  let y = x
  for (let i = 0; i < 3; i++) y = layer.forward(y)
  t.true(close(stack.forward(x), new nn.LayerNorm(4).forward(y)) < 1e-6)
})

test('the whole transformer: shapes, a gradient for every parameter, Xavier weights', t => {
  manualSeed(4)
  const model = new nn.Transformer({
    dModel: 8,
    nhead: 2,
    numEncoderLayers: 2,
    numDecoderLayers: 2,
    dimFeedforward: 12,
    batchFirst: true,
  })
  const tgtMask = nn.Transformer.generateSquareSubsequentMask(4)
  const out = model.forward(randn([2, 5, 8]), randn([2, 4, 8]), { tgtMask })
  t.deepEqual(out.shape, [2, 4, 8])
  out.square().sum().backward()
  for (const [name, p] of model.namedParameters()) t.truthy(p.grad, name)
  const bound = Math.sqrt(6 / (8 + 12))
  const largest = Math.max(...model.stateDict()['encoder.layers.0.linear1.weight'].abs().toTypedArray())
  t.true(largest < bound && largest > 0.9 * bound)
  t.throws(() => model.forward(randn([2, 5, 8]), randn([3, 4, 8])), {
    message: /src \[2, 5, 8\] is a batch of 2, tgt \[3, 4, 8\] of 3/,
  })
})

for (const options of [{}, { batchFirst: true, normFirst: true }]) {
  test(`compiled steps equal eager ones to the bit, with dropout everywhere ${JSON.stringify(options)}`, t => {
    const run = (compiled: boolean) => {
      manualSeed(5)
      const encoder = new nn.TransformerEncoder(
        new nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 16, dropout: 0.3, ...options }),
        2,
      )
      const decoder = new nn.TransformerDecoder(
        new nn.TransformerDecoderLayer(8, 2, { dimFeedforward: 16, dropout: 0.3, ...options }),
        1,
      )
      const parameters = [...encoder.parameters(), ...decoder.parameters()]
      const optimizer = new optim.Adam(parameters, { lr: 0.01 })
      const step = (x: Tensor, y: Tensor) => {
        optimizer.zeroGrad()
        const loss = decoder.forward(y, encoder.forward(x), { tgtIsCausal: true }).square().mean()
        loss.backward()
        optimizer.step()
        return loss
      }
      const fn = compiled ? compile(step) : step
      const losses = [4, 4, 2, 4, 4, 2, 4, 4, 2].map(n => fn(randn([n, 4, 8]), randn([n, 4, 8])).item())
      return [losses, parameters.map(p => p.tolist()), rand([2]).tolist()]
    }
    t.deepEqual(run(true), run(false))
  })
}

const attention = '(out_proj): NonDynamicallyQuantizableLinear(in_features=4, out_features=4, bias=True)'
const feedForward = `(linear1): Linear(in_features=4, out_features=6, bias=True)
(dropout): Dropout(p=0.1, inplace=False)
(linear2): Linear(in_features=6, out_features=4, bias=True)`
const norm = 'LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)'
const indent = (text: string, by: string) => text.replaceAll('\n', `\n${by}`)

test('layers print as in PyTorch 2.13', t => {
  const layer = `TransformerEncoderLayer(
  (self_attn): MultiheadAttention(
    ${attention}
  )
  ${indent(feedForward, '  ')}
  (norm1): ${norm}
  (norm2): ${norm}
  (dropout1): Dropout(p=0.1, inplace=False)
  (dropout2): Dropout(p=0.1, inplace=False)
)`
  const made = new nn.TransformerEncoderLayer(4, 2, { dimFeedforward: 6 })
  t.is(String(made), layer)
  t.is(
    String(new nn.TransformerEncoder(made, 2, { norm: new nn.LayerNorm(4) })),
    `TransformerEncoder(\n  (layers): ModuleList(\n    (0-1): 2 x ${indent(layer, '    ')}\n  )\n  (norm): ${norm}\n)`,
  )
  const decoder = new nn.TransformerDecoderLayer(4, 2, { dimFeedforward: 6 })
  t.deepEqual(
    [...decoder.namedChildren()].map(([name]) => name),
    [
      'self_attn',
      'multihead_attn',
      'linear1',
      'dropout',
      'linear2',
      'norm1',
      'norm2',
      'norm3',
      'dropout1',
      'dropout2',
      'dropout3',
    ],
  )
  const weights = ['in_proj_weight', 'in_proj_bias', 'out_proj.weight', 'out_proj.bias']
  const pairs = (...names: string[]) => names.flatMap(n => [`${n}.weight`, `${n}.bias`])
  t.deepEqual(Object.keys(decoder.stateDict()), [
    ...weights.map(w => `self_attn.${w}`),
    ...weights.map(w => `multihead_attn.${w}`),
    ...pairs('linear1', 'linear2', 'norm1', 'norm2', 'norm3'),
  ])
})

test('errors name both values and the layer, at any depth', t => {
  t.throws(() => new nn.TransformerEncoderLayer(10, 4), {
    instanceOf: ValueError,
    message: 'TransformerEncoderLayer: dModel 10 is not divisible by nhead 4',
  })
  // @ts-expect-error a slip
  t.throws(() => new nn.TransformerEncoderLayer(4, 2, { activation: 'gelo' }), {
    message: /activation must be 'relu', 'gelu' or a function, got "gelo", did you mean 'gelu'/,
  })
  // @ts-expect-error a slip
  t.throws(() => new nn.TransformerEncoderLayer(4, 2, { dimFeedForward: 4 }), {
    message: /unknown option 'dimFeedForward', did you mean 'dimFeedforward'/,
  })
  const layer = new nn.TransformerEncoderLayer(4, 2, small)
  const stack = new nn.TransformerEncoder(layer, 2)
  t.throws(() => stack.forward(zeros([5, 2, 6])), {
    instanceOf: ShapeError,
    message:
      /src \[5, 2, 6\] has 6 features, the layer expects dModel 4\n {4}at layers.0 \(TransformerEncoderLayer 4, 2 heads\)/,
  })
  t.throws(() => stack.forward(zeros([5, 2, 4]), { mask: zeros([5, 4]) }), {
    message:
      /attnMask is \[5, 4\], it must be \[5, 5\] or \[4, 5, 5\]\n {4}at layers.0.self_attn \(MultiheadAttention 4, 2 heads\)/,
  })
  t.throws(() => new nn.TransformerEncoder(layer, 0), { message: /numLayers must be a whole number >= 1, got 0/ })
  // @ts-expect-error an encoder's layer has no memory
  t.throws(() => new nn.TransformerDecoder(layer, 1), {
    instanceOf: TypeError,
    message: /the layer must be a TransformerDecoderLayer, got a TransformerEncoderLayer/,
  })
})

test('a transformer names options that are none', t => {
  // @ts-expect-error no options
  t.throws(() => new nn.Transformer(null), { message: /Transformer: options must be an object/ })
  // @ts-expect-error a slip
  t.throws(() => new nn.Transformer({ dmodel: 8 }), {
    message: /Transformer: unknown option 'dmodel', did you mean 'dModel'/,
  })
})
