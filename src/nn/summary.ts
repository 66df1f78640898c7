// A table of a model's layers, in the order of their calls: what each gives, holds and computes. Laid out as torchinfo does.
import { noGrad } from '../autograd/mode.js'
import { type DType, dtypes } from '../core/dtype.js'
import { checkArray, checkChoice, checkInteger, checkOptions, describe, ValueError } from '../core/errors.js'
import { unrecorded } from '../core/recording.js'
import { numel, type Shape } from '../core/shape.js'
import { zeros } from '../tensor/create.js'
import { Tensor } from '../tensor/tensor.js'
import { observers, type Values } from './hooks.js'
import { Module } from './module.js'
import type { Parameter } from './parameter.js'

const titles = {
  input_size: 'Input Shape',
  output_size: 'Output Shape',
  num_params: 'Param #',
  mult_adds: 'Mult-Adds',
  trainable: 'Trainable',
} as const
/** A column, by torchinfo's name. */
export type SummaryColumn = keyof typeof titles

export interface SummaryOptions {
  /** Dtype of each input. Default: 'float32'. */
  dtypes?: readonly DType[]
  /** Levels of the tree that are shown. Default: 3. */
  depth?: number
  /** Default: output_size, num_params, mult_adds. */
  colNames?: readonly SummaryColumn[]
  /** Characters of each column. Default: 25. */
  colWidth?: number
}

/** One call of a layer, or a container that its children's calls imply. */
export interface SummaryRow {
  /** The layer's dotted name; '' for the model. */
  readonly name: string
  /** The layer's class. */
  readonly type: string
  /** 0 for the model. */
  readonly depth: number
  readonly inputShape: Shape | null
  readonly outputShape: Shape | null
  /** Parameters of the layer and all below it. */
  readonly params: number
  /** Parameters of the layer that none of the rows below it has. */
  readonly ownParams: number
  readonly trainable: number
  /** Multiplications with an addition in this call, of the layer itself. */
  readonly multAdds: number
  readonly outputBytes: number
  /** The layer was called before. */
  readonly recursive: boolean
  /** It has no layers below it. */
  readonly leaf: boolean
}

/** The first tensor within a value. */
function firstTensor(value: unknown): Tensor | null {
  if (value instanceof Tensor) return value
  if (value === null || typeof value !== 'object') return null
  for (const part of Array.isArray(value) ? value : Object.values(value)) {
    const found = firstTensor(part)
    if (found !== null) return found
  }
  return null
}

const count = (parameters: Iterable<Parameter>) => {
  let [all, trainable] = [0, 0]
  for (const p of parameters) {
    all += p.count
    if (p.leafRequiresGrad) trainable += p.count
  }
  return { all, trainable }
}

function* ownParameters(module: Module): Generator<Parameter> {
  for (const [name, p] of module.namedParameters()) if (!name.includes('.')) yield p
}

/** Every dotted name of every module: a shared one has several. */
function namesOf(model: Module): Map<Module, string[]> {
  const names = new Map<Module, string[]>()
  const walk = (module: Module, name: string, above: readonly Module[]) => {
    if (above.includes(module)) return
    names.set(module, [...(names.get(module) ?? []), name])
    for (const [own, child] of module.namedChildren()) walk(child, name ? `${name}.${own}` : own, [...above, module])
  }
  walk(model, '', [])
  return names
}

const isBelow = (name: string, above: string) => name !== above && (above === '' || name.startsWith(`${above}.`))

