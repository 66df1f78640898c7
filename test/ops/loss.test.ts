// Losses: derivatives to the second order in float64, of targets too, and what each refuses to take.
import test from 'ava'
import { autograd, DTypeError, IndexError, nn, ShapeError, type Tensor, tensor, ValueError, zeros } from 'glorot'
import { checkGradients, leaf } from '../harness/grad.js'

const F = nn.functional
const reductions = ['none', 'mean', 'sum'] as const
type Pair = (x: Tensor, t: Tensor, options: { reduction: (typeof reductions)[number] }) => Tensor

const weight = leaf([4], 7, 0.3, 2).detach()
/** Losses of two [3, 4] tensors, both of which have gradients; numbers are drawn from `between`. */
const ofBoth: Record<string, { fn: Pair; between?: [number, number] }> = {
  mseLoss: { fn: F.mseLoss },
  l1Loss: { fn: F.l1Loss },
  smoothL1Loss: { fn: (x, t, o) => F.smoothL1Loss(x, t, { ...o, beta: 0.7 }) },
  huberLoss: { fn: (x, t, o) => F.huberLoss(x, t, { ...o, delta: 0.7 }) },
  binaryCrossEntropy: { fn: F.binaryCrossEntropy, between: [0.1, 0.9] },
  'weighted binaryCrossEntropy': { fn: (x, t, o) => F.binaryCrossEntropy(x, t, { ...o, weight }), between: [0.1, 0.9] },
  binaryCrossEntropyWithLogits: { fn: F.binaryCrossEntropyWithLogits },
  'weighted binaryCrossEntropyWithLogits': {
    fn: (x, t, o) => F.binaryCrossEntropyWithLogits(x, t, { ...o, weight, posWeight: weight }),
  },
  softMarginLoss: { fn: F.softMarginLoss },
  klDiv: { fn: F.klDiv, between: [0.1, 2] },
  'klDiv of a logarithm': { fn: (x, t, o) => F.klDiv(x, t, { ...o, logTarget: true }) },
  poissonNllLoss: { fn: F.poissonNllLoss },
  'crossEntropy of shares': { fn: F.crossEntropy, between: [0.1, 2] },
  'weighted crossEntropy of shares': {
    fn: (x, t, o) => F.crossEntropy(x, t, { ...o, weight, labelSmoothing: 0.2 }),
    between: [0.1, 2],
  },
}
for (const [name, { fn, between: [low, high] = [-2, 2] }] of Object.entries(ofBoth)) {
  for (const reduction of reductions) {
    test(`${name}, ${reduction}: first and second derivatives`, t => {
      t.true(
        checkGradients(
          (x, y) => fn(x, y, { reduction }),
          [
            [3, 4],
            [3, 4],
          ],
          { low, high },
        ),
      )
    })
  }
}

