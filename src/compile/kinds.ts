// The kinds of call that a compiled function has met, and which of them it keeps.
import { mode } from '../autograd/mode.js'
import { sameShape } from '../core/shape.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import type { Ready } from './ready.js'
import type { Recording } from './recorder.js'

/** A recording that waits for one that agrees. */
export interface Attempt {
  readonly recording: Recording
  readonly revision: number
}

/** Calls with inputs of the same shapes and dtypes. */
export interface Kind {
  readonly grad: boolean
  /** What the function is called with while it is recorded: the memory that replays read, unless they read the caller's. */
  readonly inputs: readonly Tensor[]
  attempts: Attempt[]
  /** One for each way of going through the function: training, evaluation. */
  ready: Ready[]
  /** The numbers of its last call and of the one before. */
  used: number
  before: number
}

function touched(kind: Kind, call: number): Kind {
  kind.before = kind.used
  kind.used = call
  return kind
}

/** What decides which kind of call one is. */
export type Like = Pick<Tensor, 'shape' | 'dtype'>

function fits({ grad, inputs: own }: Kind, inputs: readonly Like[]): boolean {
  if (grad !== mode.grad || own.length !== inputs.length) return false
  for (let i = 0; i < own.length; i++)
    if (own[i].dtype !== inputs[i].dtype || !sameShape(own[i].shape, inputs[i].shape)) return false
  return true
}

function newKind(inputs: readonly Like[]): Kind {
  return {
    grad: mode.grad,
    inputs: inputs.map(x => emptyTensor(x.shape, x.dtype)),
    attempts: [],
    ready: [],
    used: 0,
    before: 0,
  }
}

/** Kinds for each that is kept, to go before a warning says so. */
const PATIENCE = 4

export class Kinds {
  /** The one used last comes first. */
  readonly all: Kind[] = []
  private calls = 0
  /** Kinds that went for others. */
  private gone = 0

  constructor(private readonly cacheSize: number) {}

  /** The kind that calls with these inputs are of. */
  of(inputs: readonly Like[]): Kind {
    const { all } = this
    this.calls++
    // Mostly it is the one before: found without a closure.
    if (all.length > 0 && fits(all[0], inputs)) return touched(all[0], this.calls)
    const at = all.findIndex(kind => fits(kind, inputs))
    const [kind] = at > 0 ? all.splice(at, 1) : [newKind(inputs)]
    all.unshift(kind)
    if (at < 0) this.trim(false)
    return touched(kind, this.calls)
  }

  /**
   * Keeps `cacheSize` kinds that are ready and as many that are not. Where shapes come in turn, one more than are kept, and always the
   * oldest went, each would go just before it is used again. So a ready one goes only for one that was used twice since, and of the
   * others mostly the latest.
   */
  trim(ready: boolean): void {
    const those = this.all.filter(kind => kind.ready.length > 0 === ready)
    if (those.length <= this.cacheSize) return
    const oldest = those[this.cacheSize]
    const latest = ready ? those[0] : those[1]
    const spared = ready ? oldest.used > latest.before : this.gone % 8 > 0
    this.all.splice(this.all.indexOf(spared ? latest : oldest), 1)
    if (++this.gone !== PATIENCE * this.cacheSize) return
    process.emitWarning(
      `compile: the inputs come in more shapes than the ${this.cacheSize} that are kept ready, and run without being replayed where ` +
        'they are not among those; pad them to fewer shapes, or pass a larger cacheSize',
    )
  }
}
