// Operations in place: where nothing is recorded they write straight into the tensor; where something is, the tensor becomes the
// result of the out-of-place operation, and the tensors it shares memory with follow.
import { kernel, launch } from '../core/dispatch.js'
import { AutogradError, formatShape, ShapeError, ValueError } from '../core/errors.js'
import { sameShape } from '../core/shape.js'
import { emptyTensor, Tensor, viewHooks, viewOf } from '../tensor/tensor.js'
import { copyOf } from './accumulate.js'
import { attach, record } from './defineOp.js'
import { mode } from './mode.js'
import { inert, type Node, type Operation } from './node.js'

const COPY = kernel('copy')
const FILL = kernel('fill')

/** Copies the elements of `from` into the memory of `to`, same shape and dtype. */
export function copyElements(from: Tensor, to: Tensor): void {
  const sizes = [from.shape.length, ...from.shape, ...from.strides, ...to.strides]
  launch(COPY, from.dtype, [from, to], sizes)
}

/** `source`, or a copy of it where it overlaps `target` other than element on element: writing would change what is yet to be read. */
export function separate(source: Tensor, target: Tensor): Tensor {
  if (source.storage !== target.storage) return source
  const same =
    source.byteOffset === target.byteOffset &&
    sameShape(source.shape, target.shape) &&
    sameShape(source.strides, target.strides)
  return same ? source : copyOf(source)
}

/** A copy that is still the same value to autograd: what an in-place operation computes from. */
function before(x: Tensor): Tensor {
  const old = copyOf(x)
  old.node = x.gradFn
  old.outputIndex = x.outputIndex
  old.leafRequiresGrad = x.leafRequiresGrad
  return old
}

interface Region {
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  readonly offset: number
}

/** The region of `x` that a view on it covers. */
function regionOf(view: Tensor, x: Tensor): Region {
  return { shape: view.shape, strides: view.strides, offset: view.storageOffset() - x.storageOffset() }
}

/** The node of a view, made from its base: backward puts the gradient into zeros. */
function viewNode(view: Tensor, base: Tensor): Node {
  const region = regionOf(view, base)
  const operation: Operation = {
    name: 'asStrided',
    ownsGradients: true,
    backward: (_, grad) => {
      const into = emptyTensor(base.shape, base.dtype)
      launch(FILL, base.dtype, [into], [into.count], [0])
      copyElements(grad, viewOf(into, region.shape, region.strides, region.offset))
      return into
    },
  }
  return record(operation, [base])
}

/** The node of a base after a write into a view of it: the old base keeps the gradient outside the view, the written value inside. */
function writtenBase(base: Tensor, old: Tensor, view: Tensor, written: Tensor): void {
  const region = regionOf(view, base)
  const operation: Operation = {
    name: 'copySlices',
    ownsGradients: true,
    backward: (ctx, grad) => {
      const inside = copyOf(
        viewOf(grad.isContiguous() ? grad : copyOf(grad), region.shape, region.strides, region.offset),
      )
      if (!ctx.needs(0)) return [null, inside]
      const outside = copyOf(grad)
      const hole = viewOf(outside, region.shape, region.strides, region.offset)
      const zeros = emptyTensor(region.shape, grad.dtype)
      launch(FILL, grad.dtype, [zeros], [zeros.count], [0])
      copyElements(zeros, hole)
      return [outside, inside]
    },
  }
  const node = record(operation, [old, written])
  if (node !== inert) attach(node, base)
}

viewHooks.rebuild = view => {
  const base = view.base!
  view.baseNode = base.node
  const recording = mode.grad
  mode.grad = true
  try {
    const node = viewNode(view, base)
    view.node = node === inert ? null : node
    view.outputIndex = 0
  } finally {
    mode.grad = recording
  }
}

/**
 * Runs an operation in place on x.
 * @param direct writes the result into x's memory by launches
 * @param recorded the out-of-place operation; its result has x's shape and dtype
 * @param others the other tensors that take part
 */
export function inPlace(
  op: string,
  x: Tensor,
  others: readonly unknown[],
  direct: () => void,
  recorded: (x: Tensor) => Tensor,
): Tensor {
  if (x.customStrides?.some((step, d) => step === 0 && x.shape[d] > 1)) {
    const message = `elements of ${formatShape(x.shape)} are one in memory, as expand leaves them; clone() it before changing it in place`
    throw new ValueError(message, { op, shapes: [x.shape] })
  }
  const tracked = mode.grad && (x.requiresGrad || others.some(t => t instanceof Tensor && t.requiresGrad))
  if (!tracked) {
    direct()
    x.storage.version++
    return x
  }
  const base = x.base ?? x
  if (base.gradFn === null && base.leafRequiresGrad) {
    const what = x.base === null ? 'a leaf that requires gradients' : 'a view of a leaf that requires gradients'
    throw new AutogradError(`${what} cannot be changed in place; wrap the change in noGrad(() => …)`, {
      op,
      shapes: [x.shape],
    })
  }
  const old = before(x)
  const result = recorded(old)
  if (!sameShape(result.shape, x.shape)) {
    const message = `the result has shape ${formatShape(result.shape)} and does not fit in place into ${formatShape(x.shape)}`
    throw new ShapeError(message, { op, shapes: [result.shape, x.shape] })
  }
  const oldBase = x.base === null ? null : before(x.base)
  copyElements(result, x)
  x.storage.version++
  if (oldBase === null) {
    x.node = result.node
    x.outputIndex = result.outputIndex
  } else {
    writtenBase(x.base!, oldBase, x, result)
    viewHooks.rebuild(x)
  }
  return x
}
