// Reads the MNIST digits with a small convolutional network: 99 % of them right after a few epochs.
//
//     npx tsc -p tsconfig.test.json && node out/examples/lenet/main.js --epochs 10 --digits 60000 --seed 0
import { parseArgs } from 'node:util'
import { loadDigits } from '../mnist/digits.js'
import { learn } from './lenet.js'

const { values } = parseArgs({
  options: {
    epochs: { type: 'string', default: '10' },
    digits: { type: 'string', default: '60000' },
    seed: { type: 'string', default: '0' },
  },
})

const percent = (share: number) => `${(100 * share).toFixed(2)} %`

const model = learn(
  loadDigits('train', Number(values.digits)),
  loadDigits('t10k'),
  Number(values.epochs),
  Number(values.seed),
  ({ epoch, loss, accuracy, seconds }) => {
    console.log(
      `epoch ${epoch}: loss ${loss.toFixed(4)}, ${percent(accuracy)} of the test digits right, ${seconds.toFixed(1)} s`,
    )
  },
)
console.log(String(model))
