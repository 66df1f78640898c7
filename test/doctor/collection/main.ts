// The whole collection as a table: npm run collection -- [seeds] [name]

import { healthy } from './healthy.js'
import { healthyLayers, sickLayers } from './layers.js'
import { healthyLoops, sickLoops } from './loops.js'
import type { Program } from './program.js'
import { type Result, scoreOf } from './score.js'
import { sick } from './sick.js'

const seeds = Array.from({ length: Number(process.argv[2] ?? 3) }, (_, i) => i + 1)
const chosen = (list: readonly Program[]) => list.filter(p => p.name.includes(process.argv[3] ?? ''))

const said = ({ findings }: Result) =>
  findings
    .map(
      f =>
        `${f.severity === 'info' ? '.' : f.severity === 'error' ? '!' : ''}${f.id}${f.symptoms ? `(${f.symptoms.map(s => s.id).join(' ')})` : ''}`,
    )
    .join(', ')

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / (values.length || 1)

function table(list: readonly Program[], cure: boolean): Result[] {
  const results: Result[] = []
  for (const program of list) {
    for (const seed of seeds) {
      const result = scoreOf(program, seed, { cure })
      results.push(result)
      const { found, first, stray, cured, seconds } = result
      const ok = program.sickness.length === 0 ? stray === 0 : first && stray === 0 && cured !== false
      const marks =
        program.sickness.length === 0
          ? `${stray === 0 ? 'silent' : 'FALSE '}`
          : `${found ? 'found' : 'MISS '} ${first ? 'first' : 'LATER'} ${cured === null ? '-    ' : cured ? 'cured' : 'SICK '} ${stray}`
      console.log(`${ok ? ' ' : '*'} ${marks} ${seconds.toFixed(2)}s ${program.name} #${seed}: ${said(result)}`)
    }
  }
  return results
}

const ill = table(chosen([...sick, ...sickLayers, ...sickLoops]), true)
const well = table(chosen([...healthy, ...healthyLayers, ...healthyLoops]), false)
const treated = ill.filter(r => r.cured !== null)
const of = (n: number, all: number) => `${n} of ${all} (${((100 * n) / (all || 1)).toFixed(1)}%)`
console.log(`
sick programs            ${new Set(ill.map(r => r.program)).size}, healthy ${new Set(well.map(r => r.program)).size}, seeds ${seeds.length}
found                    ${of(ill.filter(r => r.found).length, ill.length)}
first finding right      ${of(ill.filter(r => r.first).length, ill.length)}
stray findings           ${mean(ill.map(r => r.stray)).toFixed(2)} a sick program
fixes that cure          ${of(treated.filter(r => r.cured).length, treated.length)}
healthy flagged          ${of(well.filter(r => r.stray > 0).length, well.length)}
seconds, mean and most   ${mean([...ill, ...well].map(r => r.seconds)).toFixed(2)}, ${Math.max(...[...ill, ...well].map(r => r.seconds)).toFixed(2)}`)
