// Poor initialisation: weights far too large put every tanh on its flat part from the first step on.
import { manualSeed, nn, optim } from 'glorot'
import { diagnose } from 'glorot/doctor'
import { type Program, train, wave } from './program.js'

function program(): Program {
  manualSeed(0)
  const model = new nn.Sequential(
    new nn.Linear(8, 32),
    new nn.Tanh(),
    new nn.Linear(32, 32),
    new nn.Tanh(),
    new nn.Linear(32, 1),
  )
  for (const p of model.parameters()) nn.init.normal_(p, 0, 5)
  return {
    model,
    criterion: new nn.MSELoss(),
    optimizer: new optim.Adam(model.parameters(), { lr: 0.001 }),
    data: wave(1000),
    epochs: 500,
  }
}

const sick = program()
console.log(diagnose(sick).toString())

// The doctor's own cure: Xavier's distribution for every layer.
const cured = program()
diagnose(cured).findings[0].fix.apply?.()
for (const [name, p] of Object.entries({ 'weights of deviation 5': sick, Xavier: cured })) {
  const [first, last] = train(p)
  console.log(`\n${name}: loss ${first.toFixed(3)} to ${last.toFixed(3)}`)
}
