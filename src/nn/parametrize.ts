// Parameters that are computed from others whenever they are read: the module holds the originals and how they are turned into it.
import { noGrad } from '../autograd/mode.js'
import { checkOptions, describe, formatShape, nearest, ShapeError, ValueError } from '../core/errors.js'
import { changed } from '../core/recording.js'
import { sameShape } from '../core/shape.js'
import { Tensor } from '../tensor/tensor.js'
import { ModuleDict, ModuleList } from './container.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'

/** A step from originals to a parameter: `forward`, and `rightInverse` from a wanted value to originals that give it. */
export interface Parametrization extends Module {
  rightInverse?(value: Tensor): Tensor | readonly Tensor[]
}

type Fields = Record<string, unknown>

/**
 * The originals of one parameter, `original` or `original0`, `original1` …, and the steps that make it of them.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.ParametrizationList.html
 */
export class ParametrizationList extends ModuleList {
  /** @internal How many originals there are; null for one under the name `original`. */
  declare private readonly count: number | null

  constructor(first: Parametrization, original: Parameter) {
    super([first])
    const start = first.rightInverse === undefined ? original : noGrad(() => first.rightInverse!(original))
    const several = !(start instanceof Tensor)
    Object.defineProperty(this, 'count', { value: several ? start.length : null, enumerable: false })
    const fields = this as unknown as Fields
    if (several) {
      const requiresGrad = original.requiresGrad
      start.forEach((t, i) => {
        fields[`original${i}`] = new Parameter(t.detach().clone(), { requiresGrad })
      })
      return
    }
    // The parameter itself stays, as optimizers may hold it.
    if (start !== original) original.data = start.detach()
    fields.original = original
  }

  /** The originals, in order. */
  originals(): Parameter[] {
    const fields = this as unknown as Record<string, Parameter>
    if (this.count === null) return [fields.original]
    return Array.from({ length: this.count }, (_, i) => fields[`original${i}`])
  }

  /** The parameter, made of the originals. */
  override forward(): Tensor {
    const [first, ...rest] = this
    return rest.reduce((value, step) => step.forward(value), first.forward(...this.originals()))
  }

  /** Changes the originals so that they give `value`. @throws ValueError where a step cannot be undone */
  rightInverse(value: Tensor): void {
    noGrad(() => {
      let wanted: Tensor | readonly Tensor[] = value
      for (const step of ([...this] as Parametrization[]).reverse()) {
        if (step.rightInverse === undefined) {
          const message = `the parameter cannot be assigned: ${step.constructor.name} has no rightInverse`
          throw new ValueError(message, { op: 'parametrize' })
        }
        wanted = step.rightInverse(wanted as Tensor)
      }
      const list = wanted instanceof Tensor ? [wanted] : wanted
      for (const [i, original] of this.originals().entries()) original.copy_(list[i])
    })
  }
}

/** The list of a module's parameter, undefined where it is a plain one. */
function checkModule(op: string, module: unknown): void {
  if (!(module instanceof Module)) throw new TypeError(`${op}: expected a Module, got ${describe(module)}`)
}

function listOf(module: Module, name: string): ParametrizationList | undefined {
  const held = (module as unknown as Fields).parametrizations
  return held instanceof ModuleDict && held.has(name) ? (held.get(name) as ParametrizationList) : undefined
}

/** Whether a parameter, or any, is made by parametrizations. */
export function isParametrized(module: Module, name?: string): boolean {
  checkModule('isParametrized', module)
  if (name !== undefined) return listOf(module, name) !== undefined
  return (module as unknown as Fields).parametrizations instanceof ModuleDict
}

/** Gives the module a class of its own, below the one that it has: names are read through it. */
function own(module: Module): void {
  const Base = module.constructor as new () => Module
  const Own = class extends Base {}
  Object.defineProperty(Own, 'name', { value: `Parametrized${Base.name}` })
  Object.setPrototypeOf(module, Own.prototype)
  ;(module as unknown as Fields).parametrizations = new ModuleDict()
}

