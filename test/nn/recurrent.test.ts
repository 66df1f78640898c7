// Recurrent layers: gradients, packed sequences against single ones, replays, what they print and refuse.
import test from 'ava'
import {
  autograd,
  cat,
  compile,
  manualSeed,
  nn,
  optim,
  randn,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from 'glorot'
import { leaf } from '../harness/grad.js'

type Layer = nn.RNN | nn.GRU | nn.LSTM
type Options = nn.RecurrentOptions & { nonlinearity?: 'tanh' | 'relu' }

const kinds: Record<string, (inputs: number, hidden: number, options?: Options) => Layer> = {
  RNN: (i, h, o) => new nn.RNN(i, h, o),
  GRU: (i, h, o) => new nn.GRU(i, h, o),
  LSTM: (i, h, o) => new nn.LSTM(i, h, o),
}
const { rnn } = nn.utils

/** Output and last states of any of the three. */
function call(
  layer: Layer,
  x: Tensor | nn.utils.rnn.PackedSequence,
  states: Tensor[] = [],
): [output: Tensor, ...ends: Tensor[]] {
  // biome-ignore lint/suspicious/noExplicitAny: one call for all kinds
  const forward = (layer as any).forward.bind(layer)
  if (layer instanceof nn.LSTM) {
    const [y, [h, c]] = forward(x, states.length > 0 ? states : undefined)
    return [y instanceof rnn.PackedSequence ? y.data : y, h, c]
  }
  const [y, h] = forward(x, states[0])
  return [y instanceof rnn.PackedSequence ? y.data : y, h]
}

const close = (a: Tensor, b: Tensor) => Math.max(...a.sub(b).abs().toTypedArray())

for (const [name, make] of Object.entries(kinds)) {
  for (const options of [
    {},
    { bidirectional: true, numLayers: 2 },
    { bias: false, batchFirst: true },
    { nonlinearity: 'relu' as const },
  ]) {
    if ('nonlinearity' in options && name !== 'RNN') continue
    test(`${name} ${JSON.stringify(options)}: gradcheck`, t => {
      manualSeed(1)
      const layer = make(3, 4, options).double()
      const states = 'numLayers' in options ? 4 : 1
      const inputs = [leaf([3, 2, 3]), leaf([states, options.batchFirst ? 3 : 2, 4], 2)]
      if (layer instanceof nn.LSTM) inputs.push(leaf(inputs[1].shape, 3))
      const parameters = [...layer.parameters()]
      t.true(
        autograd.gradcheck(
          (x: Tensor, ...s: Tensor[]) => call(layer, x, s.slice(0, inputs.length - 1)),
          [...inputs, ...parameters],
        ),
      )
    })
  }

  test(`${name}: gradcheck of a packed sequence in both directions`, t => {
    manualSeed(2)
    const layer = make(2, 3, { bidirectional: true }).double()
    const state = leaf([2, 3, 3], 5)
    const states = layer instanceof nn.LSTM ? [state, leaf([2, 3, 3], 6)] : [state]
    const fn = (x: Tensor, ...s: Tensor[]) =>
      call(layer, rnn.packPaddedSequence(x, [2, 4, 1], { enforceSorted: false }), s.slice(0, states.length))
    t.true(autograd.gradcheck(fn, [leaf([4, 3, 2]), ...states, ...layer.parameters()]))
  })

  test(`${name}: packed sequences give what each gives alone, forward and backward`, t => {
    manualSeed(3)
    const layer = make(5, 20, { numLayers: 2, bidirectional: true })
    const lengths = [3, 7, 1, 7, 4]
    const x = randn([7, 5, 5], { requiresGrad: true })
    const packed = rnn.packPaddedSequence(x, lengths, { enforceSorted: false })
    const [y, ...ends] = call(layer, packed)
    const [padded, back] = rnn.padPackedSequence(packed.withData(y))
    t.deepEqual(back, lengths)
    padded.square().sum().add(ends[0].sum()).backward()
    const [grad, own] = [x.grad!, [...layer.parameters()].map(p => p.grad!)]
    x.grad = null
    layer.zeroGrad()
    lengths.forEach((n, i) => {
      const [single, ...last] = call(layer, x.narrow(1, i, 1).narrow(0, 0, n))
      t.true(close(single.squeeze(1), padded.select(1, i).narrow(0, 0, n)) < 1e-6)
      for (const [k, end] of last.entries()) t.true(close(end.squeeze(1), ends[k].select(1, i)) < 1e-6)
      single.square().sum().add(last[0].sum()).backward()
    })
    t.true(close(grad, x.grad!) < 1e-5)
    for (const [i, p] of [...layer.parameters()].entries()) t.true(close(own[i], p.grad!) < 1e-4)
  })

  test(`${name}: steps of the cell are those of the layer`, t => {
    manualSeed(4)
    const layer = make(3, 5)
    const cell = name === 'LSTM' ? new nn.LSTMCell(3, 5) : name === 'GRU' ? new nn.GRUCell(3, 5) : new nn.RNNCell(3, 5)
    cell.loadStateDict(Object.fromEntries(Object.entries(layer.stateDict()).map(([k, v]) => [k.replace('_l0', ''), v])))
    const x = randn([4, 2, 3])
    const [y] = call(layer, x)
    let state: Tensor | [Tensor, Tensor] | undefined
    for (let k = 0; k < 4; k++) {
      // biome-ignore lint/suspicious/noExplicitAny: one call for all cells
      state = (cell as any).forward(x.select(0, k), state) as Tensor | [Tensor, Tensor]
      t.true(close(Array.isArray(state) ? state[0] : state, y.select(0, k)) < 1e-6)
    }
  })

  test(`${name}: compiled steps equal eager ones to the bit, with dropout between layers`, t => {
    const run = (compiled: boolean) => {
      manualSeed(5)
      const layer = make(3, 8, { numLayers: 2, dropout: 0.3, batchFirst: true, bidirectional: true })
      const optimizer = new optim.Adam(layer.parameters(), { lr: 0.01 })
      const step = (x: Tensor) => {
        optimizer.zeroGrad()
        const [y, h] = call(layer, x)
        const loss = y.square().mean().add(h.sum())
        loss.backward()
        optimizer.step()
        return loss
      }
      const fn = compiled ? compile(step) : step
      const losses = [4, 4, 2, 4, 4, 2, 4, 4, 2, 4].map(n => fn(randn([n, 6, 3])).item())
      return [losses, [...layer.parameters()].map(p => p.tolist())]
    }
    t.deepEqual(run(true), run(false))
  })
}

test('a compiled step with a packed sequence equals the eager one to the bit', t => {
  const run = (compiled: boolean) => {
    manualSeed(6)
    const layer = new nn.GRU(2, 5)
    const step = (x: Tensor) => {
      layer.zeroGrad()
      const [y] = layer.forward(rnn.packPaddedSequence(x, [2, 4, 2], { enforceSorted: false }))
      const loss = rnn.padPackedSequence(y)[0].square().sum()
      loss.backward()
      return loss
    }
    const fn = compiled ? compile(step) : step
    const losses = Array.from({ length: 6 }, () => fn(randn([4, 3, 2])).item())
    return [losses, [...layer.parameters()].map(p => p.grad!.tolist())]
  }
  t.deepEqual(run(true), run(false))
})

test('long sequences, in chunks, give the gradients of short ones', t => {
  manualSeed(7)
  const layer = new nn.LSTM(3, 64)
  const x = randn([40, 32, 3])
  const [y] = layer.forward(x)
  y.square().sum().backward()
  const whole = [...layer.parameters()].map(p => p.grad!)
  layer.zeroGrad()
  let state: [Tensor, Tensor] | undefined
  const parts: Tensor[] = []
  for (let k = 0; k < 40; k += 5) {
    const [part, next] = layer.forward(x.narrow(0, k, 5), state)
    parts.push(part)
    state = next
  }
  cat(parts).square().sum().backward()
  for (const [i, p] of [...layer.parameters()].entries()) {
    const scale = Math.max(...whole[i].abs().toTypedArray())
    t.true(close(whole[i], p.grad!) < 1e-5 * scale)
  }
})

test('the state dict has the names and shapes of PyTorch, in its order', t => {
  const shapes = Object.entries(new nn.LSTM(3, 4, { numLayers: 2, bidirectional: true }).stateDict()).map(
    ([k, v]) => `${k} ${v.shape}`,
  )
  t.deepEqual(
    shapes,
    ['l0', 'l0_reverse', 'l1', 'l1_reverse'].flatMap(end => [
      `weight_ih_${end} 16,${end.startsWith('l0') ? 3 : 8}`,
      `weight_hh_${end} 16,4`,
      `bias_ih_${end} 16`,
      `bias_hh_${end} 16`,
    ]),
  )
})

test('null is no state, for layers and cells', t => {
  const x = randn([4, 2, 3])
  const gru = new nn.GRU(3, 5)
  t.deepEqual(gru.forward(x, null)[0].tolist(), gru.forward(x)[0].tolist())
  const cell = new nn.LSTMCell(3, 5)
  t.deepEqual(cell.forward(x.select(0, 0), null)[1].tolist(), cell.forward(x.select(0, 0))[1].tolist())
})

test('layers print as in PyTorch', t => {
  const all = { numLayers: 2, bias: false, batchFirst: true, dropout: 0.5, bidirectional: true }
  t.is(
    String(new nn.LSTM(3, 4, all)),
    'LSTM(3, 4, num_layers=2, bias=False, batch_first=True, dropout=0.5, bidirectional=True)',
  )
  t.is(String(new nn.RNN(3, 4, { nonlinearity: 'relu' })), 'RNN(3, 4)')
  t.is(String(new nn.GRU(3, 4)), 'GRU(3, 4)')
  t.is(
    String(new nn.RNNCell(3, 4, { bias: false, nonlinearity: 'relu' })),
    'RNNCell(3, 4, bias=False, nonlinearity=relu)',
  )
  t.is(String(new nn.LSTMCell(3, 4)), 'LSTMCell(3, 4)')
})

test('errors name both values and the layer', t => {
  const layer = new nn.LSTM(3, 4, { bidirectional: true })
  const x = zeros([5, 2, 3])
  t.throws(() => new nn.Sequential(layer).forward(zeros([5, 2, 7])), {
    instanceOf: ShapeError,
    message: 'LSTM: input [5, 2, 7] has 7 features, the layer expects inputSize 3\n    at 0 (LSTM 3 -> 4)',
  })
  t.throws(() => layer.forward(zeros([3])), {
    message: /input \[3\] must be \[L, N, inputSize\], or \[L, inputSize\] without a batch/,
  })
  t.throws(() => layer.forward(zeros([0, 2, 3])), { message: /input \[0, 2, 3\] has no steps/ })
  t.throws(() => layer.forward(x, [zeros([1, 2, 4]), zeros([2, 2, 4])]), {
    message: /h0 is \[1, 2, 4\], it must be \[2, 2, 4\]/,
  })
  t.throws(() => layer.forward(x, [zeros([2, 2, 4]), zeros([2, 3, 4])]), {
    message: /c0 is \[2, 3, 4\], it must be \[2, 2, 4\]/,
  })
  // @ts-expect-error a tensor is no pair
  t.throws(() => layer.forward(x, zeros([2, 2, 4])), {
    instanceOf: TypeError,
    message: /the state must be an array \[h, c\], got a Tensor/,
  })
  t.throws(() => layer.forward(x.double()), { message: /input is float64, the weights are float32/ })
  t.throws(() => new nn.GRU(3, 0), { instanceOf: ValueError, message: /hiddenSize must be a whole number >= 1, got 0/ })
  t.throws(() => new nn.GRU(3, 4, { numLayers: 0 }), { message: /numLayers must be a whole number >= 1, got 0/ })
  t.throws(() => new nn.GRU(3, 4, { dropout: 1.5 }), { message: /dropout must be between 0 and 1, got 1.5/ })
  // @ts-expect-error no such function
  t.throws(() => new nn.RNN(3, 4, { nonlinearity: 'tan' }), {
    message: /nonlinearity must be one of 'tanh', 'relu', got "tan", did you mean 'tanh'/,
  })
  // @ts-expect-error a slip
  t.throws(() => new nn.LSTM(3, 4, { numlayers: 2 }), {
    message: /unknown option 'numlayers', did you mean 'numLayers'/,
  })
  t.throws(() => new nn.GRUCell(3, 4).forward(zeros([2, 3]), zeros([3, 4])), {
    message: /h is \[3, 4\], for input \[2, 3\] it must be \[2, 4\]/,
  })
  t.throws(() => new nn.GRUCell(3, 4).forward(zeros([2, 4])), {
    message: /has 4 features, the layer expects inputSize 3/,
  })
})

test('padding and packing go there and back', t => {
  const list = [tensor([1, 2]), tensor([3, 4, 5]), tensor([6])]
  t.deepEqual(rnn.padSequence(list, { batchFirst: true, paddingValue: 9 }).tolist(), [
    [1, 2, 9],
    [3, 4, 5],
    [6, 9, 9],
  ])
  t.deepEqual(rnn.padSequence(list, { batchFirst: true, paddingSide: 'left' }).tolist(), [
    [0, 1, 2],
    [3, 4, 5],
    [0, 0, 6],
  ])
  t.deepEqual(rnn.padSequence(list).shape, [3, 3])
  const packed = rnn.packSequence(list, { enforceSorted: false })
  t.deepEqual(packed.data.tolist(), [3, 1, 6, 4, 2, 5])
  t.deepEqual(packed.batchSizes, [3, 2, 1])
  t.deepEqual(packed.sortedIndices!.tolist(), [1, 0, 2])
  t.deepEqual(
    rnn.unpackSequence(packed).map(s => s.tolist()),
    list.map(s => s.tolist()),
  )
  const [padded, lengths] = rnn.padPackedSequence(packed, { batchFirst: true, totalLength: 4, paddingValue: -1 })
  t.deepEqual(padded.tolist(), [
    [1, 2, -1, -1],
    [3, 4, 5, -1],
    [6, -1, -1, -1],
  ])
  t.deepEqual(lengths, [2, 3, 1])
})

test('packing refuses what does not fit', t => {
  const x = zeros([4, 2, 3])
  t.throws(() => rnn.packPaddedSequence(x, [2, 3]), {
    instanceOf: ValueError,
    message: /length 1 is 3 after 2; or pass \{ enforceSorted: false \}/,
  })
  t.throws(() => rnn.packPaddedSequence(x, [5, 3]), { message: /length 0 is 5, the input has 4 steps/ })
  t.throws(() => rnn.packPaddedSequence(x, [2, 0]), { message: /length 1 must be a whole number >= 1, got 0/ })
  t.throws(() => rnn.packPaddedSequence(x, [2]), {
    instanceOf: ShapeError,
    message: /there are 1 lengths for 2 sequences/,
  })
  t.throws(() => rnn.padPackedSequence(rnn.packPaddedSequence(x, [3, 1]), { totalLength: 2 }), {
    message: /totalLength is 2, the longest sequence has 3/,
  })
  t.throws(() => rnn.padSequence([zeros([2, 3]), zeros([2, 4])]), {
    message: /sequence 1 is \[2, 4\], it must be \[2, 3\] but for its length/,
  })
  t.throws(() => new rnn.PackedSequence(zeros([3]), [1, 2]), {
    message: /batchSizes must not rise, step 1 has 2 after 1/,
  })
  t.throws(() => new rnn.PackedSequence(zeros([4]), [2, 1]), {
    message: /data \[4\] must have a row for each of 3 elements/,
  })
})
