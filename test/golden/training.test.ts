// Whole training programs from one seed: data, first parameters, losses, last parameters and the stream after them are PyTorch's.
import test from 'ava'
import { manualSeed, rand, type Tensor } from 'glorot'
import { crc32 } from '../harness/crc32.js'
import { type Args, difference, type GoldenTensor, goldenCases } from '../harness/golden.js'
import { programs } from './calls/programs.js'

interface Sampled {
  shape: number[]
  every: number
  sample: number[]
}
interface TrainingCase {
  id: string
  op: string
  seed: number
  args: Args
  data?: Record<string, { shape: number[]; dtype: string; crc32: number }>
  initialParams?: Record<string, GoldenTensor | Sampled>
  finalParams?: Record<string, GoldenTensor | Sampled>
  paramTolerance?: Record<string, number>
  lossCount: number
  lossEvery: number
  losses: number[]
  lossTolerance: number[]
  firstLosses?: number[]
  firstLossTolerance?: number[]
  lastLoss: number
  lastLossTolerance: number
  correct?: number[]
  evalLoss?: number
  evalLossTolerance?: number
  predictions?: number[]
  predictionsTolerance?: number
  probe: GoldenTensor
}

function close(what: string, got: readonly number[], want: readonly number[], tolerance: readonly number[] | number): string[] {
  if (got.length !== want.length) return [`${what}: ${got.length} values, expected ${want.length}`]
  return want.flatMap((w, i) => {
    const allowed = typeof tolerance === 'number' ? tolerance : tolerance[i]
    return Math.abs(got[i] - w) <= allowed ? [] : [`${what}[${i}] is ${got[i]}, expected ${w} ± ${allowed}`]
  })
}

function parameter(what: string, got: Tensor, want: GoldenTensor | Sampled, tolerance: number): string[] {
  if ('every' in want) {
    const values = got.toTypedArray()
    return close(what, want.sample.map((_, i) => values[i * want.every]), want.sample.map(Math.fround), tolerance)
  }
  const why = difference(got, want, 0, tolerance)
  return why === undefined ? [] : [`${what}: ${why}`]
}

/** The CRC of a tensor as numpy stores it: int32 here is int64 there. */
function checksum(x: Tensor): number {
  const values = x.toTypedArray()
  const stored = x.dtype === 'int32' ? BigInt64Array.from(values, v => BigInt(v)) : values
  return crc32(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength))
}

for (const c of goldenCases('training') as unknown as TrainingCase[]) {
  test(c.id, t => {
    manualSeed(c.seed)
    const trace = programs[c.op](c.args)
    const found = [...close('probe', [...rand([3]).toTypedArray()], c.probe.data.map(v => Math.fround(v as number)), 0)]
    for (const [name, { crc32: want }] of Object.entries(c.data ?? {})) {
      // Means and deviations are the same to rounding, not to the bit.
      if (name !== 'Xnormalized' && !(c.op === 'sequence' && name === 'y') && checksum(trace.data![name]) !== want) found.push(`data ${name} differs`)
    }
    for (const [name, want] of Object.entries(c.initialParams ?? {})) found.push(...parameter(`initial ${name}`, trace.initial![name], want, 0))
    const { losses } = trace
    found.push(...close('losses', losses.filter((_, i) => i % c.lossEvery === 0), c.losses, c.lossTolerance))
    if (c.firstLosses) found.push(...close('first losses', losses.slice(0, 20), c.firstLosses, c.firstLossTolerance!))
    found.push(...close('last loss', [losses.at(-1)!], [c.lastLoss], c.lastLossTolerance))
    if (losses.length !== c.lossCount) found.push(`${losses.length} losses, expected ${c.lossCount}`)
    if (c.correct) found.push(...close('correct', trace.correct!, c.correct, 0))
    if (c.evalLoss !== undefined) found.push(...close('evalLoss', [trace.evalLoss!], [c.evalLoss], c.evalLossTolerance!))
    if (c.predictions) found.push(...close('predictions', trace.predictions!, c.predictions, c.predictionsTolerance!))
    const state = trace.model?.stateDict() ?? {}
    for (const [name, want] of Object.entries(c.finalParams ?? {})) found.push(...parameter(`final ${name}`, state[name], want, c.paramTolerance![name]))
    t.deepEqual(found, [])
  })
}
