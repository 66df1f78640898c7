// The convolutional example in a shortened form.
import test from 'ava'
import { manualSeed, randn } from 'glorot'
import { accuracy, type Epoch, LeNet, learn } from '../../examples/lenet/lenet.js'
import { loadDigits } from '../../examples/mnist/digits.js'

test('the network has the parameters of LeNet-5 with full connections', t => {
  const count = [...new LeNet().parameters()].reduce((n, p) => n + p.numel(), 0)
  t.is(count, 61_706)
})

test('it reads nine of ten digits after three epochs on a fifteenth of them, the same from the same seed', t => {
  const [train, tests] = [loadDigits('train', 4000), loadDigits('t10k', 1000)]
  const runs = [0, 1].map(() => {
    const epochs: Epoch[] = []
    const model = learn(train, tests, 3, 0, e => epochs.push(e))
    manualSeed(1)
    return { epochs, model, answer: model.forward(randn([1, 1, 28, 28])).tolist() }
  })
  const [{ epochs, model, answer }] = runs
  t.true(epochs[2].accuracy > 0.9)
  t.true(epochs[2].loss < epochs[0].loss)
  t.is(accuracy(model, tests), epochs[2].accuracy)
  t.deepEqual(runs[1].answer, answer)
})