/** The rows of one forward. */
function observe(model: Module, inputs: readonly Tensor[]): SummaryRow[] {
  const names = namesOf(model)
  const modules = new Map([...names].flatMap(([module, all]) => all.map(name => [name, module] as const)))
  const rows: SummaryRow[] = []
  const shown = new Set<string>()
  const called = new Set<Module>()
  /** Names of the modules whose forward is running. */
  const running: string[] = []
  const rowOf = (module: Module, name: string, given: Values | null): SummaryRow => {
    const { all, trainable } = count(module.parameters())
    const row = {
      name,
      type: module.constructor.name,
      depth: name === '' ? 0 : name.split('.').length,
      inputShape: firstTensor(given)?.shape ?? null,
      outputShape: null,
      params: all,
      ownParams: 0,
      trainable,
      multAdds: 0,
      outputBytes: 0,
      recursive: called.has(module),
      leaf: module.children().next().done === true,
    }
    called.add(module)
    shown.add(name)
    rows.push(row)
    return row
  }
  const enter = (module: Module, given: Values) => {
    const all = names.get(module)
    if (all === undefined) return undefined
    const within = running.length === 0 || running[running.length - 1] === '' ? '' : `${running[running.length - 1]}.`
    const name = all.find(n => n.startsWith(within)) ?? all[0]
    const parts = name.split('.')
    for (let n = 1; n < parts.length; n++) {
      const above = parts.slice(0, n).join('.')
      if (!shown.has(above)) rowOf(modules.get(above)!, above, null)
    }
    const row = rowOf(module, name, given)
    running.push(name)
    return (output: unknown) => {
      running.pop()
      const out = firstTensor(output)
      const multAdds = module.multiplyAdds(given, output)
      const outputBytes = out === null ? 0 : out.count * dtypes[out.dtype].bytes
      Object.assign(row, { outputShape: out?.shape ?? null, multAdds, outputBytes })
    }
  }
  const modes = [...model.modules()].map(module => [module, module._training] as const)
  observers.add(enter)
  try {
    model.eval()
    unrecorded(() => noGrad(() => model.forward(...inputs)))
  } finally {
    observers.delete(enter)
    for (const [module, mode] of modes) module.training = mode
  }
  return rows.map(row => {
    const below = new Set<Parameter>()
    for (const { name } of rows)
      if (isBelow(name, row.name)) for (const p of ownParameters(modules.get(name)!)) below.add(p)
    const own = [...modules.get(row.name)!.parameters()].filter(p => !below.has(p))
    return { ...row, ownParams: count(own).all }
  })
}

/** 1234567 as 1,234,567. */
const grouped = (n: number) => n.toLocaleString('en-US', { maximumFractionDigits: 0 })

/** `label (unit): number`, whole numbers without decimals but for those of megabytes. */
function quantity(label: string, n: number, unit: string): string {
  const text =
    Number.isInteger(n) && unit !== 'MB'
      ? grouped(n)
      : n.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
  return `${label}${unit && ` (${unit})`}: ${text}`
}

function readable(n: number): [number, string] {
  const units: [number, string][] = [
    [1e12, 'T'],
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ]
  const [by, unit] = units.find(([least]) => n >= least) ?? [1, '']
  return [n / by, unit]
}

/** What `summary` returns; printed, it is the table. */
export class ModelSummary {
  readonly rows: readonly SummaryRow[]
  /** All parameters of the model, shared ones once. */
  readonly totalParams: number
  readonly trainableParams: number
  /** Multiplications with an addition in one forward. */
  readonly totalMultAdds: number
  readonly inputBytes: number
  /** Results of layers with parameters, and their gradients. */
  readonly outputBytes: number
  readonly paramBytes: number
  private readonly layout: {
    readonly depth: number
    readonly colNames: readonly SummaryColumn[]
    readonly colWidth: number
  }

  constructor(model: Module, inputs: readonly Tensor[], layout: ModelSummary['layout']) {
    this.rows = observe(model, inputs)
    this.layout = layout
    const { all, trainable } = count(model.parameters())
    this.totalParams = all
    this.trainableParams = trainable
    this.totalMultAdds = this.rows.reduce((sum, row) => sum + row.multAdds, 0)
    this.inputBytes = inputs.reduce((sum, x) => sum + x.count * dtypes[x.dtype].bytes, 0)
    this.outputBytes = this.rows.reduce((sum, row) => sum + (row.leaf && row.params > 0 ? 2 * row.outputBytes : 0), 0)
    this.paramBytes = [...model.parameters()].reduce((sum, p) => sum + p.count * dtypes[p.dtype].bytes, 0)
  }

  private paramsOf(row: SummaryRow): string {
    if (row.params === 0) return '--'
    if (row.recursive) return '(recursive)'
    const n = row.leaf || row.depth === this.layout.depth ? row.params : row.ownParams
    if (n === 0) return '--'
    return row.trainable > 0 ? grouped(n) : `(${grouped(n)})`
  }

  private multAddsOf(row: SummaryRow, at: number): string {
    let n = row.multAdds
    if (row.depth === this.layout.depth)
      for (let i = at + 1; i < this.rows.length && this.rows[i].depth > row.depth; i++) n += this.rows[i].multAdds
    return n > 0 ? grouped(n) : '--'
  }

