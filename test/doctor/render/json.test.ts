// The report as JSON: valid by the schema in docs/, and no number is lost.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import test, { type ExecutionContext } from 'ava'
import { manualSeed, nn, optim, randn, type Tensor } from 'glorot'
import { diagnose, Report, watch } from 'glorot/doctor'
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

/** Members that a schema has no word for: `trace.layers[].name`. */
// biome-ignore lint/suspicious/noExplicitAny: any JSON
function untold(value: any, at: any, whole: any, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  const part = at?.$ref ? whole.$defs[at.$ref.replace('#/$defs/', '')] : at
  if (part?.anyOf)
    return untold(
      value,
      part.anyOf.find((o: { type?: string }) => o.type !== 'null'),
      whole,
      path,
    )
  if (Array.isArray(value)) return [...new Set(value.flatMap(v => untold(v, part.items, whole, `${path}[]`)))]
  return Object.entries(value).flatMap(([key, v]) => {
    const known = part.properties?.[key] ?? part.additionalProperties
    return known ? untold(v, known, whole, `${path}.${key}`) : [`${path}.${key}`]
  })
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

test('what diagnose and watch report is valid by the schema, and has no member that it does not tell of', t => {
  manualSeed(0)
  const model = new nn.Sequential(new nn.Linear(4, 16), new nn.Sigmoid(), new nn.Linear(16, 2))
  for (const p of model.parameters()) nn.init.constant_(p, 3)
  const X = randn([256, 4])
  const y = X.narrow(1, 0, 1).gt(0).int().squeeze(1)
  const criterion = new nn.CrossEntropyLoss()
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.01 })
  const validation: [Tensor, Tensor] = [X, y]
  const diagnosed = diagnose({ model, criterion, optimizer, data: [X, y], validation, epochs: 60, batchSize: 64 })
  const watcher = watch({ model, criterion, optimizer, validation, epochs: 20, stepsPerEpoch: 1 })
  for (let step = 0; step < 20; step++) {
    optimizer.zeroGrad()
    criterion.forward(model.forward(X), y).backward()
    optimizer.step()
    watcher.epoch({ validationLoss: 1, validationAccuracy: 0.5 })
  }
  for (const made of [diagnosed, watcher.report()]) {
    const json = check(t, made)
    t.deepEqual(untold(json, schema, schema), [])
    t.true(json.trace.losses.length > 0)
    t.true(json.trace.validation.length > 0)
    t.is(json.trace.data.classes.length, 2)
  }
  watcher.stop()
  t.is(diagnosed.findings[0].id, 'symmetric-init')
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
