// The library is read in parts: what a program does not name, it does not wait for.
import { execFileSync } from 'node:child_process'
import test from 'ava'
import * as glorot from 'glorot'
import { Tensor } from 'glorot'

/** The parts read by a program of its own. */
function partsOf(program: string): string[] {
  const report = `
    const { createRequire } = await import('node:module')
    const files = Object.keys(createRequire(import.meta.url).cache)
    console.log(JSON.stringify(files.map(f => f.match(/(\\w+)\\.cjs$/)?.[1]).filter(f => f).sort()))`
  const args = ['--input-type=module', '--eval', `import * as glorot from 'glorot'; ${program};${report}`]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

test('a part is read when a name of it is used: rarer operations, layers, the doctor', t => {
  t.deepEqual(
    partsOf('const x = glorot.randn([2, 2]).requiresGrad_(); x.matmul(x).relu().mean().backward(); String(x)'),
    [],
  )
  t.deepEqual(partsOf('glorot.cat([glorot.ones([2]), glorot.ones([2])])'), ['operations'])
  t.deepEqual(partsOf('glorot.ones([2]).cumsum(0)'), ['operations'])
  t.deepEqual(partsOf('glorot.autograd.gradcheck'), ['operations'])
  t.deepEqual(partsOf('glorot.nn.Linear'), ['operations', 'training'])
  t.deepEqual(partsOf('glorot.compile(x => x)'), ['operations', 'training'])
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

type Functions = Record<string, (...all: unknown[]) => unknown>

test('a function that is read late has its name and number of parameters, and hands on its arguments', t => {
  const read = (Tensor as unknown as Record<symbol, (part: string) => Functions>)[Symbol.for('glorot.part')]
  for (const [part, least] of [
    ['operations', 50],
    ['training', 2],
  ] as const) {
    const late = Object.entries(read(part)).filter(([, value]) => typeof value === 'function')
    t.true(late.length >= least, part)
    for (const [name, real] of late) {
      const { name: called, length } = (glorot as unknown as Functions)[name]
      t.deepEqual({ called, length }, { called: name, length: real.length })
    }
  }
  t.deepEqual(glorot.topk(glorot.tensor([1, 3, 2]), 2)[0].tolist(), [3, 2])
  t.throws(() => glorot.topk(glorot.tensor([1]), 1, 0, { larges: true } as never), { message: /largest/ })
})

test('a method that is read late is a property of Tensor.prototype like any other, once it has been', t => {
  const names = Object.keys(Tensor.prototype)
  const report = `
    const { prototype } = glorot.Tensor
    const before = Object.keys(prototype)
    const kind = name => { const { value, ...rest } = Object.getOwnPropertyDescriptor(prototype, name); return { ...rest, type: typeof value } }
    const length = prototype.topk.length
    console.log(JSON.stringify({ before, length, after: Object.keys(prototype), topk: kind('topk'), where: kind('where'), add: kind('add') }))
    process.exit()`
  const args = ['--input-type=module', '--eval', `import * as glorot from 'glorot'; ${report}`]
  const seen = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))
  t.deepEqual(seen.before, names)
  t.deepEqual(seen.after, names)
  t.is(seen.length, 3)
  const method = { type: 'function', writable: true, enumerable: true, configurable: true }
  t.deepEqual([seen.topk, seen.where, seen.add], [method, method, method])
  for (const name of names) t.notThrows(() => Reflect.get(Tensor.prototype, name, glorot.ones([2, 2])), name)
})
