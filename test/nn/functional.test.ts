// nn.functional: a twin for every layer and loss, and the functions that have no layer.
import test from 'ava'
import { autograd, nn, oneHot, pad, rand, randn, ShapeError, type Tensor, tensor } from 'glorot'

const F = nn.functional

/** What is no function of its own under this name: containers, shapes, and what PyTorch's functional lacks as well. */
const without = [
  'Module',
  'Parameter',
  'Sequential',
  'ModuleList',
  'ModuleDict',
  'ParameterList',
  'ParameterDict',
  'Identity',
  'Flatten',
  'Unflatten',
  'Softmax2d',
]
const twins: Record<string, string> = {
  BCELoss: 'binaryCrossEntropy',
  BCEWithLogitsLoss: 'binaryCrossEntropyWithLogits',
  CrossEntropyLoss: 'crossEntropy',
  KLDivLoss: 'klDiv',
}
/** `BatchNorm2d` is `batchNorm`, `ZeroPad2d` is `pad`: their functions take any number of dimensions. */
const anyRank = (name: string) =>
  name
    .replace(/^(BatchNorm|InstanceNorm)[123]d$/, '$1')
    .replace(/^.*Pad[123]d$/, 'pad')
    .replace(/^Upsampl.*$/, 'interpolate')
/** Layers of several steps, which have no function in PyTorch either. */
const composed = /^(RNN|LSTM|GRU)(Cell)?$|^Transformer|^MultiheadAttention$/

test('every layer has its function', t => {
  const functions = new Set(Object.keys(F).map(name => name.toLowerCase()))
  const missing = Object.entries(nn)
    .filter(([name, value]) => typeof value === 'function' && !without.includes(name) && !composed.test(name))
    .map(([name]) => twins[name] ?? anyRank(name))
    .filter(name => !functions.has(name.toLowerCase()))
  t.deepEqual(missing, [])
})

test('oneHot and pad stand here as well', t => {
  for (const hot of [F.oneHot, oneHot])
    t.deepEqual(hot(tensor([2, 0], { dtype: 'int32' }), 3).tolist(), [
      [0, 0, 1],
      [1, 0, 0],
    ])
  for (const padded of [F.pad, pad]) t.deepEqual(padded(tensor([1, 2]), [1, 2]).tolist(), [0, 1, 2, 0, 0])
})

test('linear and bilinear are what the layers compute', t => {
  const layer = new nn.Linear(3, 2)
  const x = rand([4, 3])
  t.deepEqual(F.linear(x, layer.weight, layer.bias).tolist(), layer.forward(x).tolist())
  const pair = new nn.Bilinear(3, 2, 4)
  const y = rand([4, 2])
  t.deepEqual(F.bilinear(x, y, pair.weight, pair.bias).tolist(), pair.forward(x, y).tolist())
  const double = (shape: number[]) => randn(shape, { dtype: 'float64', requiresGrad: true })
  t.true(autograd.gradcheck(F.bilinear as never, [double([2, 3]), double([2, 2]), double([4, 3, 2]), double([4])]))
  t.throws(() => pair.forward(x, x), {
    instanceOf: ShapeError,
    message: /bilinear: inputs \[4, 3\] and \[4, 3\] must be \[\*, 3\] and \[\*, 2\].*\n {4}at Bilinear 3 x 2 -> 4/,
  })
  t.throws(() => F.bilinear(x, y, rand([2, 2])), { instanceOf: ShapeError, message: /weight must have 3 dimensions/ })
  t.throws(() => F.bilinear(x, y, pair.weight, rand([3])), {
    instanceOf: ShapeError,
    message: /bias \[3\] must be \[4\]/,
  })
})

function near(t: { true: (ok: boolean, message?: string) => void }, got: Tensor, want: unknown): void {
  const flat = (want as number[]).flat(9) as number[]
  got
    .flatten()
    .tolist()
    .forEach((v: number, i: number) => {
      t.true(Math.abs(v - flat[i]) < 1e-6, `${got} is not ${JSON.stringify(want)}`)
    })
}

