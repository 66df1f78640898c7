// The library is read in parts: what a program does not name, it does not wait for.
import { execFileSync } from 'node:child_process'
import test from 'ava'
import * as glorot from 'glorot'

/** The parts read by a program of its own. */
function partsOf(program: string): string[] {
  const report = `
    const { createRequire } = await import('node:module')
    const files = Object.keys(createRequire(import.meta.url).cache)
    console.log(JSON.stringify(files.map(f => f.match(/(\\w+)\\.cjs$/)?.[1]).filter(f => f && f !== 'load')))`
  const args = ['--input-type=module', '--eval', `import * as glorot from 'glorot'; ${program};${report}`]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

test('tensors, their gradients and random numbers are read first, layers when named, the doctor when imported', t => {
  t.deepEqual(partsOf('glorot.randn([2, 2], {}).matmul(glorot.ones([2, 2])).sum()'), [])
  t.deepEqual(partsOf('glorot.nn.Linear'), ['training'])
  t.deepEqual(partsOf('glorot.compile(x => x)'), ['training'])
  t.true(partsOf("await import('glorot/doctor')").includes('doctor'))
})

test('a namespace that is read late looks and holds like any other', t => {
  const { nn } = glorot
  t.true(Object.keys(nn).includes('Linear'))
  t.is(new nn.Linear(1, 1).constructor, nn.Linear)
  t.is(nn.functional, nn.functional)
  t.is(Object.prototype.toString.call(nn), '[object Module]')
  t.throws(() => Object.assign(nn, { Linear: null }), { instanceOf: TypeError })
  t.throws(() => Object.assign(nn, { Linea: null }), { instanceOf: TypeError })
  t.is((nn as unknown as Record<string, unknown>).Linea, undefined)
})