const classes = tensor([2, 0, 3], { dtype: 'int32' })
const someIgnored = tensor([2, -100, 3], { dtype: 'int32' })
const grid = tensor(
  [
    [0, 2],
    [1, 3],
  ],
  { dtype: 'int32' },
)
const signs = tensor(
  [
    [1, -1, 1, 1],
    [-1, -1, 1, -1],
    [1, 1, 1, -1],
  ],
  { dtype: 'float64' },
)
const sign = tensor([1, -1, 1], { dtype: 'float64' })
/** Losses of tensors of the given shapes and constants. */
const ofOthers: Record<string, [shapes: number[][], (reduction: 'none' | 'mean' | 'sum', ...x: Tensor[]) => Tensor]> = {
  crossEntropy: [[[3, 4]], (reduction, x) => F.crossEntropy(x, classes, { reduction })],
  'crossEntropy, all options': [
    [[3, 4]],
    (reduction, x) => F.crossEntropy(x, someIgnored, { reduction, weight, labelSmoothing: 0.2 }),
  ],
  'crossEntropy of a grid': [[[2, 4, 2]], (reduction, x) => F.crossEntropy(x, grid, { reduction, weight })],
  'crossEntropy of one sample': [
    [[4]],
    (reduction, x) => F.crossEntropy(x, tensor(1, { dtype: 'int32' }), { reduction }),
  ],
  nllLoss: [[[3, 4]], (reduction, x) => F.nllLoss(x.square(), someIgnored, { reduction, weight })],
  hingeEmbeddingLoss: [[[3, 4]], (reduction, x) => F.hingeEmbeddingLoss(x.square(), signs, { reduction })],
  gaussianNllLoss: [
    [
      [3, 4],
      [3, 4],
      [3, 1],
    ],
    (reduction, x, y, v) => F.gaussianNllLoss(x, y, v.square().add(0.5), { reduction, full: true }),
  ],
  cosineEmbeddingLoss: [
    [
      [3, 4],
      [3, 4],
    ],
    (reduction, x, y) => F.cosineEmbeddingLoss(x, y, sign, { reduction, margin: -0.9 }),
  ],
  marginRankingLoss: [
    [[3], [3]],
    (reduction, x, y) => F.marginRankingLoss(x.square(), y, sign, { reduction, margin: 9 }),
  ],
  tripletMarginLoss: [
    [
      [3, 4],
      [3, 4],
      [3, 4],
    ],
    (reduction, a, b, c) => F.tripletMarginLoss(a, b, c, { reduction, margin: 9, swap: true }),
  ],
  multilabelSoftMarginLoss: [[[3, 4]], (reduction, x) => F.multilabelSoftMarginLoss(x, signs, { reduction, weight })],
}
for (const [name, [shapes, fn]] of Object.entries(ofOthers)) {
  for (const reduction of reductions) {
    test(`${name}, ${reduction}: first and second derivatives`, t =>
      t.true(checkGradients((...x) => fn(reduction, ...x), shapes)))
  }
}

test('multiMarginLoss: first derivatives', t => {
  for (const reduction of reductions) {
    for (const p of [1, 2]) {
      const fn = (x: Tensor) => F.multiMarginLoss(x, classes, { reduction, p, weight, margin: 0.8 })
      t.true(checkGradients(fn, [[3, 4]], { second: false }))
    }
  }
})

test('shapes that differ are refused, with what to do', t => {
  const message = (fn: () => unknown) => t.throws(fn, { instanceOf: ShapeError })!.message
  t.is(
    message(() => F.mseLoss(zeros([32, 1]), zeros([32]))),
    'mseLoss: input [32, 1] and target [32] differ in shape; reshape the target with target.reshape([32, 1])',
  )
  t.is(
    message(() => F.l1Loss(zeros([3, 4]), zeros([4]))),
    'l1Loss: input [3, 4] and target [4] differ in shape; pass { broadcast: true } if it is meant to repeat',
  )
  t.is(
    message(() => F.binaryCrossEntropy(zeros([3]), zeros([4]))),
    'binaryCrossEntropy: input [3] and target [4] differ in shape',
  )
  t.is(
    message(() => F.crossEntropy(zeros([32, 10]), zeros([32, 1]).int())),
    'crossEntropy: input [32, 10] needs a class per sample, a target [32], got [32, 1]; reshape it with target.reshape([32])',
  )
  t.regex(
    message(() => F.crossEntropy(zeros([3, 4]), zeros([3, 4]).int())),
    /a share per class must be floating: target\.float\(\)/,
  )
  t.regex(
    message(() => F.crossEntropy(zeros([3, 4]), classes, { weight: zeros([3]) })),
    /weight \[3\] must be \[4\]/,
  )
  t.throws(() => F.mseLoss(zeros([3]), zeros([4]), { broadcast: true }), { instanceOf: ShapeError })
  t.deepEqual(F.mseLoss(zeros([3, 1]), zeros([4]), { broadcast: true, reduction: 'none' }).shape, [3, 4])
  const { shapes } = t.throws(() => F.mseLoss(zeros([2]), zeros([3])), { instanceOf: ShapeError })!
  t.deepEqual(shapes, [[2], [3]])
})

