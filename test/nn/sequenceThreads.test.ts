// Layers over sequences give the same bits whatever the number of threads.
import test from 'ava'
import { getNumThreads, manualSeed, nn, randn, setNumThreads, type Tensor } from 'glorot'

const bits = (x: Tensor) => Buffer.from(x.toTypedArray().slice().buffer).toString('base64')

const layers: Record<string, () => [nn.Module, Tensor, (y: Tensor | [Tensor, unknown]) => Tensor]> = {
  LSTM: () => [new nn.LSTM(96, 160, { bidirectional: true }), randn([12, 70, 96]), y => (y as [Tensor, unknown])[0]],
  GRU: () => [new nn.GRU(96, 160), randn([12, 70, 96]), y => (y as [Tensor, unknown])[0]],
  'TransformerEncoderLayer with dropout': () => [
    new nn.TransformerEncoderLayer(64, 4, { dimFeedforward: 128, dropout: 0.1, batchFirst: true }),
    randn([4, 150, 64]),
    y => y as Tensor,
  ],
}

for (const [name, make] of Object.entries(layers)) {
  test.serial(name, t => {
    const before = getNumThreads()
    const run = (threads: number) => {
      setNumThreads(threads)
      manualSeed(1)
      const [layer, x, resultOf] = make()
      x.requiresGrad_()
      const y = resultOf(layer.forward(x))
      y.square().sum().backward()
      return [y, x.grad!, ...[...layer.parameters()].map(p => p.grad!)].map(bits)
    }
    try {
      const one = run(1)
      t.deepEqual(run(2), one)
      t.deepEqual(run(3), one)
    } finally {
      setNumThreads(before)
    }
  })
}
