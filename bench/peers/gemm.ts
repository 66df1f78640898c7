// Matrix products against OpenBLAS: builds bench/gemm, which runs both sides in turns by itself, and reads what it prints.
import { build, run } from '../native.js'
import type { Line } from './result.js'
import { geometricMean, median } from './statistics.js'

const GROUP = 'sgemm against OpenBLAS'

interface Product {
  /** Which of the two matrices is transposed. */
  readonly form: 'NN' | 'NT' | 'TN'
  readonly shape: readonly [M: number, N: number, K: number]
  readonly target?: number
  /** Whether it counts in the mean. */
  readonly counts: boolean
}

const square = (n: number): Product => ({
  form: 'NN',
  shape: [n, n, n],
  target: n >= 256 ? 0.95 : 0.9,
  counts: n >= 128,
})

/** Those of a linear layer: forward, dX, unless nothing asks for it, and dW. */
const linear = (batch: number, inputs: number, outputs: number, first = false): Product[] => [
  { form: 'NT', shape: [batch, outputs, inputs], counts: true },
  ...(first ? [] : [{ form: 'NN', shape: [batch, inputs, outputs], counts: true } as const]),
  { form: 'TN', shape: [outputs, inputs, batch], counts: true },
]

const products: readonly Product[] = [
  ...[16, 24, 32, 48, 64, 96, 128, 256, 512, 1024, 2048].map(square),
  ...linear(128, 784, 512, true),
  ...linear(128, 512, 256),
  ...linear(128, 256, 10),
  { form: 'NN', shape: [100, 10, 10], target: 0.8, counts: false },
]
const MEAN = { title: 'sgemm: geometric mean of the squares from 128 and the shapes of the MLP', target: 1.02 }

/** One line of the program: form, M, N, K, our microseconds, GF/s, and the median of theirs over ours. */
export function parse(output: string): { seconds: number; ratio: number } {
  const found = output.match(/^[NT]{2}\s+\d+\s+\d+\s+\d+\s+([\d.]+) us\s+[\d.]+ GF\/s\s+([\d.]+)$/m)
  if (found === null || !output.includes('against OpenBLAS')) throw new Error('OpenBLAS (libopenblas-dev) is not here')
  return { seconds: Number(found[1]) / 1e6, ratio: Number(found[2]) }
}

/** The products' lines, each as it is measured. */
export function* gemm(root: string, rounds: number): Generator<Line> {
  let program: string
  try {
    program = build(root, 'gemm')
    parse(run(program, ['float', '1', 'best', 'NN', '16', '16', '16']))
  } catch (problem) {
    yield { group: GROUP, title: 'all', reason: (problem as Error).message }
    return
  }
  const counted: number[] = []
  for (const { form, shape, target, counts } of products) {
    const args = ['float', '1', 'best', form, ...shape.map(String)]
    const runs = Array.from({ length: rounds }, () => parse(run(program, args)))
    const ratios = runs.map(r => r.ratio)
    const ours = median(runs.map(r => r.seconds))
    const figure = median(ratios)
    yield {
      group: GROUP,
      title: `sgemm ${form} ${shape.join('x')}`,
      unit: 'x',
      figure,
      low: Math.min(...ratios),
      high: Math.max(...ratios),
      target,
      ours,
      theirs: ours * figure,
    }
    if (counts) counted.push(figure)
  }
  const [low, high] = [Math.min(...counted), Math.max(...counted)]
  yield { group: GROUP, ...MEAN, unit: 'x', figure: geometricMean(counted), low, high }
}
