// Embeddings beside the golden cases: derivatives, replays, shared weights, printing, errors.
import test from 'ava'
import {
  compile,
  IndexError,
  manualSeed,
  nn,
  optim,
  randint,
  ShapeError,
  type Tensor,
  tensor,
  ValueError,
  zeros,
} from 'glorot'
import { checkGradients } from '../harness/grad.js'

const F = nn.functional
const bits = (x: Tensor) => Buffer.from(x.toTypedArray().slice().buffer).toString('hex')
const index = tensor(
  [
    [0, 2, 2],
    [1, 4, 2],
  ],
  { dtype: 'int32' },
)

test('gradients and second derivatives', t => {
  t.true(checkGradients(w => F.embedding(index, w), [[5, 3]]))
  const offsets = [0, 2, 2]
  const flat = index.reshape([6])
  for (const mode of ['sum', 'mean', 'max'] as const) {
    t.true(
      checkGradients(w => F.embeddingBag(index, w, { mode }), [[5, 3]], { second: false }),
      mode,
    )
    t.true(
      checkGradients(w => F.embeddingBag(flat, w, { mode, offsets }), [[5, 3]], { second: false }),
      mode,
    )
  }
  t.true(
    checkGradients(
      (w, perSampleWeights) => F.embeddingBag(flat, w, { mode: 'sum', offsets, perSampleWeights }),
      [[5, 3], [6]],
      {
        second: false,
      },
    ),
  )
})

test('a padding row starts at 0 and gets no gradient', t => {
  const layer = new nn.Embedding(5, 3, { paddingIdx: -4 })
  t.is(layer.paddingIdx, 1)
  t.deepEqual(layer.weight.select(0, 1).tolist(), [0, 0, 0])
  layer.forward(index).square().sum().backward()
  t.deepEqual(layer.weight.grad!.select(0, 1).tolist(), [0, 0, 0])
  t.true(
    layer.weight
      .grad!.select(0, 2)
      .tolist()
      .every((v: number) => v !== 0),
  )
})

test('bags divided by frequency count all uses of a row', t => {
  const w = zeros([5, 1]).requiresGrad_()
  F.embeddingBag(index, w, { mode: 'mean', scaleGradByFreq: true }).sum().backward()
  const third = Math.fround(1 / 3)
  t.deepEqual(
    w
      .grad!.reshape([5])
      .tolist()
      .map((v: number) => Math.round(v / third)),
    [1, 1, 1, 0, 1],
  )
})

test('an index in any form, and a table that is there', t => {
  const table = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ])
  manualSeed(3)
  const layer = nn.Embedding.fromPretrained(table)
  manualSeed(3)
  const drawn = new nn.Linear(1, 1).weight.item()
  manualSeed(3)
  nn.EmbeddingBag.fromPretrained(table, { mode: 'sum', freeze: false })
  t.is(new nn.Linear(1, 1).weight.item(), drawn, 'nothing is drawn')
  t.false(layer.weight.requiresGrad)
  t.deepEqual(layer.forward([2, 0]).tolist(), [
    [5, 6],
    [1, 2],
  ])
  t.deepEqual(layer.forward(tensor(1, { dtype: 'int32' })).tolist(), [3, 4])
  t.deepEqual(layer.forward(tensor([], { dtype: 'int32' })).shape, [0, 2])
})

/** A model whose output layer has the weights of its embedding. */
class Tied extends nn.Module {
  embedding: nn.Embedding
  out: nn.Linear

  constructor(options?: ConstructorParameters<typeof nn.Embedding>[2]) {
    super()
    this.embedding = new nn.Embedding(6, 4, options)
    this.out = new nn.Linear(4, 6, { bias: false })
    this.out.weight = this.embedding.weight
  }

  override forward(x: Tensor): Tensor {
    return this.out.forward(this.embedding.forward(x))
  }
}

test('a shared weight is one parameter under two names', t => {
  const model = new Tied()
  t.deepEqual(
    [...model.namedParameters()].map(([name]) => name),
    ['embedding.weight'],
  )
  t.deepEqual(Object.keys(model.stateDict()), ['embedding.weight', 'out.weight'])
  model.forward(index).sum().backward()
  t.deepEqual(model.embedding.weight.grad!.shape, [6, 4])
  t.is(model.out.weight, model.embedding.weight)
})

