// Golden cases: what PyTorch computes, stored as JSON under test/golden/. A tensor there is { shape, dtype, data }, with nan and
// infinities as strings.
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type DType, Tensor, tensor } from 'glorot'

export interface GoldenTensor {
  readonly shape: number[]
  readonly dtype: 'float32' | 'float64' | 'int64' | 'bool'
  readonly data: (number | string | boolean)[]
}

// biome-ignore lint/suspicious/noExplicitAny: as different as the operations
export type Args = any

export interface GoldenCase {
  readonly id: string
  readonly kind: string
  readonly op: string
  readonly args: Args
  readonly inputs?: Record<string, GoldenTensor>
  readonly outputs?: Record<string, GoldenTensor>
  readonly gradOutputs?: Record<string, GoldenTensor>
  readonly grads?: Record<string, GoldenTensor>
  readonly rtol: number
  readonly atol: number
}

const folder = path.join(import.meta.dirname, '..', '..', '..', 'test', 'golden')

function read(file: string): GoldenCase[] {
  return JSON.parse(readFileSync(path.join(folder, `${file}.json`), 'utf8')).cases
}

/** The cases of a file: 'ops', 'layers' … */
export function goldenCases(file: string): GoldenCase[] {
  return read(file)
}

const newer = new Map(read('torch-2.13').map(c => [c.id, c]))

/** The same case as a newer PyTorch answers it, where it answers otherwise: a result that matches either is right. */
export function variantOf(c: GoldenCase): GoldenCase | undefined {
  return newer.get(c.id)
}

/** The numbers of a golden tensor: of float32 data the float32 values, bools as 0 and 1. */
export function numbers({ dtype, data }: GoldenTensor): number[] {
  const value = (v: number | string | boolean) => (v === 'inf' ? Infinity : v === '-inf' ? -Infinity : Number(v))
  return data.map(v => (dtype === 'float32' ? Math.fround(value(v)) : value(v)))
}

/** A golden tensor as a tensor: int64 becomes int32. */
export function fromGolden(golden: GoldenTensor, requiresGrad = false): Tensor {
  const dtype: DType = golden.dtype === 'int64' ? 'int32' : golden.dtype
  const flat = tensor(Float64Array.from(numbers(golden)), { dtype })
  return flat
    .reshape(golden.shape)
    .clone()
    .detach()
    .requiresGrad_(requiresGrad && dtype.startsWith('float'))
}

/** Why `got` is not what `want` says, or undefined where it is: |got - want| <= atol + rtol·|want|, nan equal to nan. */
export function difference(got: Tensor, want: GoldenTensor, rtol: number, atol: number): string | undefined {
  if (JSON.stringify(got.shape) !== JSON.stringify(want.shape)) return `shape [${got.shape}], expected [${want.shape}]`
  const dtype = want.dtype === 'int64' ? 'int32' : want.dtype
  if (got.dtype !== dtype) return `dtype ${got.dtype}, expected ${dtype}`
  const expected = numbers(want)
  const values = got.toTypedArray()
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [values[i], expected[i]]
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue
    if (Math.abs(a - b) <= atol + rtol * Math.abs(b)) continue
    return `element ${i} is ${a}, expected ${b}`
  }
  return undefined
}

type Outputs = Tensor | readonly Tensor[] | Record<string, Tensor>

/** How an operation is called: its inputs by name, the case's arguments, the case. */
export type Call = (inputs: Record<string, Tensor>, args: Args, c: GoldenCase) => Outputs
export type Calls = Readonly<Record<string, Call>>

function named(result: Outputs): Record<string, Tensor> {
  if (result instanceof Tensor) return { out: result }
  return Array.isArray(result)
    ? Object.fromEntries(result.map((r, i) => [`out${i}`, r]))
    : (result as Record<string, Tensor>)
}

/** Differences of a call from what the case says, values and gradients. */
function mismatches(c: GoldenCase, call: Call): string[] {
  const inputs: Record<string, Tensor> = {}
  for (const [name, g] of Object.entries(c.inputs ?? {})) inputs[name] = fromGolden(g, c.grads?.[name] !== undefined)
  const outputs = named(call(inputs, c.args, c))
  const found: string[] = []
  const compare = (what: string, got: Tensor | null | undefined, want: GoldenTensor) => {
    const why = got ? difference(got, want, c.rtol, c.atol) : 'absent'
    if (why !== undefined) found.push(`${c.id} ${what}: ${why}`)
  }
  for (const [name, want] of Object.entries(c.outputs ?? {})) compare(name, outputs[name], want)
  const seeds = Object.entries(c.gradOutputs ?? {})
  seeds.forEach(([name, g], i) => {
    outputs[name].backward(fromGolden(g), { retainGraph: i < seeds.length - 1 })
  })
  for (const [name, want] of Object.entries(c.grads ?? {})) compare(`gradient of ${name}`, inputs[name].grad, want)
  return found
}

/** Why the case fails, as lines; empty where it passes, against either PyTorch. */
export function checkCase(c: GoldenCase, call: Call): string[] {
  const found = mismatches(c, call)
  const other = found.length > 0 ? variantOf(c) : undefined
  return other !== undefined && mismatches(other, call).length === 0 ? [] : found
}
