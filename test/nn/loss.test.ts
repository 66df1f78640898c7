// Losses as modules: their settings are properties, read at each call.
import test from 'ava'
import { autograd, nn, tensor } from 'glorot'

test('settings have the defaults of PyTorch, and count when they are set later', t => {
  const huber = new nn.HuberLoss()
  t.is(huber.delta, 1)
  huber.delta = 0.1
  t.is(
    huber
      .forward(tensor([2]), tensor([0]))
      .item()
      .toFixed(4),
    '0.1950',
  )
  const entropy = new nn.CrossEntropyLoss()
  t.deepEqual([entropy.labelSmoothing, entropy.ignoreIndex, entropy.reduction, entropy.weight], [0, -100, 'mean', null])
  entropy.labelSmoothing = 0.5
  const classes = tensor([0], { dtype: 'int32' })
  t.is(
    entropy
      .forward(tensor([[1, 2]]), classes)
      .item()
      .toFixed(4),
    '1.0633',
  )
  entropy.labelSmoothing = 0
  entropy.reduction = 'none'
  entropy.weight = tensor([2, 1])
  t.is((entropy.forward(tensor([[1, 2]]), classes).tolist() as number[])[0].toFixed(4), '2.6265')
  const logits = new nn.BCEWithLogitsLoss()
  t.is(logits.posWeight, null)
  logits.posWeight = tensor([3])
  t.deepEqual(Object.keys(logits.stateDict()), ['pos_weight'])
  t.is(
    logits
      .forward(tensor([0]), tensor([1]))
      .item()
      .toFixed(4),
    (3 * Math.log(2)).toFixed(4),
  )
  t.is(new nn.TripletMarginLoss({ margin: 2 }).margin, 2)
  t.is(new nn.KLDivLoss({ logTarget: true }).logTarget, true)
})

test('what is set is checked where it is used', t => {
  const loss = new nn.SmoothL1Loss()
  // @ts-expect-error no number
  loss.beta = '1'
  t.throws(() => loss.forward(tensor([1]), tensor([0])), { message: /smoothL1Loss: beta must be a number/ })
})

test('a batch that is ignored whole has gradients of 0, recorded ones too', t => {
  const ignored = tensor([-100, -100], { dtype: 'int32' })
  for (const loss of [nn.functional.nllLoss, nn.functional.crossEntropy]) {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]).requiresGrad_()
    const [once] = autograd.grad(loss(x, ignored), [x], { createGraph: true })
    t.deepEqual(once!.tolist(), [
      [0, 0],
      [0, 0],
    ])
    if (!once!.requiresGrad) continue
    const [twice] = autograd.grad(once!.sum(), [x], { allowUnused: true })
    t.true(twice === null || (twice.reshape([-1]).tolist() as number[]).every(v => v === 0))
  }
})
