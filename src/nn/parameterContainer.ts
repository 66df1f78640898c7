// Modules that hold parameters.
import { checkEntries, checkInteger, checkIterable, describe, IndexError } from '../core/errors.js'
import { Tensor } from '../tensor/tensor.js'
import { Keyed } from './keyed.js'
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

/**
 * Parameters by name. Tensors become parameters. Those of an object are put in alphabetical order, as PyTorch does; those of pairs keep
 * theirs.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html
 */
export class ParameterDict extends Keyed<Parameter, Tensor> {
  /** Said here because a bundler renames a class that speaks of itself. */
  static override readonly name: string = 'ParameterDict'

  constructor(values: Record<string, Tensor> | Iterable<readonly [string, Tensor]> = {}) {
    super('parameter')
    this.update(values)
  }

  override set(name: string, value: Tensor): this {
    this.registerParameter(name, learned('ParameterDict', `'${name}'`, value))
    return this._named(name)
  }

  override update(values: Record<string, Tensor> | Iterable<readonly [string, Tensor]>): this {
    const pairs = checkEntries('ParameterDict', 'values', values)
    return super.update(Symbol.iterator in values ? pairs : pairs.sort(([a], [b]) => (a < b ? -1 : 1)))
  }

  /** The parameter of that name, which is `value` from now on if there was none. */
  setdefault(name: string, value: Tensor): Parameter {
    if (!this.has(name)) this.set(name, value)
    return this.get(name)
  }

  /** Takes the last one out: [name, parameter]. @throws IndexError if there is none */
  popitem(): [string, Parameter] {
    const name = this.keys().at(-1)
    if (name === undefined) throw new IndexError('there is no parameter to take out', { op: 'ParameterDict.popitem' })
    return [name, this.pop(name)]
  }

  /** Another dictionary of the same parameters. */
  copy(): ParameterDict {
    return new ParameterDict(this.items())
  }

  /** Another dictionary with one for each name, all of the same tensor. */
  fromkeys(names: Iterable<string>, value: Tensor): ParameterDict {
    return new ParameterDict(
      checkIterable('ParameterDict.fromkeys', 'names', names).map((name): [string, Tensor] => [name, value]),
    )
  }

  override extraRepr(): string {
    return this.items()
      .map(([name, p]) => line(name, typeNames[p.dtype], p))
      .join('\n')
  }
}
