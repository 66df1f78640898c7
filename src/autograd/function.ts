// Operations that users define: a class with static forward and backward, run by `apply`.
// biome-ignore-all lint/complexity/noThisInStatic: `this` is the subclass that apply was called on
import { AutogradError, DTypeError, describe, formatShape, ShapeError } from '../core/errors.js'
import { sameShape } from '../core/shape.js'
import { Tensor } from '../tensor/tensor.js'
import { attach, record } from './defineOp.js'
import { noGrad } from './mode.js'
import { type Gradient, inert, type Node, type Operation } from './node.js'

/** What forward leaves for backward. Any other property may be set on it as well. */
export class FunctionContext {
  /** @internal */
  readonly node: Node
  /** Which arguments of `apply` need a gradient, in order; false for what is not a tensor. */
  readonly needsInputGrad: readonly boolean[]
  /** @internal */
  readonly withoutGradient = new Set<Tensor>()
  private kept: Tensor[] = [];
  [key: string]: unknown

  /** @internal */
  constructor(node: Node, needsInputGrad: readonly boolean[]) {
    this.node = node
    this.needsInputGrad = needsInputGrad
  }

  /** Keeps tensors for backward, watched for changes in place. Inputs and outputs of the function belong here. */
  saveForBackward(...tensors: (Tensor | null)[]): void {
    for (const t of tensors) {
      if (t !== null && !(t instanceof Tensor))
        throw new TypeError(
          `saveForBackward: expected tensors or null, got ${describe(t)}; set other values as properties of ctx`,
        )
    }
    this.node.save(...tensors)
    this.kept = this.node === inert ? [] : (tensors as Tensor[])
  }

  /** What `saveForBackward` kept. @throws AutogradError if one was changed in place, or the graph was freed */
  get savedTensors(): Tensor[] {
    this.node.checkLive()
    return this.kept.length === 0 ? [] : this.node.saved
  }

  /** Declares outputs that carry no gradient. */
  markNonDifferentiable(...tensors: Tensor[]): void {
    for (const t of tensors) this.withoutGradient.add(t)
  }
}

/** What is left of an argument of `apply` for backward: null for an absent tensor, undefined for anything else than a tensor. */
type Slot = Pick<Tensor, 'shape' | 'dtype'> | null | undefined

/** One gradient per argument of `apply`, brought into the order of the tensors among them. */
function checkGradients(
  name: string,
  made: readonly Gradient[],
  slots: readonly Slot[],
  needed: readonly boolean[],
): Gradient[] {
  if (made.length !== slots.length) {
    const message = `its backward returned ${made.length} gradients, forward took ${slots.length} arguments (null stands for none)`
    throw new AutogradError(message, { op: name })
  }
  slots.forEach((slot, i) => {
    const g = made[i]
    if (g === null || g === undefined) return
    if (!(g instanceof Tensor)) throw new TypeError(`${name}: its backward returned ${describe(g)} as gradient ${i}`)
    if (!slot)
      throw new AutogradError(`its backward returned a gradient for argument ${i}, which is no tensor`, { op: name })
    if (!sameShape(g.shape, slot.shape)) {
      const message = `its backward returned a gradient of shape ${formatShape(g.shape)} for argument ${i} of shape ${formatShape(slot.shape)}`
      throw new ShapeError(message, { op: name, shapes: [g.shape, slot.shape] })
    }
    if (needed[i] && g.dtype !== slot.dtype) {
      const message = `its backward returned a gradient of ${g.dtype} for argument ${i} of ${slot.dtype}; convert it with .to('${slot.dtype}')`
      throw new DTypeError(message, { op: name })
    }
  })
  return made.filter((_, i) => slots[i] !== undefined)
}

/**
 * Base of operations with a backward of their own.
 *
 * @example
 * class Square extends autograd.Function {
 *   static forward(ctx, x) {
 *     ctx.saveForBackward(x)
 *     return x.mul(x)
 *   }
 *   static backward(ctx, grad) {
 *     const [x] = ctx.savedTensors
 *     return grad.mul(x).mul(2)
 *   }
 * }
 * const y = Square.apply(x)
 * @see https://pytorch.org/docs/stable/autograd.html#function
 */
// biome-ignore lint/complexity/noStaticOnlyClass: PyTorch's interface, users extend it
export class Function {
  // biome-ignore lint/suspicious/noExplicitAny: the author of the subclass names the arguments
  static forward(_ctx: any, ..._args: any[]): Tensor | readonly Tensor[] {
    throw new AutogradError('forward is not defined', { op: this.name })
  }

  /** One gradient for each argument of forward, null where there is none. May use recorded operations, for second derivatives. */
  // biome-ignore lint/suspicious/noExplicitAny: the author of the subclass names the gradients
  static backward(_ctx: any, ..._grads: any[]): Gradient | readonly Gradient[] {
    throw new AutogradError('backward is not defined', { op: this.name })
  }

  /** Runs forward, unrecorded, and makes its result one node of the graph. */
  // biome-ignore lint/suspicious/noExplicitAny: passed through to the subclass's forward; the result is what it returns
  static apply(...args: any[]): any {
    const slots = args.map(
      (a): Slot => (a instanceof Tensor ? { shape: a.shape, dtype: a.dtype } : a === null ? null : undefined),
    )
    const backward = (node: Node, ...grads: Tensor[]): Gradient[] => {
      const made = this.backward(node.extra, ...grads)
      return checkGradients(this.name, Array.isArray(made) ? made : [made], slots, node.extra.needsInputGrad)
    }
    // Backward may hand out tensors that it or its caller keeps, so its gradients are not owned.
    const operation: Operation = { name: this.name, backward, derivative: backward, ownsGradients: false }
    const node = record(operation, args)
    let position = 0
    const needs = args.map(a => (a instanceof Tensor || a === null) && node.needs(position++))
    const ctx = new FunctionContext(node, needs)
    if (node !== inert) node.extra = ctx
    const result = noGrad(() => this.forward(ctx, ...args))
    const single = result instanceof Tensor
    const outs = single ? [result] : result
    if (!Array.isArray(outs) || !outs.every(o => o instanceof Tensor))
      throw new TypeError(`${this.name}: forward must return a tensor or an array of them, got ${describe(result)}`)
    if (node === inert) return result
    // An argument that forward returns as it came is shown through an alias: it stays what it was, the result is new.
    const own = outs.map(o => (args.includes(o) || o.base !== null || !o.isLeaf ? o.detach() : o))
    attach(node, single ? own[0] : own)
    own.forEach((o, i) => {
      if (ctx.withoutGradient.has(outs[i])) o.node = null
    })
    return single ? own[0] : own
  }
}
