// An LSTM reads three days of hourly demand and forecasts the next one; the naive forecast is the same hour a day or a week before.
//
//     node out/examples/forecast/main.js --epochs 15 --days 200 --seed 1
import { parseArgs } from 'node:util'
import { compile, data, manualSeed, nn, noGrad, optim, type Tensor } from 'glorot'
import { demand, FEATURES, features, WEEK, windows } from './series.js'

const DAY = 24
const PAST = 3 * DAY

const options = {
  epochs: { type: 'string', default: '15' },
  days: { type: 'string', default: '200' },
  seed: { type: 'string', default: '1' },
} as const
const { values } = parseArgs({ options })
const epochs = Number(values.epochs)

/** Reads hours one by one; what it remembers in the end becomes the next day. */
class Forecaster extends nn.Module {
  lstm = new nn.LSTM(FEATURES, 48, { batchFirst: true })
  head = new nn.Linear(48, DAY)

  override forward(x: Tensor): Tensor {
    const [, [h]] = this.lstm.forward(x)
    // Forecasts differ from the last day; to say by how much is easier than to say all.
    return this.head.forward(h.select(0, 0)).add(x.select(2, 0).narrow(1, PAST - DAY, DAY))
  }
}

manualSeed(Number(values.seed))
const series = demand(Number(values.days))
const cut = Math.floor(0.8 * Number(values.days)) * DAY
const known = series.subarray(0, cut)
const mean = known.reduce((a, b) => a + b) / cut
const deviation = Math.sqrt(known.reduce((a, v) => a + (v - mean) ** 2, 0) / cut)
const rows = features(series, mean, deviation)

const [x, y] = windows(rows, 0, cut, PAST, 1)
// Forecasts are made at midnight, of days that training has not seen.
const [xTest, yTest] = windows(rows, cut, series.length, PAST, DAY)

const model = new Forecaster()
const criterion = new nn.L1Loss()
const optimizer = new optim.Adam(model.parameters(), { lr: 0.005 })
const batches = new data.DataLoader(new data.TensorDataset(x, y), { batchSize: 64, shuffle: true })
const scheduler = new optim.lrScheduler.CosineAnnealingLR(optimizer, { TMax: epochs })

const step = compile((past: Tensor, next: Tensor) => {
  optimizer.zeroGrad()
  const loss = criterion.forward(model.forward(past), next)
  loss.backward()
  nn.utils.clipGradNorm_(model.parameters(), 1)
  optimizer.step()
  return loss
})

/** Mean error in MW on the days held back. */
const errorOf = (forecast: Tensor) => criterion.forward(forecast, yTest).item() * deviation

/** The demand `hours` before each hour that is forecast. */
function naive(hours: number): Tensor {
  const first = cut + PAST
  const [, earlier] = windows(rows, first - hours - PAST, series.length - hours, PAST, DAY)
  return earlier.narrow(0, 0, yTest.size(0))
}

const baselines = { yesterday: errorOf(naive(DAY)), 'a week ago': errorOf(naive(WEEK)) }
console.log(`${x.size(0)} windows to learn from, ${xTest.size(0)} days to forecast`)
for (const [name, error] of Object.entries(baselines)) console.log(`As ${name}: ${error.toFixed(1)} MW off`)

const start = performance.now()
for (let epoch = 1; epoch <= epochs; epoch++) {
  let sum = 0
  for (const [past, next] of batches) sum += step(past, next).item()
  scheduler.step()
  const test = errorOf(noGrad(() => model.forward(xTest)))
  console.log(
    `Epoch: ${epoch}, Loss: ${((sum / batches.length) * deviation).toFixed(2)}, Held back: ${test.toFixed(2)} MW off`,
  )
}
console.log(`${((performance.now() - start) / 1000).toFixed(1)} s`)

const reached = errorOf(noGrad(() => model.forward(xTest)))
const best = Math.min(...Object.values(baselines))
console.log(
  `LSTM: ${reached.toFixed(1)} MW off, ${(100 * (1 - reached / best)).toFixed(0)} % less than the better naive forecast`,
)
