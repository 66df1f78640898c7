// Turns an operation's forward and backward into the function that users call.
import { isFloating } from '../core/dtype.js'
import { describe } from '../core/errors.js'
import { recording } from '../core/recording.js'
import { Tensor } from '../tensor/tensor.js'
import { accumulatorOf } from './accumulate.js'
import { checkForward, whereAmI } from './anomaly.js'
import { mode } from './mode.js'
import { type Gradient, inert, Node, type Operation } from './node.js'

export interface OpDefinition<A extends unknown[], R> {
  /** Computes the result by launches; `ctx.save` keeps what backward needs. Calls no recorded operation. */
  forward(ctx: Node, ...args: A): R
  /** See Operation.backward. Receives one gradient per result. */
  backward(ctx: Node, ...grads: Tensor[]): Gradient | readonly Gradient[]
  /**
   * Backward in recorded operations, for `createGraph`; `true` where `backward` consists of such operations already. Absent: a
   * second derivative is refused.
   */
  derivative?: true | ((ctx: Node, ...grads: Tensor[]) => Gradient | readonly Gradient[])
}

/** Adds tensor argument t of a call to the node's edges. */
function connect(node: Node, t: Tensor): void {
  if (recording.active !== null && t.gradFn === null) recording.active.leafUsed(t, t.leafRequiresGrad)
  const from = t.gradFn ?? (t.leafRequiresGrad ? accumulatorOf(t) : null)
  node.next.push(from)
  node.nextIndex.push(t.outputIndex)
}

/** The node of a call with these arguments (an absent tensor is null and keeps its position), or the inert one where none of them is recorded. */
export function record(operation: Operation, args: readonly unknown[]): Node {
  if (!mode.grad) return inert
  for (let i = 0; i < args.length; i++) {
    const a = args[i]
    if (!(a instanceof Tensor && a.requiresGrad)) continue
    const node = new Node(operation)
    for (let k = 0; k < args.length; k++) {
      const b = args[k]
      if (b instanceof Tensor) connect(node, b)
      else if (b === null) {
        node.next.push(null)
        node.nextIndex.push(0)
      }
    }
    if (mode.anomaly) node.origin = whereAmI()
    return node
  }
  return inert
}

/** Makes `out` the results of `node`. Integer and bool results carry no gradient. */
export function attach(node: Node, out: Tensor | readonly Tensor[]): void {
  if (out instanceof Tensor) {
    if (isFloating(out.dtype)) out.node = node
    return
  }
  for (let i = 0; i < out.length; i++) {
    const t = out[i]
    if (!isFloating(t.dtype)) continue
    t.node = node
    t.outputIndex = i
  }
  node.outputs = out.map(t => ({ shape: t.shape, dtype: t.dtype }))
}

/**
 * Defines a differentiable operation.
 * @param name its public name: used in messages and, capitalised, as the name of its gradFn
 */
export function defineOp<A extends unknown[], R extends Tensor | readonly Tensor[]>(
  name: string,
  definition: OpDefinition<A, R>,
): (...args: A) => R {
  const { forward, backward, derivative } = definition
  const operation: Operation = {
    name,
    backward,
    derivative: derivative === true ? backward : derivative,
    ownsGradients: true,
  }
  return (...args: A): R => {
    const node = record(operation, args)
    const out = forward(node, ...args)
    if (node !== inert) attach(node, out)
    if (mode.anomaly) checkForward(name, args, out)
    return out
  }
}

/** Throws a TypeError unless x is a Tensor. */
export function checkTensor(op: string, x: unknown, what = 'input'): asserts x is Tensor {
  if (x instanceof Tensor) return
  const hint = Array.isArray(x) || typeof x === 'number' ? '; make one with tensor(…)' : ''
  throw new TypeError(`${op}: ${what} must be a Tensor, got ${describe(x)}${hint}`)
}
