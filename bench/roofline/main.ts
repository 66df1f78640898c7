// Builds and runs bench_roofline, and writes bench/ROOFLINE.md with its chart: what kernels achieve of what the machine can do.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { commit, load, machine, today } from '../machine.js'
import { build, run } from '../native.js'
import { compare, type Measured } from '../peers/compare.js'
import type { Row } from '../peers/rows.js'
import { startSide } from '../peers/sides.js'
import { chart } from './chart.js'
import { deepRow, explainDeep } from './deep.js'
import { explainLstm, lstmRows } from './lstm.js'
import { parse } from './output.js'
import { page } from './page.js'

const root = path.join(import.meta.dirname, '..', '..', '..')

/** The rows that the page explains beside PyTorch; none where there is none. */
async function measureRows(rows: readonly Row[]): Promise<Map<Row, Measured>> {
  const found = new Map<Row, Measured>()
  try {
    for (const row of rows) found.set(row, await compare(row, startSide, { rounds: 7, seconds: 0.3, cpu: true }))
  } catch (problem) {
    console.log(`not compared with PyTorch: ${(problem as Error).message}`)
  }
  return found
}

const setting = { machine, load: load(), commit: commit(root), date: today() }
const output = parse(run(build(root, 'roofline'), []))
const measured = await measureRows([deepRow(), ...lstmRows()])
const explanation = [explainDeep(output, measured), explainLstm(output, measured)].join('\n\n')
const results = path.join(root, 'bench', 'results')
mkdirSync(results, { recursive: true })
writeFileSync(
  path.join(results, 'roofline.json'),
  `${JSON.stringify({ setting, ...output, rows: [...measured].map(([row, m]) => ({ row: row.title, ...m })) }, null, 1)}\n`,
)
writeFileSync(path.join(root, 'bench', 'ROOFLINE.md'), page(output, setting, explanation))
writeFileSync(path.join(root, 'bench', 'ROOFLINE.svg'), chart(output, setting))
console.log('written: bench/ROOFLINE.md, bench/ROOFLINE.svg, bench/results/roofline.json')
