// What all functions of one number share: launching forward and backward kernels, and their in-place forms.
import { copyOf } from '../autograd/accumulate.js'
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import { copyElements, inPlace } from '../autograd/inplace.js'
import { elementwiseKernel, kernel, launch } from '../core/dispatch.js'
import { isFloating } from '../core/dtype.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import { cast } from './cast.js'

/** The tensor or, where it has gaps, a copy without: what pointwise kernels read. */
export function dense(x: Tensor): Tensor {
  return x.customStrides === null ? x : copyOf(x)
}

/** Whether all elements are the same memory, as in the gradient of a mean. */
function isOneNumber({ customStrides, count }: Tensor): boolean {
  return customStrides !== null && count > 0 && customStrides.every(stride => stride === 0)
}

export interface Pointwise {
  /** Name of the operation, and of its kernel unless `kernel` says otherwise. */
  readonly name: string
  readonly kernel?: string
  /** What the backward kernel reads: the input x, or the result y. */
  readonly saved: 'x' | 'y'
  /** The derivative times grad in recorded operations; `v` is what was saved. */
  readonly derivative: (v: Tensor, grad: Tensor, constants: readonly number[]) => Tensor
}

/** A function of one number with constants, on floating tensors. */
export interface PointwiseOp {
  (x: Tensor, constants: readonly number[]): Tensor
  /** In x's own memory. */
  inPlace(x: Tensor, constants: readonly number[]): Tensor
}

/** A differentiable function of one number with constants. Takes floating tensors. */
export function pointwise({ name, kernel: base = name, saved, derivative }: Pointwise): PointwiseOp {
  const forward = elementwiseKernel(base)
  const backward = elementwiseKernel(`${base}Backward`)
  const op = defineOp(name, {
    forward(ctx, x: Tensor, constants: readonly number[]) {
      const out = emptyTensor(x.shape, x.dtype)
      launch(forward, x.dtype, [dense(x), out], [x.count], constants)
      ctx.save(saved === 'x' ? x : out)
      ctx.extra = constants
      return out
    },
    backward(ctx, grad) {
      const dx = emptyTensor(grad.shape, grad.dtype)
      const one = isOneNumber(grad)
      const sizes = one ? [grad.count, 1] : [grad.count]
      launch(backward, grad.dtype, [dense(ctx.saved[0]), one ? grad : dense(grad), dx], sizes, ctx.extra)
      return dx
    },
    derivative: (ctx, grad) => derivative(ctx.saved[0], grad, ctx.extra),
  })
  return Object.assign(op, {
    inPlace: (x: Tensor, constants: readonly number[]) =>
      applyInPlace(`${name}_`, forward, x, constants, old => op(old, constants)),
  })
}

/** The derivative of a function made of straight pieces: grad times a slope that itself has none. `slopeKernel`: its backward. */
export function pieces(base: string): Pointwise['derivative'] {
  const slope = kernel(`${base}Backward`)
  const fill = kernel('fill')
  return (v, grad, constants) => {
    const ones = emptyTensor(v.shape, v.dtype)
    launch(fill, v.dtype, [ones], [ones.count], [1])
    launch(slope, v.dtype, [dense(v), ones, ones], [v.count], constants)
    return grad.mul(ones)
  }
}

/** Integers and bools become float32, as all functions that leave the integers do. */
export function floating(op: string, x: Tensor): Tensor {
  checkTensor(op, x)
  return isFloating(x.dtype) ? x : cast(x, 'float32')
}

/** x = f(x) in x's own memory. */
export function applyInPlace(
  op: string,
  kernelId: number,
  x: Tensor,
  constants: readonly number[],
  recorded: (x: Tensor) => Tensor,
): Tensor {
  const direct = () => {
    const out = x.customStrides === null ? x : emptyTensor(x.shape, x.dtype)
    launch(kernelId, x.dtype, [dense(x), out], [x.count], constants)
    if (out !== x) copyElements(out, x)
  }
  return inPlace(op, x, [], direct, recorded)
}