test('values and dtypes that a loss cannot take are named', t => {
  const half = tensor([0.5, 1.5])
  t.throws(() => F.binaryCrossEntropy(half, zeros([2])), {
    instanceOf: ValueError,
    message: 'binaryCrossEntropy: input 1.5 is outside [0, 1]; for logits use binaryCrossEntropyWithLogits',
  })
  t.throws(() => F.binaryCrossEntropy(tensor([Number.NaN]), zeros([1])), { instanceOf: ValueError })
  t.throws(() => F.binaryCrossEntropy(zeros([2]), zeros([2]).int()), {
    instanceOf: DTypeError,
    message: /input is float32, target int32; convert it with target\.float\(\)/,
  })
  t.throws(() => F.crossEntropy(zeros([2, 3]), tensor([0, 3], { dtype: 'int32' })), {
    instanceOf: IndexError,
    message: 'crossEntropy: target 3 is out of range for 3 classes',
  })
  t.throws(() => F.crossEntropy(zeros([2, 3]), tensor([0, 1])), {
    instanceOf: DTypeError,
    message: /int32 classes, or shares of the classes, \[2, 3\]; convert it with target\.int\(\)/,
  })
  t.throws(() => F.crossEntropy(zeros([2, 3]), classes, { labelSmoothing: 1.5 }), { instanceOf: ValueError })
  t.throws(() => F.huberLoss(half, half, { delta: 0 }), { instanceOf: ValueError })
  t.throws(() => F.smoothL1Loss(half, half, { beta: -1 }), { instanceOf: ValueError })
  t.throws(() => F.multiMarginLoss(zeros([2, 3]), classes, { p: 3 }), { instanceOf: ValueError })
  t.throws(() => F.gaussianNllLoss(half, half, tensor([1, -1])), { instanceOf: ValueError, message: /negative/ })
  t.throws(() => F.mseLoss(half, half, { reduction: 'avg' as never }), { instanceOf: ValueError, message: /'none'/ })
  t.throws(() => F.mseLoss(half, [1, 2] as never), { instanceOf: TypeError })
})

test('modules check their options at once and keep weights as buffers', t => {
  t.throws(() => new nn.BCEWithLogitsLoss({ posweight: zeros([1]) } as never), {
    instanceOf: TypeError,
    message: "BCEWithLogitsLoss: unknown option 'posweight', did you mean 'posWeight'?",
  })
  t.throws(() => new nn.MSELoss({ reduction: 'batchmean' as never }), { instanceOf: ValueError })
  const criterion = new nn.BCEWithLogitsLoss({ posWeight: tensor([3]) })
  t.deepEqual(Object.keys(criterion.stateDict()), ['pos_weight'])
  t.is(criterion.reduction, 'mean')
  criterion.to('float64')
  const input = zeros([2]).double()
  const target = tensor([1, 1], { dtype: 'float64' })
  t.is(criterion.forward(input, target).item(), 3 * Math.LN2)
  t.is(String(new nn.CrossEntropyLoss()), 'CrossEntropyLoss()')
})

test('a reduction set later takes effect', t => {
  const criterion = new nn.MSELoss()
  criterion.reduction = 'sum'
  t.is(criterion.forward(tensor([1, 2]), tensor([3, 5])).item(), 13)
  criterion.reduction = 'total' as never
  t.throws(() => criterion.forward(tensor([1, 2]), tensor([3, 5])), {
    instanceOf: ValueError,
    message: /reduction must be .*'sum'.*total/,
  })
})

test('a step of gradients through a loss of views and stretched gradients', t => {
  const x = leaf([4, 3], 3)
  const want = autograd.grad([F.mseLoss(x.t().clone(), zeros([3, 4]).double())], [x])[0]
  const got = autograd.grad([F.mseLoss(x.t(), zeros([3, 4]).double())], [x])[0]
  t.deepEqual(got!.tolist(), want!.tolist())
  const each = F.mseLoss(x.t(), zeros([3, 4]).double(), { reduction: 'none' })
  t.deepEqual(autograd.grad([each.mean()], [x])[0]!.tolist(), want!.tolist())
})
