// The report as JSON: valid by the schema in docs/, and no number is lost.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import test, { type ExecutionContext } from 'ava'
import { Report } from 'glorot/doctor'
import { bare, parts, report, trace } from './sample.js'

const file = path.join(import.meta.dirname, '../../../../docs/doctor-report.schema.json')
const schema = JSON.parse(readFileSync(file, 'utf8'))
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema)

// biome-ignore lint/suspicious/noExplicitAny: its form is what is tested
function check(t: ExecutionContext, value: Report): Record<string, any> {
  const json = JSON.parse(JSON.stringify(value))
  validate(json)
  t.deepEqual(validate.errors ?? [], [])
  return json
}

test('a full report is valid by the schema', t => {
  const json = check(t, report)
  t.is(json.version, 1)
  t.false(json.healthy)
  t.is(json.findings[0].id, 'symmetric-init')
  t.true(json.findings[0].fix.applicable)
  t.false(json.findings[1].fix.applicable)
  t.is(json.findings[0].symptoms[0].id, 'saturated-activations')
  t.is(json.trace.losses.length, 300)
})

test('an empty report is valid by the schema', t => {
  t.true(check(t, bare).healthy)
})

test('numbers that JSON lacks are told', t => {
  const losses = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1].map((loss, i) => ({
    step: i + 1,
    loss,
  }))
  const json = check(t, new Report({ ...parts, trace: { ...trace, losses } }))
  t.deepEqual(
    json.trace.losses.map((p: { loss: unknown }) => p.loss),
    ['NaN', 'Infinity', '-Infinity', 1],
  )
})

test('the schema refuses what is no report', t => {
  t.false(validate({ ...(report.toJSON() as object), version: 2 }))
  t.false(validate({ ...(report.toJSON() as object), findings: [{ id: 'x' }] }))
})
