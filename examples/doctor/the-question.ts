// The program that started this project: why doesn't my linear-sigmoid network learn?
import { manualSeed, nn, optim, randn } from 'glorot'
import { diagnose } from 'glorot/doctor'
import { type Program, train } from './program.js'

function program(): Program {
  manualSeed(0)
  const model = new nn.Sequential(new nn.Linear(10, 10), new nn.Sigmoid(), new nn.Linear(10, 1))
  for (const parameter of model.parameters()) nn.init.constant_(parameter, 10)
  return {
    model,
    criterion: new nn.MSELoss(),
    optimizer: new optim.SGD(model.parameters(), { lr: 0.01 }),
    data: [randn([100, 10]), randn([100, 1])],
    epochs: 1000,
  }
}

const sick = program()
console.log(diagnose(sick).toString())

const cured = program()
diagnose(cured).findings[0].fix.apply?.()
const [, y] = sick.data
console.log(`\nvariance of the targets: ${y.var(0, { correction: 0 }).item().toFixed(4)}`)
for (const [name, p] of Object.entries({ 'all weights 10': sick, Xavier: cured })) {
  const [first, last] = train(p)
  console.log(`${name}: loss ${first.toFixed(4)} to ${last.toFixed(4)}`)
}
