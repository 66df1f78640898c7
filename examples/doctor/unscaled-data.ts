// Unscaled data: columns in the thousands drown the others and saturate the first layer.
import { manualSeed, nn, optim, tensor } from 'glorot'
import { diagnose } from 'glorot/doctor'
import { type Program, train, wave } from './program.js'

/** As they come from a table: ages, prices, shares. */
function raw(): Program['data'] {
  const [X, y] = wave(1000)
  const scale = tensor([1, 1, 200, 1, 1000, 1, 1, 50])
  const offset = tensor([0, 0, 300, 0, 5000, 0, 0, 0])
  return [X.mul(scale).add(offset), y]
}

function program(): Program {
  manualSeed(0)
  const model = new nn.Sequential(new nn.Linear(8, 32), new nn.Sigmoid(), new nn.Linear(32, 1))
  return {
    model,
    criterion: new nn.MSELoss(),
    optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }),
    data: raw(),
    epochs: 500,
  }
}

const sick = program()
console.log(diagnose(sick).toString())

const cured = program()
const [X, y] = cured.data
cured.data = [X.sub(X.mean(0)).div(X.std(0)), y]
for (const [name, p] of Object.entries({ 'as they come': sick, standardised: cured })) {
  const [first, last] = train(p)
  console.log(`\n${name}: loss ${first.toFixed(3)} to ${last.toFixed(3)}`)
}
