// What operations of two or three operands share: numbers as tensors, the dtype all meet in, broadcasting launches, in place forms.
import { copyElements, inPlace, separate } from '../autograd/inplace.js'
import { launch } from '../core/dispatch.js'
import { type DType, isFloating, promoteScalar } from '../core/dtype.js'
import { DTypeError, formatShape, ShapeError } from '../core/errors.js'
import { broadcastShapes, broadcastStrides, type Shape, sameShape } from '../core/shape.js'
import { filled } from '../tensor/create.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { checkOperand, meet, type Operand } from './binary.js'
import { sumTo } from './broadcast.js'
import { cast } from './cast.js'

/** Both operands as tensors of one dtype; a number becomes a 0-d tensor. */
export function tensors(op: string, x: Operand, y: Operand): [Tensor, Tensor] {
  checkOperand(op, x, y)
  if (typeof y === 'number') return meet(x as Tensor, numberAs(y, (x as Tensor).dtype))
  if (typeof x === 'number') return meet(numberAs(x, y.dtype), y)
  return meet(x, y)
}

/** A number as the 0-d tensor that meets tensors of `dtype` as the number does. */
export function numberAs(c: number, dtype: DType): Tensor {
  return filled([], promoteScalar(dtype, c), c)
}

/** As `tensors`, integers converted to float32. */
export function floatingTensors(op: string, x: Operand, y: Operand): [Tensor, Tensor] {
  const [a, b] = tensors(op, x, y)
  return isFloating(a.dtype) ? [a, b] : [cast(a, 'float32'), cast(b, 'float32')]
}

/** The shape that all operands broadcast to. */
export function commonShape(op: string, operands: readonly Tensor[]): Shape {
  let { shape } = operands[0]
  for (let i = 1; i < operands.length; i++) shape = broadcastShapes(op, shape, operands[i].shape)
  return shape
}

/** Launches a kernel on broadcast operands; `first` are the sizes before the shape. */
export function launchOperands(
  kernel: number,
  operands: readonly Tensor[],
  out: Tensor,
  first: readonly number[] = [],
  floats?: readonly number[],
  dtype: DType = out.dtype,
): Tensor {
  const buffers = [...operands, out]
  if (operands.every(x => x.customStrides === null && x.count === out.count)) {
    launch(kernel, dtype, buffers, [...first, 1, out.count, ...operands.map(() => 1)], floats)
    return out
  }
  const { shape } = out
  const sizes = [...first, shape.length, ...shape]
  for (const x of operands) sizes.push(...broadcastStrides(x.shape, x.strides, shape))
  launch(kernel, dtype, buffers, sizes, floats)
  return out
}

/** The result of a backward kernel on (…, grad) of the gradient's shape, summed to the shape of the argument it belongs to. */
export function backwardOf(
  kernel: number,
  operands: readonly Tensor[],
  shape: Shape,
  first?: readonly number[],
): Tensor {
  const grad = operands[operands.length - 1]
  return sumTo(launchOperands(kernel, operands, emptyTensor(grad.shape, grad.dtype), first), shape)
}

/** The slope that a backward kernel multiplies the gradient by, as a constant: for second derivatives of straight pieces. */
export function slopeOf(kernel: number, operands: readonly Tensor[], shape: Shape): Tensor {
  const ones = filled(shape, operands[0].dtype, 1)
  return launchOperands(kernel, [...operands, ones], emptyTensor(shape, ones.dtype))
}

/**
 * x = f(x, …) in x's own memory: what f returns is converted to x's dtype and must have x's shape.
 * @throws DTypeError if fractions would have to become integers; ShapeError if the shapes differ
 */
export function replace(op: string, x: Tensor, others: readonly unknown[], f: (x: Tensor) => Tensor): Tensor {
  const computed = (from: Tensor): Tensor => {
    const result = f(from)
    if (!sameShape(result.shape, x.shape)) {
      const message = `the operands broadcast to ${formatShape(result.shape)}, an operation in place keeps ${formatShape(x.shape)}`
      throw new ShapeError(message, { op, shapes: [x.shape, result.shape] })
    }
    if (isFloating(result.dtype) && !isFloating(x.dtype)) {
      const message = `the result is ${result.dtype} and cannot be stored in a tensor of ${x.dtype}; use the out-of-place operation`
      throw new DTypeError(message, { op })
    }
    return cast(result, x.dtype)
  }
  const direct = () => copyElements(separate(computed(x.detach()), x), x)
  return inPlace(
    op,
    x,
    others.filter(o => o instanceof Tensor),
    direct,
    computed,
  )
}
