// The pieces of the demo: the file parser, the pictures, progress without a terminal, and a short training on real digits.
import { Writable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import test from 'ava'
import { manualSeed, nn, optim } from 'glorot'
import { showFailure } from '../../examples/mnist/failure.js'
import { loadDigits, parseIdx } from '../../examples/mnist/idx.js'
import { drawDigit, drawDigits } from '../../examples/mnist/picture.js'
import { startProgress } from '../../examples/mnist/progress.js'
import { accuracy, loaderOf, predict, trainEpoch } from '../../examples/mnist/training.js'

const idx = (...bytes: number[]) => Uint8Array.from(bytes)

test('IDX files, plain and gzipped', t => {
  const file = idx(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6)
  for (const f of [file, gzipSync(file)]) {
    const { shape, bytes } = parseIdx(f)
    t.deepEqual(
      [shape, [...bytes]],
      [
        [2, 3],
        [1, 2, 3, 4, 5, 6],
      ],
    )
  }
})

test('damaged IDX files are refused with what is wrong', t => {
  t.throws(() => parseIdx(idx(1, 2)), { message: /it has 2 bytes/ })
  t.throws(() => parseIdx(idx(9, 9, 8, 1, 0, 0, 0, 0)), { message: /starts with 0x909/ })
  t.throws(() => parseIdx(idx(0, 0, 13, 1, 0, 0, 0, 0)), { message: /type 0xd is not unsigned bytes/ })
  t.throws(() => parseIdx(idx(0, 0, 8, 3, 0, 0, 0, 1)), { message: /3 dimensions, the file ends within it/ })
  t.throws(() => parseIdx(idx(0, 0, 8, 1, 0, 0, 0, 5, 1, 2)), { message: /says 5 = 5 bytes, the file has 2/ })
})

test('pictures: one character for two pixels, captions name mistakes, rows fit the width', t => {
  const pixels = new Uint8Array(784)
  pixels.fill(255, 10 * 28, 11 * 28)
  t.is(drawDigit(pixels, true).length, 10)
  t.is(drawDigit(pixels, true)[3], '▀'.repeat(20))
  t.is(drawDigit(pixels, false)[3], ':'.repeat(20))
  const shown = [3, 5, 8, 9].map(n => ({ pixels, label: n, prediction: n === 8 ? 3 : n }))
  const text = drawDigits(shown, { columns: 44 })
  t.true(text.split('\n').every(line => line.length <= 44))
  t.regex(text, /3, is a 8/)
})

test('without a terminal progress is plain lines, at most one every few seconds', t => {
  const lines: string[] = []
  const out = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  }) as unknown as NodeJS.WriteStream
  const progress = startProgress('epoch 1', 100, out)
  for (let i = 1; i <= 100; i++) progress.update(i, 0.5)
  progress.stop()
  t.deepEqual(lines, [])
})

test('the network of the demo learns real digits, the founding one does not', t => {
  manualSeed(0)
  const [train, tests] = [loadDigits('train', 6400), loadDigits('t10k', 2000)]
  t.deepEqual(train.labels.narrow(0, 0, 5).tolist(), [5, 0, 4, 1, 9])
  const failed = showFailure(loadDigits('train', 1280), tests, 16, 2)
  t.true(failed.accuracy < 0.2)
  t.is(failed.distinctUnits, 1)

  const model = new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10))
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 })
  const losses = [1, 2].map(() => trainEpoch(model, new nn.CrossEntropyLoss(), optimizer, loaderOf(train)))
  t.true(losses[1] < losses[0])
  t.true(accuracy(predict(model, tests), tests) > 0.85)
})