test('normalize, cosineSimilarity and pairwiseDistance: values of PyTorch 2.13', t => {
  const a = tensor([
    [3, 4],
    [0, 0],
    [1, -1],
  ])
  const b = tensor([
    [1, 2],
    [2, 1],
    [0.5, 3],
  ])
  near(t, F.normalize(a), [
    [0.6, 0.8],
    [0, 0],
    [Math.SQRT1_2, -Math.SQRT1_2],
  ])
  near(t, F.normalize(a, { p: 1, dim: 0 }), [
    [0.75, 0.8],
    [0, 0],
    [0.25, -0.2],
  ])
  near(t, F.normalize(a, { p: Infinity }), [
    [0.75, 1],
    [0, 0],
    [1, -1],
  ])
  near(t, F.cosineSimilarity(a, b), [0.98386991, 0, -0.58123815])
  near(t, F.cosineSimilarity(a, b, { dim: 0 }), [0.48304588, 0.32410187])
  near(t, F.cosineSimilarity(a.select(0, 0), b, { dim: -1 }), [0.98386991, 0.89442728, 0.8877545])
  near(t, new nn.CosineSimilarity({ dim: 0 }).forward(a, b), [0.48304588, 0.32410187])
  // Where the dimension itself broadcasts.
  const rising = tensor([
    [0, 1],
    [2, 3],
    [4, 5],
  ])
  near(t, F.cosineSimilarity(rising, tensor([[1, 2]]), { dim: 0 }), [0.7745967, 0.87831])
  near(t, F.pairwiseDistance(a, b), [2.8284285, 2.2360666, 4.0311279])
  near(t, new nn.PairwiseDistance({ p: 1, eps: 0 }).forward(a, b), [4, 3, 4.5])
  t.deepEqual(new nn.PairwiseDistance({ keepdim: true }).forward(a, b).shape, [3, 1])
  t.is(new nn.CosineSimilarity().toString(), 'CosineSimilarity()')
  t.throws(() => F.normalize(a, { P: 1 } as never), { message: /did you mean 'p'/ })
  t.throws(() => F.cosineSimilarity(a, [1] as never), { instanceOf: TypeError, message: /x2 must be a Tensor/ })
  t.throws(() => new nn.PairwiseDistance({ keepdim: 1 as never }), { instanceOf: TypeError })
})

test('gradients of normalize and cosineSimilarity', t => {
  const x = randn([3, 4], { dtype: 'float64', requiresGrad: true })
  const y = randn([1, 4], { dtype: 'float64', requiresGrad: true })
  t.true(autograd.gradcheck(v => F.normalize(v), [x]))
  t.true(autograd.gradcheck((v, w) => F.cosineSimilarity(v, w), [x, y]))
})

test('linear takes a weight of one dimension and a scalar bias, with gradients', t => {
  const x = tensor([
    [1, 2],
    [3, 4],
  ]).requiresGrad_()
  const bias = tensor(1).requiresGrad_()
  t.deepEqual(F.linear(x, tensor([1, -1]), bias).tolist(), [0, 0])
  const matrix = tensor([
    [1, 2],
    [3, 4],
  ])
  const y = F.linear(x, matrix, bias)
  t.deepEqual(y.tolist(), [
    [6, 12],
    [12, 26],
  ])
  y.sum().backward()
  t.is(bias.grad!.item(), 4)
  t.throws(() => F.linear(x, tensor([1, 2, 3])), { instanceOf: ShapeError })
})

test('classes below 0 are named, values that run along may be left out', t => {
  t.throws(() => oneHot(tensor([0, -1], { dtype: 'int32' })), { message: /oneHot: class -1 is negative/ })
  const x = randn([4, 3])
  t.deepEqual(
    F.batchNorm(x, undefined, undefined, { training: true }).tolist(),
    F.batchNorm(x, null, null, { training: true }).tolist(),
  )
})
