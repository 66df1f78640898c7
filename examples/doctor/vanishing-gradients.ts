// Vanishing gradients: a sigmoid passes on a quarter of the gradient at most, and four of them in a row, trained by SGD, leave the first
// layers where they are.
import { manualSeed, nn, optim } from 'glorot'
import { diagnose } from 'glorot/doctor'
import { accuracy, ball, type Program, train } from './program.js'

function program(activation: () => nn.Module): Program {
  manualSeed(0)
  const hidden = [8, 32, 32, 32].flatMap(width => [new nn.Linear(width, 32), activation()])
  const model = new nn.Sequential(...hidden, new nn.Linear(32, 1), new nn.Sigmoid())
  return {
    model,
    criterion: new nn.BCELoss(),
    optimizer: new optim.SGD(model.parameters(), { lr: 0.5 }),
    data: ball(1000),
    epochs: 500,
  }
}

const sick = program(() => new nn.Sigmoid())
console.log(diagnose(sick).toString())

const cured = program(() => new nn.ReLU())
for (const layer of cured.model.modules()) {
  if (layer instanceof nn.Linear) nn.init.kaimingUniform_(layer.weight, { nonlinearity: 'relu' })
}
for (const [name, p] of Object.entries({ 'four sigmoids': sick, 'ReLU and He': cured })) {
  const [first, last] = train(p)
  const right = (100 * accuracy(p.model, p.data)).toFixed(1)
  console.log(`\n${name}: loss ${first.toFixed(3)} to ${last.toFixed(3)}, ${right} % right`)
}
