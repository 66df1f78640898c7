// Too deep, and all of sigmoids: ten of them let through nothing, whatever the optimizer.
import { manualSeed, nn, optim } from 'glorot'
import { diagnose } from 'glorot/doctor'
import { accuracy, ball, type Program, train } from './program.js'

function program(depth: number, activation: () => nn.Module): Program {
  manualSeed(0)
  const hidden = Array.from({ length: depth }, (_, i) => [new nn.Linear(i === 0 ? 8 : 16, 16), activation()]).flat()
  const model = new nn.Sequential(...hidden, new nn.Linear(16, 1), new nn.Sigmoid())
  return {
    model,
    criterion: new nn.BCELoss(),
    optimizer: new optim.Adam(model.parameters(), { lr: 0.003 }),
    data: ball(1000),
    epochs: 500,
  }
}

const sick = program(10, () => new nn.Sigmoid())
console.log(diagnose(sick).toString())

const shallow = program(2, () => new nn.Sigmoid())
const cured = program(2, () => new nn.ReLU())
for (const [name, p] of Object.entries({ 'ten sigmoids': sick, 'two sigmoids': shallow, 'two ReLUs': cured })) {
  const [first, last] = train(p)
  const right = (100 * accuracy(p.model, p.data)).toFixed(1)
  console.log(`\n${name}: loss ${first.toFixed(3)} to ${last.toFixed(3)}, ${right} % right`)
}
