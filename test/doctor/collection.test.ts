// The collection, shortened: every program once. The whole of it: npm run collection -- 3
import test from 'ava'
import { healthy } from './collection/healthy.js'
import { healthyLayers, sickLayers } from './collection/layers.js'
import { healthyLoops, sickLoops } from './collection/loops.js'
import { scoreOf } from './collection/score.js'
import { sick } from './collection/sick.js'

test('the sick are found, mostly first, with few stray findings, and fixes cure', t => {
  const results = [...sick, ...sickLayers, ...sickLoops].map((program, i) =>
    scoreOf(program, 11 + (i % 3), { cure: i % 2 === 0 }),
  )
  const missed = (list: typeof results) => list.map(r => r.program.name).join(', ')
  const share = (list: typeof results) => list.length / results.length
  const lost = results.filter(r => !r.found)
  t.true(share(lost) <= 0.1, `not found: ${missed(lost)}`)
  const later = results.filter(r => !r.first)
  t.true(share(later) <= 0.2, `not first: ${missed(later)}`)
  t.true(results.reduce((n, r) => n + r.stray, 0) / results.length <= 0.4)
  const treated = results.filter(r => r.cured !== null)
  const uncured = treated.filter(r => !r.cured)
  t.true(treated.length > 15)
  t.true(uncured.length / treated.length <= 0.2, `not cured: ${missed(uncured)}`)
})

test('nothing above info is said of the healthy', t => {
  ;[...healthy, ...healthyLayers, ...healthyLoops].forEach((program, i) => {
    const { findings, stray } = scoreOf(program, 21 + (i % 3))
    t.is(stray, 0, `${program.name}: ${findings.map(f => f.id).join(', ')}`)
  })
})
