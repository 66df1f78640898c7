// Compares glorot with its peers in one run. README.md in bench/ says how to run it and how to read it.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { commit, load, machine, today } from '../machine.js'
import { chart } from './chart.js'
import { Beyond, compare } from './compare.js'
import { footprint } from './footprint.js'
import { gemm } from './gemm.js'
import { heading, markdown, type Setting, text } from './report.js'
import { isMeasured, type Line, type Result } from './result.js'
import { type Group, groups, type Row, SIDES, type Side } from './rows.js'
import { PYTHON, startSide } from './sides.js'
import { geometricMean } from './statistics.js'
import type { Greeting, Worker } from './worker.js'

const root = path.join(import.meta.dirname, '..', '..', '..')

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '0.25' },
    python: { type: 'string', default: PYTHON },
    cpu: { type: 'boolean', default: false },
  },
})
const effort = { rounds: Number(options.rounds), seconds: Number(options.seconds), cpu: options.cpu }
if (!(effort.rounds >= 1 && effort.seconds > 0)) throw new Error('--rounds and --seconds must be positive')

const wanted = (group: string, title = '') =>
  options.only.length === 0 || options.only.some(o => `${group}: ${title}`.toLowerCase().includes(o.toLowerCase()))

const lines: Line[] = []
const absent: string[] = []
let lastGroup = ''

function report(line: Line): void {
  if (line.group !== lastGroup) console.log(`\n${line.group}`)
  lastGroup = line.group
  console.log(text(line))
  lines.push(line)
}

const start = (side: Side): Promise<Worker> => startSide(side, options.python)

/** The sides that the wanted rows need, as far as they are here. */
async function findSides(): Promise<Map<Side, Greeting>> {
  const rows = groups.flatMap(g => g.rows.filter(r => wanted(g.name, r.title)))
  const needed = new Set<Side>(rows.flatMap(r => [r.ours.side, r.theirs.side]))
  const sides = new Map<Side, Greeting>()
  for (const side of SIDES.filter(s => needed.has(s))) {
    try {
      const worker = await start(side)
      sides.set(side, worker.greeting)
      await worker.stop()
    } catch (problem) {
      absent.push(`${side} left out: ${(problem as Error).message}`)
    }
  }
  return sides
}

async function measureRow(group: Group, row: Row): Promise<Line> {
  const line = { group: group.name, title: row.title }
  try {
    const { ratio, ...rest } = await compare(row, start, effort)
    return { ...line, unit: 'x', figure: ratio, target: row.target, ...rest }
  } catch (problem) {
    return { ...line, reason: (problem as Error).message, beyond: problem instanceof Beyond }
  }
}

/** The geometric mean of a group's rows, with its lowest and highest. */
function mean({ name, target }: Group, rows: readonly Result[]): Result {
  const ratios = rows.map(r => r.figure)
  const [low, high] = [Math.min(...ratios), Math.max(...ratios)]
  const title = `${name}: geometric mean of ${rows.length}`
  return { group: name, title, unit: 'x', figure: geometricMean(ratios), low, high, target }
}

async function measureGroups(sides: ReadonlyMap<Side, Greeting>): Promise<void> {
  const here = (row: Row) => sides.has(row.ours.side) && sides.has(row.theirs.side)
  for (const group of groups) {
    const rows = group.rows.filter(row => here(row) && wanted(group.name, row.title))
    const measured: Result[] = []
    for (const row of rows) {
      const line = await measureRow(group, row)
      report(line)
      if (isMeasured(line)) measured.push(line)
    }
    if (!group.name.startsWith('Training') && measured.length > 1) report(mean(group, measured))
  }
}

const before = load()
const sides = await findSides()
const setting: Setting = {
  date: today(),
  commit: commit(root),
  machine,
  load: before,
  sides: [...sides.values()].map(g => `${g.name} ${g.version} (${g.details})`).concat(absent),
  effort: `${effort.rounds} rounds of ${effort.seconds} s a side in turns, one thread each${effort.cpu ? ', CPU time' : ''}`,
}
console.log([setting.machine, `load ${before}`, ...setting.sides, setting.effort].join('\n'))
console.log(`\n${heading}`)
await measureGroups(sides)
if (wanted('sgemm against OpenBLAS')) for (const line of gemm(root, Math.min(effort.rounds, 3))) report(line)
if (wanted('Footprint')) for (const line of footprint(root)) report(line)

const results = path.join(root, 'bench', 'results')
mkdirSync(results, { recursive: true })
writeFileSync(path.join(results, 'peers.json'), `${JSON.stringify({ setting, lines }, null, 1)}\n`)
writeFileSync(path.join(results, 'peers.md'), markdown(lines, setting, 'peers.svg'))
writeFileSync(path.join(results, 'peers.svg'), chart(lines, setting))
console.log('\nwritten: bench/results/peers.json, peers.md, peers.svg')
// What the repository shows is a whole run by the clock, with everyone there.
const whole = options.only.length === 0 && !options.cpu && absent.length === 0
if (whole && lines.every(line => isMeasured(line) || line.beyond)) {
  writeFileSync(path.join(root, 'bench', 'RESULTS.md'), markdown(lines, setting, 'RESULTS.svg'))
  writeFileSync(path.join(root, 'bench', 'RESULTS.svg'), chart(lines, setting))
  console.log('renewed: bench/RESULTS.md, bench/RESULTS.svg')
}
