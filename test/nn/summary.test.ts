// summary: the table that torchinfo prints, its numbers, and that it leaves the model as it was.
import test from 'ava'
import { manualSeed, nn, rand, summary, type Tensor, zeros } from 'glorot'

const F = nn.functional

/** The network of torchinfo's readme. */
class SingleInputNet extends nn.Module {
  conv1 = new nn.Conv2d(1, 10, 5)
  conv2 = new nn.Conv2d(10, 20, 5)
  conv2Drop = new nn.Dropout2d({ p: 0.3 })
  fc1 = new nn.Linear(320, 50)
  fc2 = new nn.Linear(50, 10)

  override forward(x: Tensor): Tensor {
    const a = F.relu(F.maxPool2d(this.conv1.forward(x), 2))
    const b = F.relu(F.maxPool2d(this.conv2Drop.forward(this.conv2.forward(a)), 2))
    return F.logSoftmax(this.fc2.forward(F.relu(this.fc1.forward(b.reshape([-1, 320])))), 1)
  }
}

const column = (text: string) => text.padEnd(25)
const line = (title: string, ...cells: string[]) => `${title.padEnd(40)} ${cells.map(column).join(' ')}`.trimEnd()

test('the table of the readme', t => {
  const divider = '='.repeat(140)
  const want = [
    divider,
    line('Layer (type:depth-idx)', 'Input Shape', 'Output Shape', 'Param #', 'Mult-Adds'),
    divider,
    line('SingleInputNet', '[7, 1, 28, 28]', '[7, 10]', '--', '--'),
    line('├─Conv2d: 1-1', '[7, 1, 28, 28]', '[7, 10, 24, 24]', '260', '1,048,320'),
    line('├─Conv2d: 1-2', '[7, 10, 12, 12]', '[7, 20, 8, 8]', '5,020', '2,248,960'),
    line('├─Dropout2d: 1-3', '[7, 20, 8, 8]', '[7, 20, 8, 8]', '--', '--'),
    line('├─Linear: 1-4', '[7, 320]', '[7, 50]', '16,050', '112,350'),
    line('├─Linear: 1-5', '[7, 50]', '[7, 10]', '510', '3,570'),
    divider,
    'Total params: 21,840',
    'Trainable params: 21,840',
    'Non-trainable params: 0',
    'Total mult-adds (M): 3.41',
    divider,
    'Input size (MB): 0.02',
    'Forward/backward pass size (MB): 0.40',
    'Params size (MB): 0.09',
    'Estimated Total Size (MB): 0.51',
    divider,
  ]
  const table = summary(new SingleInputNet(), [7, 1, 28, 28], {
    colNames: ['input_size', 'output_size', 'num_params', 'mult_adds'],
  })
  t.deepEqual(table.toString().split('\n'), want)
  t.is(table.totalMultAdds, 1048320 + 2248960 + 112350 + 3570)
})

test('containers, depth, shared and frozen layers', t => {
  const twice = new nn.Linear(4, 4, { bias: false })
  const model = new nn.Sequential(
    new nn.Sequential(twice, new nn.Sequential(twice, new nn.Linear(4, 2).requiresGrad_(false))),
    new nn.BatchNorm1d(2),
  )
  const rows = (depth: number) => summary(model, [3, 4], { depth }).toString().split('\n').slice(3, -11)
  t.deepEqual(rows(3), [
    line('Sequential', '[3, 2]', '--', '--'),
    line('├─Sequential: 1-1', '[3, 2]', '--', '--'),
    line('│    └─Linear: 2-1', '[3, 4]', '16', '48'),
    line('│    └─Sequential: 2-2', '[3, 2]', '--', '--'),
    line('│    │    └─Linear: 3-1', '[3, 4]', '(recursive)', '48'),
    line('│    │    └─Linear: 3-2', '[3, 2]', '(10)', '30'),
    line('├─BatchNorm1d: 1-2', '[3, 2]', '4', '12'),
  ])
  t.deepEqual(rows(1), [
    line('Sequential', '[3, 2]', '--', '--'),
    line('├─Sequential: 1-1', '[3, 2]', '26', '126'),
    line('├─BatchNorm1d: 1-2', '[3, 2]', '4', '12'),
  ])
  const { totalParams, trainableParams } = summary(model, [3, 4])
  t.deepEqual([totalParams, trainableParams], [30, 20])
})

