// LSTMs with a projection: against the equations written out, packed against single sequences, gradients, replay, names, what is refused.
import test from 'ava'
import { autograd, cat, compile, manualSeed, nn, randn, stack, type Tensor, ValueError } from 'glorot'
import { leaf } from '../harness/grad.js'

const { rnn } = nn.utils
const { linear } = nn.functional
const close = (a: Tensor, b: Tensor) => Math.max(...a.sub(b).abs().toTypedArray())

/** One direction of one layer, step by step. */
function written(x: Tensor, h: Tensor, c: Tensor, [Wx, Wh, bx, bh, Wr]: Tensor[], reverse: boolean): Tensor[] {
  const steps = [...x.unbind(0).keys()]
  const out: Tensor[] = []
  for (const t of reverse ? steps.reverse() : steps) {
    const [i, f, g, o] = linear(x.select(0, t), Wx, bx)
      .add(linear(h, Wh, bh))
      .chunk(4, -1)
    c = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()))
    h = linear(o.sigmoid().mul(c.tanh()), Wr)
    out[t] = h
  }
  return [stack(out), h, c]
}

const directionsOf = (layer: nn.LSTM) => (layer.bidirectional ? 2 : 1)

/** All layers and directions. */
function reference(layer: nn.LSTM, x: Tensor, h0: Tensor, c0: Tensor): Tensor[] {
  const state = layer.stateDict()
  const [hs, cs]: [Tensor[], Tensor[]] = [[], []]
  let y = x
  for (let l = 0; l < layer.numLayers; l++) {
    const sides = Array.from({ length: directionsOf(layer) }, (_, d) => {
      const end = `l${l}${d === 0 ? '' : '_reverse'}`
      const weights = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh', 'weight_hr'].map(name => state[`${name}_${end}`])
      const at = hs.length
      const [out, h, c] = written(y, h0.select(0, at), c0.select(0, at), weights, d === 1)
      hs.push(h)
      cs.push(c)
      return out
    })
    y = cat(sides, -1)
  }
  return [y, stack(hs), stack(cs)]
}

for (const options of [{}, { bidirectional: true, numLayers: 2 }]) {
  const make = () => {
    manualSeed(2)
    return new nn.LSTM(3, 5, { projSize: 2, ...options }).double()
  }
  const layers = 'numLayers' in options ? 4 : 1
  const state = (n: number): [Tensor, Tensor] => [leaf([layers, n, 2], 2), leaf([layers, n, 5], 3)]

  test(`the equations, ${JSON.stringify(options)}`, t => {
    const layer = make()
    const x = leaf([4, 2, 3])
    for (const [h0, c0] of [state(2), state(2).map(s => s.detach().zero_())]) {
      const [y, [h, c]] = layer.forward(x, [h0, c0])
      for (const [i, want] of reference(layer, x, h0, c0).entries()) t.true(close([y, h, c][i], want) < 1e-12)
    }
    const [none] = layer.forward(x, null)
    const zeros = state(2).map(s => s.detach().zero_()) as [Tensor, Tensor]
    t.true(close(none, layer.forward(x, zeros)[0]) < 1e-12)
    const single = state(2).map(s => s.select(1, 1)) as [Tensor, Tensor]
    t.true(close(layer.forward(x.select(1, 1), single)[0], layer.forward(x, state(2))[0].select(1, 1)) < 1e-12)
  })

  test(`gradcheck, ${JSON.stringify(options)}`, t => {
    const layer = make()
    const parameters = [...layer.parameters()]
    const inputs = [leaf([3, 2, 3]), ...state(2), ...parameters]
    t.true(
      autograd.gradcheck((x, h0, c0) => {
        const [y, [h, c]] = layer.forward(x, [h0, c0])
        return [y, h, c]
      }, inputs),
    )
  })

  test(`packed sequences equal single ones, ${JSON.stringify(options)}`, t => {
    const layer = make()
    const x = leaf([4, 3, 3])
    const [h0, c0] = state(3)
    const lengths = [2, 4, 1]
    const [packed, [h, c]] = layer.forward(rnn.packPaddedSequence(x, lengths, { enforceSorted: false }), [h0, c0])
    const [y] = rnn.padPackedSequence(packed)
    lengths.forEach((n, i) => {
      const alone = x.select(1, i).narrow(0, 0, n)
      const [out, [last, cell]] = layer.forward(alone, [h0.select(1, i), c0.select(1, i)])
      t.true(close(y.select(1, i).narrow(0, 0, n), out) < 1e-12)
      t.true(close(h.select(1, i), last) < 1e-12 && close(c.select(1, i), cell) < 1e-12)
    })
  })

  test(`compiled, to the bit, ${JSON.stringify(options)}`, t => {
    const layer = make().float()
    const step = (x: Tensor, h0: Tensor, c0: Tensor): Tensor[] => {
      layer.zeroGrad()
      const [y, [h, c]] = layer.forward(x, [h0, c0])
      y.square().sum().add(h.sum()).add(c.sum()).backward()
      return [y, h, c, ...[...layer.parameters()].map(p => p.grad!)]
    }
    const replayed = compile(step)
    for (let i = 0; i < 4; i++) {
      const inputs = [randn([4, 2, 3]), ...state(2).map(s => s.detach().float())] as [Tensor, Tensor, Tensor]
      t.deepEqual(
        replayed(...inputs).map(v => v.tolist()),
        step(...inputs).map(v => v.tolist()),
      )
    }
  })
}

test('names, shapes and printing are PyTorch’s', t => {
  const layer = new nn.LSTM(3, 5, { projSize: 2, numLayers: 2, bidirectional: true })
  t.is(String(layer), 'LSTM(3, 5, proj_size=2, num_layers=2, bidirectional=True)')
  const shapes = Object.entries(layer.stateDict()).map(([name, p]) => `${name} ${p.shape}`)
  const of = (end: string, inputs: number) => [
    `weight_ih_${end} 20,${inputs}`,
    `weight_hh_${end} 20,2`,
    `bias_ih_${end} 20`,
    `bias_hh_${end} 20`,
    `weight_hr_${end} 2,5`,
  ]
  t.deepEqual(shapes, [...of('l0', 3), ...of('l0_reverse', 3), ...of('l1', 4), ...of('l1_reverse', 4)])
  t.deepEqual(Object.keys(new nn.LSTM(3, 5, { projSize: 2, bias: false }).stateDict()), [
    'weight_ih_l0',
    'weight_hh_l0',
    'weight_hr_l0',
  ])
  t.deepEqual(layer.forward(randn([4, 2, 3]))[0].shape, [4, 2, 4])
})

test('what does not fit is refused with both values', t => {
  t.throws(() => new nn.LSTM(3, 5, { projSize: 5 }), {
    instanceOf: ValueError,
    message: 'LSTM: projSize 5 must be below hiddenSize 5',
  })
  t.throws(() => new nn.GRU(3, 5, { projSize: 2 } as never), { message: /unknown option 'projSize'/ })
  const layer = new nn.LSTM(3, 5, { projSize: 2 })
  t.throws(() => layer.forward(randn([4, 2, 3]), [randn([1, 2, 5]), randn([1, 2, 5])]), {
    message: /h0 is \[1, 2, 5\], it must be \[1, 2, 2\]: layers x directions, batch, projSize/,
  })
})
