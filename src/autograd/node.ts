// A node of the graph: one recorded call of an operation, what its backward needs, and where each gradient goes.
import { AutogradError, formatShape } from '../core/errors.js'
import { changed, recording } from '../core/recording.js'
import { recycleTensor, type Tensor } from '../tensor/tensor.js'
import { mode } from './mode.js'

export type Gradient = Tensor | null | undefined

/** Called with a gradient; a tensor that it returns takes the gradient's place. */
export type GradientHook = (grad: Tensor) => Tensor | null | undefined | void

/** Removes a hook: called itself, or by its `remove()`, PyTorch's way. */
export interface RemovableHandle {
  (): void
  remove(): void
}
export const removable = (remove: () => void): RemovableHandle => Object.assign(remove, { remove })

/** An operation: its name, and its backward by the node (`ctx`) of a call. */
export interface Operation {
  readonly name: string
  /**
   * Gradients of the tensor arguments, in their order; null where there is none. New tensors, or `grad` itself, or views of it, of
   * which nothing is kept: their memory is used again when the last one who needs them has them.
   */
  readonly backward: (ctx: Node, ...grads: Tensor[]) => Gradient | readonly Gradient[]
  /** The same in recorded operations, for `createGraph`. Absent where a second derivative is refused. */
  readonly derivative?: ((ctx: Node, ...grads: Tensor[]) => Gradient | readonly Gradient[]) | undefined
  /** False where backward may return tensors that others hold too (a user's Function): they are copied before they are kept. */
  readonly ownsGradients?: boolean
}

/** A gradient that waits at an output of a node. `owned`: nobody else holds its memory, so it may be written to. */
export interface Arrival {
  grad: Tensor
  owned: boolean
}

let created = 0

export class Node {
  readonly operation: Operation
  /** Order of creation: every input of a node has a lower one; leaves have 0. */
  readonly sequence: number
  /** The node that gets gradient i, null where argument i needs none. */
  readonly next: (Node | null)[] = []
  /** Which output of that node argument i is. */
  readonly nextIndex: number[] = []
  /** The results: shape and dtype, where there are several. Absent gradients are filled with zeros of these. */
  outputs: readonly { readonly shape: readonly number[]; readonly dtype: Tensor['dtype'] }[] | null = null
  /** Hooks on the gradient of each output, in order. */
  hooks: GradientHook[][] | null = null
  /** Where the call was made; kept in anomaly mode. */
  origin: { readonly path: string | undefined; readonly stack: string } | null = null

  /** What backward needs beside tensors: dims, shapes, constants. Tensors go through `save`, which watches them. */
  // biome-ignore lint/suspicious/noExplicitAny: each operation keeps its own
  extra: any = undefined

  private tensors: (Tensor | null)[] | null = null
  private versions: number[] | null = null
  /** Tensors of this call that nobody else has. */
  private own: readonly Tensor[] | null = null
  private released = false

  /** State of the backward pass that is visiting the node (backward.ts). */
  pass = 0
  wanted = 0
  waiting: Arrival[] | null = null

  constructor(operation: Operation, sequence = ++created) {
    this.operation = operation
    this.sequence = sequence
  }

  /** PyTorch's name for it: AddBackward0. */
  get name(): string {
    const { name } = this.operation
    return `${name[0].toUpperCase()}${name.slice(1)}Backward0`
  }

  /** Whether argument i needs a gradient. */
  needs(i: number): boolean {
    const next = this.next[i]
    return next !== null && next !== undefined
  }

  /** Keeps tensors for backward. A change in place between now and then is an error there. */
  save(...tensors: (Tensor | null)[]): void {
    if (this === inert) return
    const versions = new Array<number>(tensors.length)
    for (let i = 0; i < tensors.length; i++) versions[i] = tensors[i]?.storage.version ?? 0
    this.tensors = tensors
    this.versions = versions
  }

  /** Of the tensors of this call, those that nobody else has: their memory is used again once backward is through. After the last launch. */
  owns(...tensors: (Tensor | null)[]): void {
    // What a recorded function makes is written to by its replays.
    if (recording.active !== null) return
    const those = tensors.filter(t => t !== null)
    if (this !== inert) this.own = those
    else for (const t of those) recycleTensor(t)
  }

  /** What `save` kept. @throws AutogradError if the graph was freed or a kept tensor was changed in place */
  get saved(): Tensor[] {
    const { tensors, versions } = this
    if (tensors === null) return []
    // Whoever records or differentiates the backward pass keeps them.
    if (mode.grad || recording.active !== null) this.own = null
    for (let i = 0; i < tensors.length; i++) {
      const t = tensors[i]
      if (t === null || t.storage.version === versions![i]) continue
      const message =
        `a tensor of shape ${formatShape(t.shape)} that its backward needs was changed in place after the forward pass ` +
        `(version ${versions![i]} was kept, it is now at ${t.storage.version}); use the out-of-place operation or clone() it first`
      throw new AutogradError(message, { op: this.operation.name, shapes: [t.shape] })
    }
    return tensors as Tensor[]
  }

  /** @throws AutogradError if a backward pass freed this part of the graph */
  checkLive(): void {
    if (!this.released) return
    const message =
      'a backward pass went through this part of the graph before and freed it; ' +
      'give the first one { retainGraph: true }, or run the forward pass again'
    throw new AutogradError(message, { op: this.operation.name })
  }

  /** Lets go of what `save` kept. */
  release(): void {
    if (this.own !== null) for (const t of this.own) recycleTensor(t)
    this.own = null
    if (this.tensors === null) return
    this.tensors = null
    this.versions = null
    this.released = true
  }

  addHook(output: number, hook: GradientHook): RemovableHandle {
    this.hooks ??= []
    this.hooks[output] ??= []
    const list = this.hooks[output]
    list.push(hook)
    // Nodes of operations are made anew by each call; a leaf's stays.
    if (this.sequence === 0) changed()
    return removable(() => {
      if (this.sequence === 0) changed()
      const at = list.indexOf(hook)
      if (at >= 0) list.splice(at, 1)
    })
  }
}

/** Stands in for a node where nothing is recorded; keeps nothing. */
export const inert = new Node({ name: 'inert', backward: () => null })