test('a row counts what no row below it has; a long name widens the first column by steps of five, as torchinfo does', t => {
  class AQuiteLongNameForTheLayerThatIsHere extends nn.Linear {}
  class Model extends nn.Module {
    weight = new nn.Parameter(zeros([3, 4]))
    list = new nn.ParameterList([zeros([3])])
    unused = new nn.Linear(5, 5)
    last = new AQuiteLongNameForTheLayerThatIsHere(3, 2)

    override forward(x: Tensor): Tensor {
      return this.last.forward(x.matmul(this.weight.t()).add(this.list[0]))
    }
  }
  const table = String(summary(new Model(), [2, 4])).split('\n')
  t.is(table[0], '='.repeat(50 + 75))
  const wide = (title: string, ...cells: string[]) => `${title.padEnd(50)} ${cells.map(column).join(' ')}`.trimEnd()
  t.deepEqual(table.slice(3, 5), [
    wide('Model', '[2, 2]', '45', '--'),
    wide('├─AQuiteLongNameForTheLayerThatIsHere: 1-1', '[2, 2]', '8', '16'),
  ])
  t.is(table[6], 'Total params: 53')
  t.regex(String(summary(new nn.ReLU(), [2])), /Forward\/backward pass size \(MB\): 0\.00\n/)
})

test('every kind of layer says what it computes', t => {
  const cost = (model: nn.Module, ...sizes: number[][]) => summary(model, sizes).totalMultAdds
  t.is(cost(new nn.Linear(3, 5), [2, 7, 3]), 14 * 5 * 4)
  t.is(cost(new nn.Bilinear(3, 4, 5), [2, 3], [2, 4]), 2 * 65)
  t.is(cost(new nn.Conv1d(4, 6, 3, { groups: 2, bias: false }), [2, 4, 10]), 2 * 6 * 8 * 2 * 3)
  t.is(cost(new nn.ConvTranspose2d(4, 6, 2, { stride: 2 }), [1, 4, 5, 5]), 4 * 25 * 6 * 4 + 600)
  t.is(cost(new nn.LSTM(3, 5, { numLayers: 2 }), [7, 2, 3]), 14 * (20 * 3 + 20 * 5 + 40 + 20 * 5 + 20 * 5 + 40))
  t.is(cost(new nn.GRUCell(3, 5), [2, 3]), 2 * (15 * 3 + 15 * 5 + 30))
  const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true })
  t.is(cost(attention, [2, 5, 8], [2, 6, 8], [2, 6, 8]), (10 + 12 + 12) * 72 + 2 * 10 * 6 * 8 + 10 * 72)
  t.is(summary(new nn.Embedding(9, 4), [2, 3], { dtypes: ['int32'] }).totalMultAdds, 0)
})

test('a layer of one’s own', t => {
  class Squares extends nn.Module {
    override forward(x: Tensor): Tensor {
      return x.square()
    }
    override multiplyAdds([x]: readonly Tensor[]): number {
      return x.numel()
    }
  }
  t.is(summary(new nn.Sequential(new Squares(), new nn.Linear(3, 1)), zeros([4, 3])).totalMultAdds, 12 + 16)
})

test('nothing is left changed', t => {
  const model = new nn.Sequential(new nn.BatchNorm1d(3), new nn.Dropout(), new nn.Linear(3, 1))
  model[1].eval()
  const before = JSON.stringify(Object.entries(model.stateDict()).map(([k, v]) => [k, v.tolist()]))
  manualSeed(4)
  const want = rand([2]).tolist()
  manualSeed(4)
  summary(model, [5, 3])
  t.deepEqual(rand([2]).tolist(), want)
  t.is(JSON.stringify(Object.entries(model.stateDict()).map(([k, v]) => [k, v.tolist()])), before)
  t.deepEqual(
    [...model.modules()].map(m => m.training),
    [true, true, false, true],
  )
  t.throws(() => summary(model, [5, 4]), { message: /has 4 channels, the layer expects 3\n {4}at 0 \(BatchNorm1d 3\)/ })
  t.true(model.training)
  t.throws(() => summary(model, [5, 3], { colNames: ['num_param' as never] }), { message: /did you mean 'num_params'/ })
  t.throws(() => summary(model, 5 as never), { instanceOf: TypeError })
})
