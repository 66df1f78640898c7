// The ends of the graph: the node of a leaf adds what arrives to the leaf's grad.

import { kernel, launch } from '../core/dispatch.js'
import { AutogradError } from '../core/errors.js'
import { constant } from '../tensor/create.js'
import { emptyTensor, keepGrad, peekGrad, recycleTensor, type Tensor } from '../tensor/tensor.js'
import { mode } from './mode.js'
import { Node, type Operation } from './node.js'

const ADD = kernel('add')
const COPY = kernel('copy')
const FILL = kernel('fill')

interface Leaf extends Operation {
  readonly leaf: Tensor
}

/** The leaf that a node accumulates into, or null for the node of an operation. */
export function leafOf(node: Node): Tensor | null {
  return (node.operation as Partial<Leaf>).leaf ?? null
}

/** The node that stands for a leaf in the graph. */
export function accumulatorOf(leaf: Tensor): Node {
  if (leaf.accumulator === null) {
    const operation: Leaf = {
      name: 'accumulateGrad',
      leaf,
      backward: () => {
        throw new AutogradError('a leaf has no backward', { op: 'accumulateGrad' })
      },
    }
    leaf.accumulator = new Node(operation, 0)
  }
  return leaf.accumulator
}

/** A contiguous copy outside the graph. */
export function copyOf(x: Tensor): Tensor {
  const out = emptyTensor(x.shape, x.dtype)
  launch(COPY, x.dtype, [x, out], [x.shape.length, ...x.shape, ...x.strides, ...out.strides])
  return out
}

constant.copy = copyOf

/** Drops the gradient of a parameter, or fills it with zeros. */
export function clearGradient(p: Tensor, drop: boolean): void {
  if (drop) {
    p.grad = null
    return
  }
  const grad = p.grad
  if (grad === null) return
  p.grad = grad.isContiguous() ? grad.detach() : copyOf(grad)
  launch(FILL, grad.dtype, [p.grad], [grad.count], [0])
  p.grad.storage.version++
}

/** into += x, both contiguous and of one shape. */
export function addInto(into: Tensor, x: Tensor): void {
  launch(ADD, into.dtype, [into, x, into], [1, into.count, 1, 1])
  into.storage.version++
}

/** Recorded addition, installed by ops/arithmetic.ts: the sum of gradients is part of the graph under createGraph. */
export const recorded: { add: (a: Tensor, b: Tensor) => Tensor } = {
  add: () => {
    throw new AutogradError('ops are not loaded', { op: 'add' })
  },
}

/** a + b of two gradients; `owned` says that a may be overwritten. */
export function sumGradients(a: Tensor, b: Tensor, owned: boolean): Tensor {
  if (mode.grad) return recorded.add(a, b)
  const sum = owned && a.isContiguous() ? a : copyOf(a)
  addInto(sum, b.isContiguous() ? b : copyOf(b))
  return sum
}

/** Adds `grad` to the leaf's grad. `owned` says that nobody else holds it: it is then kept without a copy, or its memory used again. */
export function accumulate(leaf: Tensor, grad: Tensor, owned: boolean): void {
  const there = peekGrad(leaf)
  // As in PyTorch: in place, so that whoever holds leaf.grad sees it grow; under createGraph a new recorded sum.
  if (mode.grad) leaf.grad = there === null ? grad : recorded.add(there, grad)
  else if (there === null && owned && grad.isContiguous()) keepGrad(leaf, grad)
  else {
    if (there === null) keepGrad(leaf, copyOf(grad))
    else if (there.isContiguous()) addInto(there, grad.isContiguous() ? grad : copyOf(grad))
    else leaf.grad = sumGradients(there, grad, false)
    if (owned) recycleTensor(grad)
  }
}