const models: Record<string, () => nn.Module> = {
  'shared weight': () => new Tied(),
  'padding, frequency': () => new nn.Embedding(6, 4, { paddingIdx: 0, scaleGradByFreq: true }),
  maxNorm: () => new nn.Embedding(6, 4, { maxNorm: 1 }),
  'bag, sum': () => new nn.EmbeddingBag(6, 4, { mode: 'sum' }),
  'bag, mean': () => new nn.EmbeddingBag(6, 4, { paddingIdx: 1, maxNorm: 1 }),
  'bag, max': () => new nn.EmbeddingBag(6, 4, { mode: 'max' }),
}
for (const [name, make] of Object.entries(models)) {
  test(`${name}: replays give the bits of eager runs`, t => {
    const run = (compiled: boolean) => {
      manualSeed(5)
      const model = make()
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 })
      const step = (x: Tensor) => {
        optimizer.zeroGrad()
        const loss = model.forward(x).square().mean()
        loss.backward()
        optimizer.step()
        return loss
      }
      const call = compiled ? compile(step) : step
      const found = Array.from({ length: 8 }, () => bits(call(randint(0, 6, [5, 3]))))
      for (const [key, value] of Object.entries(model.stateDict())) found.push(`${key} ${bits(value)}`)
      return found
    }
    t.deepEqual(run(true), run(false))
  })
}

test('printing is that of PyTorch', t => {
  const printed: [nn.Module, string][] = [
    [new nn.Embedding(5, 3), 'Embedding(5, 3)'],
    [
      new nn.Embedding(5, 3, { paddingIdx: -1, maxNorm: 1, normType: 1, scaleGradByFreq: true }),
      'Embedding(5, 3, padding_idx=4, max_norm=1.0, norm_type=1.0, scale_grad_by_freq=True)',
    ],
    [new nn.EmbeddingBag(5, 3), "EmbeddingBag(5, 3, mode='mean')"],
    [
      new nn.EmbeddingBag(5, 3, { mode: 'sum', maxNorm: 2, paddingIdx: 1 }),
      "EmbeddingBag(5, 3, max_norm=2.0, mode='sum', padding_idx=1)",
    ],
  ]
  for (const [layer, text] of printed) t.is(layer.toString(), text)
})

test('errors name both values and the layer', t => {
  const net = new nn.Sequential(new nn.Embedding(5, 3))
  const range = t.throws(() => net.forward([1, 7]), { instanceOf: IndexError })
  t.is(range!.message, 'embedding: index 7 is out of range for 5 embeddings\n    at 0 (Embedding 5 x 3)')
  t.throws(() => net.forward([-1]), { message: /index -1 is out of range for 5 embeddings/ })
  t.throws(() => net.forward(zeros([2])), { instanceOf: IndexError, message: /int32, got float32/ })
  t.throws(() => new nn.Embedding(5, 3, { paddingIdx: 5 }), {
    instanceOf: ValueError,
    message: /paddingIdx 5 is not within the 5 embeddings/,
  })
  t.throws(() => F.embedding([0], zeros([3])), {
    instanceOf: ShapeError,
    message: /weight must have 2 dimensions.*\[3\]/,
  })
  const bag = new nn.EmbeddingBag(5, 3)
  t.throws(() => bag.forward([1, 2]), { instanceOf: ValueError, message: /input \[2\] needs offsets/ })
  t.throws(() => bag.forward([1, 2], { offsets: [1] }), { instanceOf: IndexError, message: /offset 1 does not fit/ })
  t.throws(() => bag.forward([[1, 2]], { offsets: [0] }), { instanceOf: ValueError, message: /takes no offsets/ })
  t.throws(() => bag.forward([[1, 2]], { perSampleWeights: zeros([1, 2]) }), {
    message: /perSampleWeights need mode 'sum', it is 'mean'/,
  })
  t.throws(() => F.embeddingBag([[1, 2]], zeros([5, 3]), { mode: 'sum', perSampleWeights: zeros([2]) }), {
    message: /perSampleWeights are \[2\], the input is \[1, 2\]/,
  })
  t.throws(() => F.embeddingBag([[1]], zeros([5, 3]), { mode: 'max', scaleGradByFreq: true }), {
    instanceOf: ValueError,
  })
})
