// Modules that hold parameters.
import { checkEntries, checkInteger, checkIterable, describe, IndexError } from '../core/errors.js'
import { changed } from '../core/recording.js'
import { Tensor } from '../tensor/tensor.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'

/** A Parameter as it is, a tensor as one that shares its memory. */
function learned(op: string, what: string, value: unknown): Parameter {
  if (value instanceof Parameter) return value
  if (value instanceof Tensor) return new Parameter(value)
  throw new TypeError(`${op}: ${what} must be a Parameter or a Tensor, got ${describe(value)}`)
}

/** A parameter as the containers print it. */
const line = (name: string, dtype: string, p: Parameter) =>
  `  (${name}): Parameter containing: [torch.${dtype} of size ${p.shape.join('x')}]`

/**
 * Parameters in a list, under '0', '1', …: `list[0]` reads and replaces one. Tensors become parameters.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ParameterList.html
 */
export class ParameterList extends Module {
  [index: number]: Parameter

  constructor(values: Iterable<Tensor> = []) {
    super()
    this.extend(values)
  }

  get length(): number {
    let n = 0
    while (this[n] !== undefined) n++
    return n
  }

  /** The parameter at a position; negative counts from the end. @throws IndexError if there is none */
  at(index: number): Parameter {
    const n = this.length
    const i = checkInteger('ParameterList.at', 'index', index, Number.MIN_SAFE_INTEGER)
    if (i >= -n && i < n) return this[i < 0 ? i + n : i]
    throw new IndexError(`there is no parameter ${i}, it holds ${n}`, { op: 'ParameterList.at' })
  }

  /** Adds a parameter at the end. */
  append(value: Tensor): this {
    return this.extend([value])
  }

  /** Adds parameters at the end. */
  extend(values: Iterable<Tensor>): this {
    const list = checkIterable('ParameterList', 'values', values).map((value, i) =>
      learned('ParameterList', `entry ${i}`, value),
    )
    const n = this.length
    for (let i = 0; i < list.length; i++) this[n + i] = list[i]
    return this
  }

  *[Symbol.iterator](): Iterator<Parameter> {
    for (let i = 0; this[i] !== undefined; i++) yield this[i]
  }

  override extraRepr(): string {
    return [...this].map((p, i) => line(String(i), p.dtype, p)).join('\n')
  }
}

const typeNames: Record<string, string> = { float32: 'FloatTensor', float64: 'DoubleTensor' }

/** Parameters by name. Tensors become parameters. @see https://pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html */
export class ParameterDict extends Module {
  /** @internal Names in order of insertion: JavaScript itself puts properties that look like numbers first. */
  declare private readonly order: Set<string>

  constructor(values: Record<string, Tensor> | Iterable<readonly [string, Tensor]> = {}) {
    super()
    Object.defineProperty(this, 'order', { value: new Set(), enumerable: false })
    this.update(values)
  }

  get length(): number {
    return this.order.size
  }

  has(name: string): boolean {
    return this.order.has(name)
  }

  /** @throws IndexError if there is no such parameter */
  get(name: string): Parameter {
    if (this.order.has(name)) return (this as unknown as Record<string, Parameter>)[name]
    const names = this.keys().map(k => `'${k}'`)
    throw new IndexError(`there is no parameter '${name}', it holds ${names.join(', ') || 'none'}`, {
      op: 'ParameterDict',
    })
  }

  set(name: string, value: Tensor): this {
    if (!this.order.has(name)) changed()
    this.registerParameter(name, learned('ParameterDict', `'${name}'`, value))
    this.order.add(name)
    return this
  }

  /** Sets several parameters. */
  update(values: Record<string, Tensor> | Iterable<readonly [string, Tensor]>): this {
    for (const [name, value] of checkEntries('ParameterDict', 'values', values)) this.set(name, value)
    return this
  }

  /** Takes a parameter out and returns it. @throws IndexError if there is no such parameter */
  pop(name: string): Parameter {
    const parameter = this.get(name)
    this.order.delete(name)
    delete (this as unknown as Record<string, Parameter>)[name]
    return parameter
  }

  keys(): string[] {
    return [...this.order]
  }

  values(): Parameter[] {
    return this.keys().map(name => this.get(name))
  }

  protected override _registered(): [string, unknown][] {
    const others = super._registered().filter(([name]) => !this.order.has(name))
    return [...others, ...this.keys().map((name): [string, unknown] => [name, this.get(name)])]
  }

  /** [name, parameter] pairs. */
  *[Symbol.iterator](): Iterator<[string, Parameter]> {
    for (const name of this.keys()) yield [name, this.get(name)]
  }

  override extraRepr(): string {
    return [...this].map(([name, p]) => line(name, typeNames[p.dtype], p)).join('\n')
  }
}
