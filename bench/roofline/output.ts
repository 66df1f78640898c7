// What bench_roofline prints, a JSON object a line, and what follows from it.

export interface Peak {
  readonly kind: 'peak'
  readonly isa: string
  readonly threads: number
  /** Per second. */
  readonly flops: number
}

/** Bytes per second of a level of memory; a copy's are those read and those written. */
export interface Memory {
  readonly kind: 'memory'
  readonly level: string
  /** Bytes of the cache; 0 for main memory. */
  readonly cache: number
  /** Of the working set measured. */
  readonly bytes: number
  readonly threads: number
  readonly read: number
  readonly write: number
  readonly copy: number
}

/** Seconds an element that a formula takes on numbers in L1, results not stored. */
export interface Formula {
  readonly kind: 'formula'
  readonly name: string
  readonly seconds: number
}

export interface Kernel {
  readonly kind: 'kernel'
  readonly group: string
  readonly name: string
  readonly size: string
  readonly elements: number
  /** Operations; 0 where they are not counted. */
  readonly flops: number
  /** Bytes that it must read and write at least. */
  readonly read: number
  readonly written: number
  readonly seconds: number
}

export interface Output {
  /** The ISA in use. */
  readonly isa: string
  readonly peaks: readonly Peak[]
  readonly memories: readonly Memory[]
  readonly formulas: readonly Formula[]
  readonly kernels: readonly Kernel[]
}

/** @throws Error at a line that is none of the program's */
export function parse(text: string): Output {
  let isa: string | undefined
  const [peaks, memories, formulas, kernels] = [[] as Peak[], [] as Memory[], [] as Formula[], [] as Kernel[]]
  for (const row of text.split('\n').filter(l => l !== '')) {
    const found: Peak | Memory | Formula | Kernel | { kind: 'isa'; isa: string } = JSON.parse(row)
    if (found.kind === 'isa') isa = found.isa
    else if (found.kind === 'peak') peaks.push(found)
    else if (found.kind === 'memory') memories.push(found)
    else if (found.kind === 'formula') formulas.push(found)
    else if (found.kind === 'kernel') kernels.push(found)
    else throw new Error(`not a line of bench_roofline: ${row}`)
  }
  if (isa === undefined) throw new Error('bench_roofline named no ISA')
  return { isa, peaks, memories, formulas, kernels }
}

/** Operations per second of one thread with the ISA in use. */
export const peakOf = ({ isa, peaks }: Output): number => peaks.find(p => p.isa === isa && p.threads === 1)!.flops

/** The level that holds so many bytes, for one thread. */
export function levelOf({ memories }: Output, bytes: number): Memory {
  const levels = memories.filter(m => m.threads === 1)
  return levels.find(m => m.cache >= bytes) ?? levels[levels.length - 1]
}

/** Seconds that so much reading and writing takes at least: as much as both have is copied, the rest read or written alone. */
export function moving({ read, write, copy }: Memory, from: number, to: number): number {
  const both = Math.min(from, to)
  return (2 * both) / copy + (from - both) / read + (to - both) / write
}

/** Formulas by which kernels are bounded: softmax takes an exp for every element. */
const within: Record<string, string> = {
  exp: 'exp',
  sigmoid: 'sigmoid',
  tanh: 'tanh',
  softmax: 'exp',
  logSoftmax: 'exp',
}

export interface Bound {
  /** Seconds: no launch of this work can take less on this machine. */
  readonly seconds: number
  readonly by: string
}

/** The highest of the bounds: arithmetic, moving what must be moved, the formula. */
export function boundOf(output: Output, k: Kernel): Bound {
  const level = levelOf(output, k.read + k.written)
  const formula = output.formulas.find(f => f.name === within[k.name])
  const bounds: Bound[] = [
    { seconds: moving(level, k.read, k.written), by: level.level },
    { seconds: k.flops / peakOf(output), by: 'arithmetic' },
    { seconds: (formula?.seconds ?? 0) * k.elements, by: `the formula of ${formula?.name}` },
  ]
  return bounds.reduce((a, b) => (b.seconds > a.seconds ? b : a))
}
