// Batches out of a DataLoader, nothing done with them.
import { data, randint, randn } from 'glorot'
import { type Case, suite } from './suite.js'

function epoch(samples: number, features: number, batchSize: number, shuffle: boolean): Case {
  const dataset = new data.TensorDataset(randn([samples, features]), randint(0, 10, [samples]))
  const loader = new data.DataLoader(dataset, { batchSize, shuffle })
  return [
    `${samples} x ${features} in batches of ${batchSize}${shuffle ? ', shuffled' : ''}`,
    () => () => {
      for (const _ of loader);
    },
  ]
}

await suite('dataLoader', 'Epochs of a DataLoader', [
  epoch(100, 10, 32, false),
  epoch(100, 10, 32, true),
  epoch(10_000, 784, 128, false),
  epoch(10_000, 784, 128, true),
])
