// How a tensor prints: PyTorch's way (torch/_tensor_str.py), at its default options.
import type { TypedArray } from '../core/dtype.js'
import { Tensor } from './tensor.js'

const PRECISION = 4
const THRESHOLD = 1000
const EDGE = 3
const WIDTH = 80

interface Style {
  readonly width: number
  readonly text: (v: number) => string
}

/** Ties go to the even digit, as Python writes numbers; JavaScript sends them up. `exact` has DIGITS decimals. */
const DIGITS = 40
function tiesToEven(rounded: string, exact: string, digits: number): string {
  const cut = exact.length - (DIGITS - digits)
  const tie = exact[cut] === '5' && /^0*$/.test(exact.slice(cut + 1))
  const kept = exact.slice(0, cut)
  return tie && '02468'.includes(kept[cut - 1]) ? kept : rounded
}

/** -0 keeps its sign. */
function fixed(v: number, digits: number): string {
  const sign = v < 0 || Object.is(v, -0) ? '-' : ''
  const size = Math.abs(v)
  return sign + (digits === 0 ? size.toFixed(0) : tiesToEven(size.toFixed(digits), size.toFixed(DIGITS), digits))
}

/** 1.2346e+04, with two digits of exponent at least. */
function scientific(v: number): string {
  const sign = v < 0 || Object.is(v, -0) ? '-' : ''
  const [rounded, exponent] = Math.abs(v).toExponential(PRECISION).split('e')
  const [exact] = Math.abs(v).toExponential(DIGITS).split('e')
  const mantissa = tiesToEven(rounded, exact, PRECISION)
  return `${sign}${mantissa}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
}

function special(v: number): string {
  return Number.isNaN(v) ? 'nan' : v > 0 ? 'inf' : '-inf'
}

/** One width and notation for all elements shown, by the finite ones that are not 0. */
function styleOf(values: readonly number[], dtype: Tensor['dtype']): Style {
  if (dtype === 'bool' || dtype === 'int32') {
    const text = (v: number) => (dtype === 'bool' ? (v ? 'True' : 'False') : String(v))
    return { width: Math.max(1, ...values.map(v => text(v).length)), text }
  }
  const shown = values.filter(v => Number.isFinite(v) && v !== 0)
  const sizes = shown.map(Math.abs)
  const [most, least] = [Math.max(0, ...sizes), sizes.length > 0 ? Math.min(...sizes) : 0]
  let text: (v: number) => string
  if (shown.length === 0) text = v => `${fixed(v, 0)}.`
  else if (shown.every(v => Number.isInteger(v))) {
    text = most / least > 1000 || most > 1e8 ? scientific : v => `${fixed(v, 0)}.`
  } else text = most / least > 1000 || most > 1e8 || least < 1e-4 ? scientific : v => fixed(v, PRECISION)
  const full = (v: number) => (Number.isFinite(v) ? text(v) : special(v))
  // Infinities and nan do not widen the column, in PyTorch either.
  return { width: Math.max(1, ...shown.map(v => full(v).length)), text: full }
}

/** The elements that will be shown: all, or three from each end of every dimension. */
function edges(size: number, summarize: boolean): number[] {
  if (!summarize || size <= 2 * EDGE) return Array.from({ length: size }, (_, i) => i)
  return Array.from({ length: 2 * EDGE }, (_, i) => (i < EDGE ? i : size - 2 * EDGE + i))
}

/** Rows of the last dimension, wrapped; deeper ones separated by as many blank lines as PyTorch. */
function layout(
  values: TypedArray,
  shape: readonly number[],
  style: Style,
  indent: number,
  summarize: boolean,
): string {
  const cell = (v: number) => style.text(v).padStart(style.width)
  const walk = (d: number, at: number, pad: number): string => {
    if (d === shape.length) return cell(values[at])
    const below = shape.slice(d + 1).reduce((a, b) => a * b, 1)
    const shown = edges(shape[d], summarize)
    const cut = shown.length < shape[d]
    if (d === shape.length - 1) {
      const cells = shown.map(i => cell(values[at + i]))
      if (cut) cells.splice(EDGE, 0, ' ...')
      const perLine = Math.max(1, Math.floor((WIDTH - pad) / (style.width + 2)))
      const lines: string[] = []
      for (let i = 0; i < cells.length; i += perLine) lines.push(cells.slice(i, i + perLine).join(', '))
      return `[${lines.join(`,\n${' '.repeat(pad + 1)}`)}]`
    }
    const parts = shown.map(i => walk(d + 1, at + i * below, pad + 1))
    if (cut) parts.splice(EDGE, 0, '...')
    return `[${parts.join(`,${'\n'.repeat(shape.length - d - 1)}${' '.repeat(pad + 1)}`)}]`
  }
  return walk(0, 0, indent)
}

/** The elements that `layout` shows, to choose a style by. */
function visible(values: TypedArray, shape: readonly number[], summarize: boolean): number[] {
  const out: number[] = []
  const walk = (d: number, at: number): void => {
    if (d === shape.length) {
      out.push(values[at])
      return
    }
    const below = shape.slice(d + 1).reduce((a, b) => a * b, 1)
    for (const i of edges(shape[d], summarize)) walk(d + 1, at + i * below)
  }
  walk(0, 0)
  return out
}

/** `tensor([[0.1234, …]], requires_grad=True)` */
export function format(x: Tensor): string {
  const prefix = 'tensor('
  const suffixes: string[] = []
  let body: string
  if (x.count === 0) {
    body = '[]'
    if (x.shape.length !== 1) suffixes.push(`size=(${x.shape.join(', ')})`)
    if (x.dtype !== 'float32') suffixes.push(`dtype=torch.${x.dtype}`)
  } else {
    const summarize = x.count > THRESHOLD
    const values = x.toTypedArray()
    const style = styleOf(visible(values, x.shape, summarize), x.dtype)
    body = x.shape.length === 0 ? style.text(values[0]) : layout(values, x.shape, style, prefix.length, summarize)
    if (x.dtype === 'float64' || x.dtype === 'int32') suffixes.push(`dtype=torch.${x.dtype}`)
  }
  if (x.gradFn !== null) suffixes.push(`grad_fn=<${x.gradFn.name}>`)
  else if (x.requiresGrad) suffixes.push('requires_grad=True')
  return withSuffixes(prefix + body, suffixes, prefix.length)
}

function withSuffixes(text: string, suffixes: readonly string[], indent: number): string {
  let out = text
  let last = text.length - text.lastIndexOf('\n') + 1
  for (const suffix of suffixes) {
    if (last + suffix.length + 2 > WIDTH) {
      out += `,\n${' '.repeat(indent)}${suffix}`
      last = indent + suffix.length
    } else {
      out += `, ${suffix}`
      last += suffix.length + 2
    }
  }
  return `${out})`
}

declare module './tensor.js' {
  interface Tensor {
    /** The elements as PyTorch prints them. */
    toString(): string
  }
}

Tensor.prototype.toString = function () {
  return this.constructor.name === 'Parameter' ? `Parameter containing:\n${format(this)}` : format(this)
}

// node:util's `inspect.custom`: what console.log shows.
Object.defineProperty(Tensor.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: Tensor) {
    return this.toString()
  },
})
