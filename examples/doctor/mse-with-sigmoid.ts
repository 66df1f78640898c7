// Squared error behind a sigmoid: where the answer is surely wrong, the sigmoid is flat, and the error that is largest teaches least.
import { manualSeed, nn, optim } from 'glorot'
import { diagnose } from 'glorot/doctor'
import { accuracy, ball, type Program, train } from './program.js'

function program(): Program {
  manualSeed(0)
  const model = new nn.Sequential(new nn.Linear(8, 32), new nn.ReLU(), new nn.Linear(32, 1), new nn.Sigmoid())
  // Sure of itself from the start, and half the time wrong.
  const output = [...model.children()][2] as nn.Linear
  nn.init.constant_(output.bias!, 8)
  return {
    model,
    criterion: new nn.MSELoss(),
    optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
    data: ball(1000),
    epochs: 500,
  }
}

const sick = program()
console.log(diagnose(sick).toString())

const cured = program()
cured.criterion = new nn.BCELoss()
for (const [name, p] of Object.entries({ 'squared error': sick, 'binary cross entropy': cured })) {
  const [first, last] = train(p)
  const right = (100 * accuracy(p.model, p.data)).toFixed(1)
  console.log(`\n${name}: loss ${first.toFixed(3)} to ${last.toFixed(3)}, ${right} % right`)
}
