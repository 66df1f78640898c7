// fix.apply changes the user's own program: in place where it can, on the options otherwise, and says what.
import test from 'ava'
import { nn, optim, type Tensor } from 'glorot'
import { type DiagnoseOptions, diagnose } from 'glorot/doctor'
import { mlp, sgd } from './collection/nets.js'
import { blobs, halves, surface } from './collection/tasks.js'

function applied(options: DiagnoseOptions, id: string): Partial<DiagnoseOptions> {
  const finding = diagnose(options).findings.find(f => f.id === id)!
  return finding.fix.apply!()
}

test('a rate is set in every group of the optimizer', t => {
  const model = mlp([5, 32, 1], 'tanh', 1)
  const groups = [...model.parameters()].map((p, i) => ({ params: [p], lr: i === 0 ? 40 : 20 }))
  const optimizer = new optim.SGD(groups)
  const changed = applied(
    { model, criterion: new nn.MSELoss(), optimizer, data: surface(400, 5, 1), epochs: 10, batchSize: 32 },
    'lr-too-high',
  )
  t.is(changed.optimizer, optimizer)
  t.deepEqual(Object.keys(changed), ['optimizer'])
  const rates = optimizer.paramGroups.map(g => g.lr)
  t.true(rates.every(lr => lr < 5))
  t.true(Math.abs(rates[0] / rates[1] - 2) < 1e-9)
})

test('a layer is taken out of the model', t => {
  const model = mlp([6, 16, 1], 'relu', 1, new nn.Sigmoid())
  const options = {
    model,
    criterion: new nn.BCEWithLogitsLoss(),
    optimizer: sgd(model),
    data: halves(300, 6, 1),
    epochs: 5,
    batchSize: 30,
  }
  t.is(applied(options, 'sigmoid-before-logits-loss').model, model)
  t.is(model.length, 3)
  t.true(model.at(-1) instanceof nn.Linear)
})

test('a criterion is replaced on the options', t => {
  const model = mlp([6, 16, 4], 'relu', 1)
  const options: DiagnoseOptions = {
    model,
    criterion: new nn.NLLLoss(),
    optimizer: sgd(model),
    data: blobs(300, 6, 4, 1),
    epochs: 5,
    batchSize: 30,
  }
  const changed = applied(options, 'logits-into-prob-loss')
  t.true(options.criterion instanceof nn.CrossEntropyLoss)
  t.is(changed.criterion, options.criterion)
})

test('data are replaced on the options, validation by the numbers of the training', t => {
  const [X, y] = surface(400, 5, 1)
  const large = X.mul(900).add(300)
  const model = mlp([5, 32, 1], 'tanh', 1)
  const validation = [large.narrow(0, 0, 50).contiguous(), y.narrow(0, 0, 50).contiguous()] as const
  const options: DiagnoseOptions = {
    model,
    criterion: new nn.MSELoss(),
    optimizer: sgd(model),
    data: [large, y],
    validation,
    epochs: 5,
    batchSize: 32,
  }
  const before = large.toTypedArray()
  const changed = applied(options, 'unscaled-features')
  const [scaled] = options.data as readonly [Tensor, Tensor]
  t.is(changed.data, options.data)
  t.true(Math.abs(scaled.mean().item()) < 1e-3 && Math.abs(scaled.std().item() - 1) < 1e-2)
  t.deepEqual(large.toTypedArray(), before)
  t.true(
    options
      .validation![0].sub(scaled.narrow(0, 0, 50))
      .abs()
      .max()
      .item() < 1e-4,
  )
})

test('weights are drawn anew, and the parameters stay the same objects', t => {
  const model = mlp([5, 16, 1], 'sigmoid', 1)
  for (const p of model.parameters()) nn.init.constant_(p, 10)
  const before = [...model.parameters()]
  const options = {
    model,
    criterion: new nn.MSELoss(),
    optimizer: sgd(model),
    data: surface(300, 5, 1),
    epochs: 20,
    batchSize: 30,
  }
  applied(options, 'symmetric-init')
  const after = [...model.parameters()]
  t.true(before.every((p, i) => p === after[i]))
  t.true(after[0].std().item() > 0.1)
  t.false(diagnose(options).findings.some(f => f.id === 'symmetric-init'))
})

test('what the user has to decide has no apply', t => {
  const [X, y] = surface(300, 5, 1)
  const model = mlp([5, 16, 1], 'relu', 1)
  const { findings } = diagnose({
    model,
    criterion: new nn.MSELoss(),
    optimizer: sgd(model, 0.01),
    data: [X, y.mul(4000)],
    epochs: 10,
    batchSize: 30,
  })
  const finding = findings.find(f => f.id === 'unscaled-targets')!
  t.is(finding.fix.apply, undefined)
  t.true(finding.fix.code!.length > 20)
})
