// The demo from its first line to its last.
import { loadDigits, pictureOf } from './digits.js'
import { fail } from './failure.js'
import { learn } from './learning.js'
import { digitsPerRow, drawReadings } from './picture.js'
import { treat } from './prescription.js'
import { startProgress } from './progress.js'
import {
  count,
  epochLine,
  failureReasons,
  failureTable,
  header,
  percent,
  summary,
  titles,
  treatmentLines,
} from './report.js'
import { paint, type Terminal } from './terminal.js'
import { mistakes, read } from './training.js'

/** The share of test digits to be read right. */
const GOAL = 0.975

export interface Settings {
  readonly epochs: number
  /** How many digits to learn from. */
  readonly digits: number
  readonly seed: number
}

/** Runs the demo and returns whether the goal was reached. */
export function demo({ epochs, digits, seed }: Settings, terminal: Terminal): boolean {
  const print = (...lines: string[]) => terminal.stream.write(`${lines.join('\n')}\n`)
  const title = (text: string) => print('', paint(terminal, 'bold', text))
  const elapsed = () => performance.now() / 1000

  print(...header())
  const train = loadDigits('train', digits)
  const test = loadDigits('t10k')
  print(`MNIST: ${count(train.length)} digits to learn from, ${count(test.length)} to test on`)

  title(titles.failure)
  const saturated = fail(train, test, 10, seed)
  const vanishing = fail(train, test, 0.1, seed)
  print(...failureTable([saturated, vanishing]), ...failureReasons(saturated, vanishing))

  const treatment = treat(train, test, vanishing.weight, seed)
  title(titles.doctor)
  const { columns, colorDepth, unicode } = terminal
  print(treatment.report.toString({ columns, color: colorDepth > 1, unicode }))
  title(titles.treated)
  print(...treatmentLines(treatment, vanishing))

  title(titles.learning)
  const samples = epochs * train.length
  const progress = startProgress(samples, terminal)
  const { model, seconds: training } = learn(train, test, epochs, seed, {
    batch: progress.update,
    epoch: epoch => progress.print(epochLine(epoch, epochs, elapsed())),
  })
  progress.stop()

  title(titles.pictures)
  const predictions = read(model, test)
  const labels = test.labels.typedArray()
  const wrong = mistakes(predictions, test)
  const right = [...predictions.keys()].filter(i => predictions[i] === labels[i])
  const shown = [right, wrong].flatMap(list => list.slice(0, digitsPerRow(terminal.columns)))
  print(
    ...drawReadings(
      shown.map(i => ({ picture: pictureOf(test, i), label: labels[i], prediction: predictions[i] })),
      terminal,
    ),
  )

  const accuracy = right.length / test.length
  const reached = accuracy >= GOAL
  const verdict = `${percent(accuracy)} of ${count(test.length)} test digits read right, the goal is ${percent(GOAL)}`
  print(paint(terminal, reached ? 'green' : 'red', verdict))
  print(...summary({ samples, training, elapsed: elapsed() }))
  return reached
}