  private cells(row: SummaryRow, at: number): string[] {
    const shape = (s: Shape | null) => (s === null ? '--' : `[${s.join(', ')}]`)
    const trainable = row.trainable === 0 ? 'False' : row.trainable === row.params ? 'True' : 'Partial'
    const all: Record<SummaryColumn, string> = {
      input_size: shape(row.inputShape),
      output_size: shape(row.outputShape),
      num_params: this.paramsOf(row),
      mult_adds: this.multAddsOf(row, at),
      trainable: row.params === 0 ? '--' : trainable,
    }
    return this.layout.colNames.map(name => all[name])
  }

  toString(): string {
    const { depth: deepest, colNames, colWidth } = this.layout
    const numbers: number[] = []
    let longest = 0
    const lines = this.rows.flatMap((row, at): [string, string[]][] => {
      numbers[row.depth] = (numbers[row.depth] ?? 0) + 1
      if (row.depth > deepest) return []
      const tree = row.depth === 0 ? '' : row.depth === 1 ? '├─' : `${'│    '.repeat(row.depth - 1)}└─`
      const title = row.depth === 0 ? row.type : `${row.type}: ${row.depth}-${numbers[row.depth]}`
      longest = Math.max(longest, title.length + 5 * row.depth + 1)
      return [[tree + title, this.cells(row, at)]]
    })
    const first = Math.max(40, 5 * Math.ceil(longest / 5))
    const format = (title: string, cells: readonly string[]) =>
      `${title.padEnd(first)} ${cells.map(c => c.padEnd(colWidth)).join(' ')}`.trimEnd()
    const divider = '='.repeat(first + colNames.length * colWidth)
    const megabytes = (label: string, bytes: number) => quantity(label, bytes / 1e6, 'MB')
    return [
      divider,
      format(
        'Layer (type:depth-idx)',
        colNames.map(name => titles[name]),
      ),
      divider,
      ...lines.map(([title, cells]) => format(title, cells)),
      divider,
      quantity('Total params', this.totalParams, ''),
      quantity('Trainable params', this.trainableParams, ''),
      quantity('Non-trainable params', this.totalParams - this.trainableParams, ''),
      quantity('Total mult-adds', ...readable(this.totalMultAdds)),
      divider,
      megabytes('Input size', this.inputBytes),
      megabytes('Forward/backward pass size', this.outputBytes),
      megabytes('Params size', this.paramBytes),
      megabytes('Estimated Total Size', this.inputBytes + this.outputBytes + this.paramBytes),
      divider,
    ].join('\n')
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }
}

type InputSize = Shape | readonly Shape[] | Tensor | readonly Tensor[]

/** The inputs of one forward. */
function inputsOf(op: string, size: InputSize, kinds: readonly DType[]): Tensor[] {
  if (size instanceof Tensor) return [size]
  if (!Array.isArray(size))
    throw new TypeError(`${op}: inputSize must be a shape, several or tensors, got ${describe(size)}`)
  if (size.length > 0 && size[0] instanceof Tensor) return [...(size as readonly Tensor[])]
  const shapes = (Array.isArray(size[0]) ? size : [size]) as readonly Shape[]
  checkArray(op, 'dtypes', kinds)
  return shapes.map((shape, i) => {
    const dtype = kinds[i] ?? 'float32'
    if (!(dtype in dtypes)) throw new ValueError(`dtype ${i} is ${describe(dtype)}, which is none`, { op })
    if (numel(shape) === 0) throw new ValueError(`input ${i} of shape [${shape.join(', ')}] has no elements`, { op })
    return zeros(shape, { dtype })
  })
}

/**
 * Runs the model once, in evaluation mode and without recording, and tells what each layer gives, holds and computes:
 * `console.log(summary(model, [1, 1, 28, 28]))`. The model, its modes and the random numbers stay as they were.
 * @param inputSize the shape of the input with its batch, a list of them for several inputs, or the inputs themselves
 */
export function summary(model: Module, inputSize: InputSize, options?: SummaryOptions): ModelSummary {
  const op = 'summary'
  if (!(model instanceof Module)) throw new TypeError(`${op}: expected a Module, got ${describe(model)}`)
  checkOptions(op, options, ['dtypes', 'depth', 'colNames', 'colWidth'])
  const { colNames = ['output_size', 'num_params', 'mult_adds'], depth = 3, colWidth = 25 } = options ?? {}
  const known = Object.keys(titles) as SummaryColumn[]
  for (const name of checkArray(op, 'colNames', colNames)) checkChoice(op, 'a column', name, known)
  checkInteger(op, 'depth', depth)
  checkInteger(op, 'colWidth', colWidth, 1)
  return new ModelSummary(model, inputsOf(op, inputSize, options?.dtypes ?? []), { depth, colNames, colWidth })
}