/**
 * Makes a parameter the result of `parametrization.forward(original)`, computed whenever it is read. Its original becomes
 * `parametrizations.<name>.original`; a step that takes several has `original0`, `original1` … A second step is applied to the
 * result of the first.
 * @throws ValueError if there is no such parameter; ShapeError if the step changes its shape
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.register_parametrization.html
 */
export function registerParametrization<M extends Module>(
  module: M,
  name: string,
  parametrization: Parametrization,
): M {
  const op = 'registerParametrization'
  checkModule(op, module)
  if (typeof name !== 'string') throw new TypeError(`${op}: name must be a string, got ${describe(name)}`)
  if (!(parametrization instanceof Module))
    throw new TypeError(`${op}: the parametrization must be a Module, got ${describe(parametrization)}`)
  const list = listOf(module, name)
  const fields = module as unknown as Fields
  const check = (value: Tensor, shape: readonly number[]) => {
    if (sameShape(value.shape, shape)) return
    const message = `'${name}' is ${formatShape(shape)}, the parametrization gives ${formatShape(value.shape)}`
    throw new ShapeError(message, { op, shapes: [shape, value.shape] })
  }
  changed()
  if (list !== undefined) {
    const value = noGrad(() => list.forward())
    check(
      noGrad(() => parametrization.forward(value)),
      value.shape,
    )
    list.append(parametrization)
    if (parametrization.rightInverse !== undefined) list.rightInverse(value)
    return module
  }
  const original = fields[name]
  if (!(original instanceof Parameter)) {
    const names = Object.keys(module).filter(key => fields[key] instanceof Parameter)
    const near = nearest(name, names)
    const message = `${module.constructor.name} has no parameter '${name}'${near ? `, did you mean '${near}'?` : ''}`
    throw new ValueError(message, { op })
  }
  const made = new ParametrizationList(parametrization, original)
  check(
    noGrad(() => made.forward()),
    original.shape,
  )
  if (!isParametrized(module)) own(module)
  delete fields[name]
  ;(fields.parametrizations as ModuleDict).set(name, made)
  Object.defineProperty(Object.getPrototypeOf(module), name, {
    configurable: true,
    get(this: Module) {
      return listOf(this, name)!.forward()
    },
    set(this: Module, value: Tensor) {
      listOf(this, name)!.rightInverse(value)
    },
  })
  return module
}

/**
 * Makes a parameter a plain one again.
 * @param options `leaveParametrized`: with the value that it has now, else with its single original's; default true
 * @throws ValueError if it is a plain one, or several originals should be left
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.remove_parametrizations.html
 */
export function removeParametrizations<M extends Module>(
  module: M,
  name: string,
  options?: { leaveParametrized?: boolean },
): M {
  const op = 'removeParametrizations'
  checkModule(op, module)
  checkOptions(op, options, ['leaveParametrized'])
  const list = listOf(module, name)
  if (list === undefined)
    throw new ValueError(`'${name}' of ${module.constructor.name} has no parametrizations`, { op })
  const originals = list.originals()
  const leave = options?.leaveParametrized ?? true
  if (!leave && originals.length > 1)
    throw new ValueError(`'${name}' has ${originals.length} originals, so none can take its place`, { op })
  const value = noGrad(() => list.forward().clone())
  const [original] = originals
  const parameter =
    originals.length === 1 ? original : new Parameter(value, { requiresGrad: originals.some(o => o.requiresGrad) })
  if (leave && parameter === original) original.data = value
  changed()
  const fields = module as unknown as Fields
  const held = fields.parametrizations as ModuleDict
  held.pop(name)
  delete Object.getPrototypeOf(module)[name]
  if (held.length === 0) {
    delete fields.parametrizations
    Object.setPrototypeOf(module, Object.getPrototypeOf(Object.getPrototypeOf(module)))
  }
  fields[name] = parameter
  return module
}
