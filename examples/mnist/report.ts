// The words and figures of the demo, as lines of text.
import { cpus } from 'node:os'
import { buildInfo } from 'glorot'
import { FAILING, type Failure } from './failure.js'
import { type Epoch, HIDDEN } from './learning.js'
import type { Treatment } from './prescription.js'

export const count = (n: number) => Math.round(n).toLocaleString('en')
export const percent = (share: number) => `${(100 * share).toFixed(2)} %`
const seconds = (n: number) => `${n.toFixed(1)} s`

export const titles = {
  failure: `1  The founding failure: ${FAILING.join('-')}, sigmoids, squared error, SGD`,
  doctor: '2  What the doctor says of it',
  treated: '3  The same network after what he prescribed',
  learning: `4  The network that learns: ${FAILING[0]}-${HIDDEN}-${FAILING[FAILING.length - 1]}, ReLU, cross entropy, Adam`,
  pictures: '5  Test digits as it reads them',
}

export function header(): string[] {
  const { version, isa, threads } = buildInfo()
  const machine = cpus()[0]?.model.trim() || process.arch
  return [`glorot ${version}, kernels ${isa}, threads ${threads}, Node ${process.versions.node}`, machine]
}

/** One line for each start of the failing network. */
export function failureTable(failures: readonly Failure[]): string[] {
  const row = (weight: string, loss: string, accuracy: string, gradients: string) =>
    `  ${weight.padEnd(13)}${loss.padEnd(18)}${accuracy.padEnd(10)}${gradients}`.trimEnd()
  // '0' is exactly 0: what is merely small has an exponent.
  const norm = (x: number) => (x === 0 ? '0' : x.toExponential(0)).padEnd(7)
  return [
    row('all weights', 'loss', 'accuracy', 'gradient, first to last layer'),
    ...failures.map(f => {
      const losses = `${f.firstLoss.toFixed(4)} to ${f.lastLoss.toFixed(4)}`
      return row(String(f.weight), losses, percent(f.accuracy), f.gradients.map(norm).join(''))
    }),
  ]
}

/** Why: `saturated` started with large weights, `vanishing` with smaller ones. */
export function failureReasons(saturated: Failure, vanishing: Failure): string[] {
  const { weight, gradients, difference } = vanishing
  const shrunk = count(gradients[gradients.length - 1] / gradients[0])
  const units = FAILING[1]
  return [
    '  Guessing gets 10 %. Equal weights get equal gradients: after an epoch, the',
    `  weights of the ${units} units of a layer differ by ${difference}, one unit ${units} times over.`,
    '  And a sigmoid passes on a quarter of the gradient at most, less the further',
    `  out it is: from ${weight}, the first layer gets 1/${shrunk} of the last one's;`,
    `  from ${saturated.weight}, no layer gets any.`,
  ]
}

/** What was done, and what came of it. */
export function treatmentLines({ prescriptions, accuracy, epochs }: Treatment, before: Failure): string[] {
  const done = prescriptions.map(({ id, fix }, i) => `  ${i + 1}. ${id}: ${fix.summary}`)
  return [
    ...done.flatMap(line => wrapped(line, 78)),
    `  ${percent(before.accuracy)} of the test digits read right before, ${percent(accuracy)} after ${epochs} epochs.`,
  ]
}

/** A line over several, the further ones indented. */
function wrapped(line: string, width: number): string[] {
  const rows: string[] = []
  let row = line
  while (row.length > width) {
    const at = row.lastIndexOf(' ', width)
    rows.push(row.slice(0, at))
    row = `     ${row.slice(at + 1)}`
  }
  return [...rows, row]
}

export function epochLine({ epoch, loss, accuracy }: Epoch, epochs: number, elapsed: number): string {
  return `  epoch ${epoch}/${epochs}   loss ${loss.toFixed(4)}   test accuracy ${percent(accuracy)}   ${seconds(elapsed)}`
}

export interface Effort {
  /** Samples learned from, each as often as there were epochs, and the seconds that took. */
  readonly samples: number
  readonly training: number
  /** Seconds since the process started. */
  readonly elapsed: number
}

export function summary({ samples, training, elapsed }: Effort): string[] {
  const { isa, threads } = buildInfo()
  return [
    `  time         ${seconds(elapsed)} in all, ${seconds(training)} of it training`,
    `  speed        ${count(samples / training)} samples/s`,
    `  peak memory  ${count(process.resourceUsage().maxRSS / 1024)} MB`,
    `  kernels      ${isa}, threads ${threads}`,
  ]
}
