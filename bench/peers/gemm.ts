// Matrix products against OpenBLAS: builds bench/gemm, which runs both sides in turns by itself, and reads what it prints.
import { build, run } from '../native.js'
import type { Line } from './result.js'
import { median } from './statistics.js'

const GROUP = 'sgemm against OpenBLAS'

interface Product {
  readonly shape: readonly [M: number, N: number, K: number]
  readonly target: number
}

const square = (n: number, target: number): Product => ({ shape: [n, n, n], target })

const products: readonly Product[] = [
  ...[16, 32, 64, 128].map(n => square(n, 0.8)),
  { shape: [100, 10, 10], target: 0.8 },
  ...[256, 512, 1024, 2048].map(n => square(n, 0.95)),
]

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
  for (const { shape, target } of products) {
    const args = ['float', '1', 'best', 'NN', ...shape.map(String)]
    const runs = Array.from({ length: rounds }, () => parse(run(program, args)))
    const ratios = runs.map(r => r.ratio)
    const ours = median(runs.map(r => r.seconds))
    const figure = median(ratios)
    yield {
      group: GROUP,
      title: `sgemm ${shape.join('x')}`,
      unit: 'x',
      figure,
      low: Math.min(...ratios),
      high: Math.max(...ratios),
      target,
      ours,
      theirs: ours * figure,
    }
  }
}
