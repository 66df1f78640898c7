// A learning rate that is too high: each step lands further from the valley than the one before.
import { manualSeed, nn, optim } from 'glorot'
import { diagnose } from 'glorot/doctor'
import { type Program, train, wave } from './program.js'

function program(lr: number): Program {
  manualSeed(0)
  const model = new nn.Sequential(new nn.Linear(8, 32), new nn.ReLU(), new nn.Linear(32, 1))
  return {
    model,
    criterion: new nn.MSELoss(),
    optimizer: new optim.SGD(model.parameters(), { lr }),
    data: wave(1000),
    epochs: 500,
  }
}

const sick = program(3)
console.log(diagnose(sick).toString())

const cured = program(3)
diagnose(cured).findings[0].fix.apply?.()
for (const p of [sick, cured]) {
  const { lr } = p.optimizer.paramGroups[0]
  const [first, last] = train(p)
  console.log(`\nlr ${Number(lr.toPrecision(3))}: loss ${first.toFixed(3)} to ${last.toFixed(3)}`)
}
