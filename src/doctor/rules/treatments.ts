// Changes that rules prescribe. Model and optimizer are changed in place; the rest is replaced on the options.
import { noGrad } from '../../autograd/mode.js'
import { Sequential } from '../../nn/container.js'
import { kaimingUniform_, xavierUniform_, zeros_ } from '../../nn/init.js'
import type { Module } from '../../nn/module.js'
import { Identity } from '../../nn/shape.js'
import type { Tensor } from '../../tensor/tensor.js'
import type { Context } from '../context.js'
import type { DiagnoseOptions } from '../options.js'
import type { Treatment } from '../run.js'
import type { State } from '../state.js'

/** The module of that name below another one. */
export function moduleAt(model: Module, name: string): Module | null {
  for (const [path, module] of model.namedModules()) if (path === name) return module
  return null
}

/** Puts a module in the place of another one. */
export function replaceModule(model: Module, name: string, by: Module): void {
  const at = name.lastIndexOf('.')
  const parent = moduleAt(model, at < 0 ? '' : name.slice(0, at))
  if (parent !== null && name !== '') (parent as unknown as Record<string, unknown>)[name.slice(at + 1)] = by
}

/** Whether the last activation is a module that can be taken out. */
export function finalModule(state: State): string | null {
  const { final } = state
  if (final === null || final.module === null || final.module === '') return null
  // A module that does more than the activation cannot go.
  return final.path[0]?.constructor.name.toLowerCase() === final.name.toLowerCase() ? final.module : null
}

/** Takes out a module: the last of a Sequential, else an Identity takes its place. */
export function dropModule(model: Module, name: string): void {
  const at = name.lastIndexOf('.')
  const parent = moduleAt(model, at < 0 ? '' : name.slice(0, at))
  if (parent instanceof Sequential && Number(name.slice(at + 1)) === parent.length - 1 && parent.length > 1)
    parent.pop()
  else replaceModule(model, name, new Identity())
}

/** Sets options in every parameter group that has them. */
export function setInGroups(
  options: DiagnoseOptions,
  values: Readonly<Record<string, unknown>>,
): Partial<DiagnoseOptions> {
  for (const group of options.optimizer.paramGroups as Record<string, unknown>[])
    for (const [name, value] of Object.entries(values)) if (name in group) group[name] = value
  return { optimizer: options.optimizer }
}

/** Multiplies the learning rate of every group. */
export const scaleLr =
  (factor: number): Treatment =>
  options => {
    for (const group of options.optimizer.paramGroups) group.lr = Number(group.lr) * factor
    return { optimizer: options.optimizer }
  }

/** Inputs and targets as tensors in the place of what was given, with the same batches. */
export function replaceData(
  options: DiagnoseOptions,
  c: Context,
  change: (x: Tensor, y: Tensor) => readonly [Tensor, Tensor],
): Partial<DiagnoseOptions> {
  const { program } = c
  const changed: Partial<DiagnoseOptions> = {
    data: noGrad(() => change(program.X, program.y)),
    batchSize: program.batchSize,
    shuffle: program.shuffle,
  }
  const { validation } = options
  if (validation !== undefined) changed.validation = noGrad(() => change(validation[0], validation[1]))
  Object.assign(options, changed)
  return changed
}

const RELUS = new Set(['relu', 'leakyRelu', 'elu', 'gelu', 'silu', 'mish', 'prelu'])

/** The activation after a layer. */
export const activationAfter = (state: State, layer: string): string | null =>
  state.activations.find(a => a.layer === layer)?.kind ?? null

/** Draws the weights of layers anew, as their activations ask for, and sets their biases to 0. */
export function reinit(c: Context, names: readonly string[]): Treatment {
  return options => {
    const parameters = new Map(options.model.namedParameters())
    for (const name of names) {
      const weight = parameters.get(name)
      if (weight === undefined) continue
      const layer = name.slice(0, Math.max(0, name.lastIndexOf('.')))
      if (RELUS.has(activationAfter(c.start, layer) ?? '')) kaimingUniform_(weight, { nonlinearity: 'relu' })
      else xavierUniform_(weight)
      const bias = parameters.get(layer === '' ? 'bias' : `${layer}.bias`)
      if (bias !== undefined) zeros_(bias)
    }
    return { model: options.model }
  }
}

/** The code of `reinit`, for the first few layers. */
export function reinitCode(c: Context, names: readonly string[], place: (layer: string) => string): string {
  const lines = names.slice(0, 4).map(name => {
    const layer = name.slice(0, Math.max(0, name.lastIndexOf('.')))
    const own = name.slice(name.lastIndexOf('.') + 1)
    const call = RELUS.has(activationAfter(c.start, layer) ?? '')
      ? `nn.init.kaimingUniform_(${place(layer)}.${own}, { nonlinearity: 'relu' })`
      : `nn.init.xavierUniform_(${place(layer)}.${own})`
    return `${call}; nn.init.zeros_(${place(layer)}.bias)`
  })
  return lines.join('\n')
}
