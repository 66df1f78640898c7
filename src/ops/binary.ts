// What all two-operand elementwise operations share: the dtype they meet in, broadcasting, numbers as operands, in-place forms.
import { copyOf } from '../autograd/accumulate.js'
import { copyElements, inPlace, separate } from '../autograd/inplace.js'
import { launch } from '../core/dispatch.js'
import { type DType, isFloating, promote, promoteScalar } from '../core/dtype.js'
import { DTypeError, describe, formatShape, ShapeError } from '../core/errors.js'
import { broadcastShapes, broadcastStrides, sameShape } from '../core/shape.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { cast } from './cast.js'

/** A tensor, or a number that stands for a constant one. */
export type Operand = Tensor | number

/** Throws unless both are tensors or numbers and one at least is a tensor. */
export function checkOperand(op: string, x: unknown, y: unknown): void {
  for (const v of [x, y]) {
    if (v instanceof Tensor || typeof v === 'number') continue
    throw new TypeError(
      `${op}: expected a Tensor or a number, got ${describe(v)}${Array.isArray(v) ? '; make one with tensor(…)' : ''}`,
    )
  }
  if (typeof x === 'number' && typeof y === 'number') throw new TypeError(`${op}: expected a Tensor, got two numbers`)
}

function kind(dtype: DType): number {
  return isFloating(dtype) ? 2 : dtype === 'int32' ? 1 : 0
}

/** The dtype of a result: a 0-d tensor only lifts another one across kinds (bool < integer < float), as in PyTorch. */
export function meetingDType(x: Tensor, y: Tensor): DType {
  if (x.dtype === y.dtype) return x.dtype
  if ((x.shape.length === 0) !== (y.shape.length === 0)) {
    const [scalar, full] = x.shape.length === 0 ? [x, y] : [y, x]
    return kind(scalar.dtype) > kind(full.dtype) ? scalar.dtype : full.dtype
  }
  return promote(x.dtype, y.dtype)
}

/** Both operands in the dtype they meet in. */
export function meet(x: Tensor, y: Tensor): [Tensor, Tensor] {
  if (x.dtype === y.dtype) return [x, y]
  const dtype = meetingDType(x, y)
  return [cast(x, dtype), cast(y, dtype)]
}

/** Launches a binary kernel on two tensors of one dtype. */
function launchBinary(kernel: number, x: Tensor, y: Tensor, out: Tensor): void {
  if (x.customStrides === null && y.customStrides === null && x.count === out.count && y.count === out.count) {
    launch(kernel, x.dtype, [x, y, out], [1, out.count, 1, 1])
    return
  }
  const { shape } = out
  const sizes = [
    shape.length,
    ...shape,
    ...broadcastStrides(x.shape, x.strides, shape),
    ...broadcastStrides(y.shape, y.strides, shape),
  ]
  launch(kernel, x.dtype, [x, y, out], sizes)
}

/** A binary kernel on two tensors of one dtype, broadcast. `dtype`: of the result; default theirs. */
export function binary(op: string, kernel: number, x: Tensor, y: Tensor, dtype: DType = x.dtype): Tensor {
  const out = emptyTensor(broadcastShapes(op, x.shape, y.shape), dtype)
  launchBinary(kernel, x, y, out)
  return out
}

/** A binary kernel on a tensor and a number: f(x, c), or f(c, x) for side 1. */
export function withNumber(kernel: number, x: Tensor, c: number, side: 0 | 1, dtype: DType = x.dtype): Tensor {
  const out = emptyTensor(x.shape, dtype)
  launch(kernel, x.dtype, [x.customStrides === null ? x : copyOf(x), out], [x.count, side], [c])
  return out
}

/** x = f(x, y) in x's own memory, shape and dtype. `recorded`: the out-of-place function. */
export function inPlaceBinary(
  op: string,
  kernel: number,
  x: Tensor,
  y: Operand,
  recorded: (x: Tensor, y: Operand) => Tensor,
): Tensor {
  checkOperand(op, x, y)
  const dtype = typeof y === 'number' ? promoteScalar(x.dtype, y) : meetingDType(x, y)
  if (kind(dtype) > kind(x.dtype) || (op === 'div_' && !isFloating(x.dtype))) {
    const result = isFloating(dtype) ? dtype : op === 'div_' ? 'float32' : dtype
    throw new DTypeError(
      `the result is ${result} and cannot be stored in a tensor of ${x.dtype}; use the out-of-place operation`,
      { op },
    )
  }
  if (typeof y !== 'number' && !sameShape(broadcastShapes(op, x.shape, y.shape), x.shape)) {
    const message = `${formatShape(y.shape)} does not broadcast to ${formatShape(x.shape)}, which an operation in place keeps`
    throw new ShapeError(message, { op, shapes: [x.shape, y.shape] })
  }
  const direct = () => {
    const out = x.customStrides === null ? x : emptyTensor(x.shape, x.dtype)
    if (typeof y === 'number') launch(kernel, x.dtype, [out === x ? x : copyOf(x), out], [x.count, 0], [y])
    else launchBinary(kernel, x, separate(cast(y.detach(), x.dtype), x), out)
    if (out !== x) copyElements(out, x)
  }
  return inPlace(op, x, [y], direct, old => cast(recorded(old, y), x.dtype))
}
