// Targets that have nothing to do with the inputs: the network learns them by heart, and knows nothing of the next row.
import { manualSeed, nn, optim, randint, randn, type Tensor } from 'glorot'
import { diagnose } from 'glorot/doctor'
import { accuracy, type Program, train } from './program.js'

const flips = (rows: number): [Tensor, Tensor] => [randn([rows, 10]), randint(0, 2, [rows, 1]).float()]

function program(rows: number): Program {
  manualSeed(0)
  const model = new nn.Sequential(new nn.Linear(10, 10), new nn.ReLU(), new nn.Linear(10, 1), new nn.Sigmoid())
  return {
    model,
    criterion: new nn.BCELoss(),
    optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }),
    data: flips(rows),
    epochs: 1000,
  }
}

console.log(diagnose(program(1000)).toString())

for (const rows of [100, 1000]) {
  const p = program(rows)
  const fresh = flips(10_000)
  const [first, last] = train(p)
  const [learned, known] = [p.data, fresh].map(data => (100 * accuracy(p.model, data)).toFixed(1))
  console.log(
    `\n${rows} rows: loss ${first.toFixed(3)} to ${last.toFixed(3)}, ${learned} % of them right, ${known} % of others`,
  )
}
