// Several tensors made one.
import { checkTensor } from '../autograd/defineOp.js'
import { promote } from '../core/dtype.js'
import { describe, formatShape, ShapeError, ValueError } from '../core/errors.js'
import { resolveDim, sameShape } from '../core/shape.js'
import type { Tensor } from '../tensor/tensor.js'
import { cast } from './cast.js'
import { joinOp, stackOp } from './piece.js'

/** Throws unless it is a list of tensors; gives them in the dtype they meet in. */
function listed(op: string, tensors: unknown): Tensor[] {
  if (!Array.isArray(tensors)) throw new TypeError(`${op}: expected an array of tensors, got ${describe(tensors)}`)
  if (tensors.length === 0) throw new ValueError('needs one tensor at least', { op })
  tensors.forEach((t, i) => {
    checkTensor(op, t, `tensor ${i}`)
  })
  const all = tensors as Tensor[]
  const dtype = all.map(t => t.dtype).reduce(promote)
  return all.map(t => cast(t, dtype))
}

/**
 * Tensors one after the other along a dimension: `cat([a, b], 1)`. Default dim: 0. Those of shape [0] fit any others and add nothing.
 * @throws ShapeError if they differ in another dimension
 */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  const op = 'cat'
  const all = listed(op, tensors)
  const parts = all.filter(p => p.shape.length !== 1 || p.shape[0] !== 0)
  if (parts.length === 0) return joinOp(resolveDim(op, dim, 1), [0], ...all)
  const [{ shape: first }] = parts
  if (first.length === 0) throw new ShapeError('scalars cannot be joined; use stack', { op, shapes: [first] })
  const d = resolveDim(op, dim, first.length)
  for (const { shape } of parts) {
    const fits = shape.length === first.length && shape.every((n, i) => i === d || n === first[i])
    if (fits) continue
    const message = `${formatShape(first)} and ${formatShape(shape)} may differ in dim ${d} alone`
    throw new ShapeError(message, { op, shapes: parts.map(p => p.shape) })
  }
  const joined = first.slice()
  joined[d] = parts.reduce((n, p) => n + p.shape[d], 0)
  return joinOp(d, joined, ...parts)
}

/** Tensors of one shape along a new dimension: `stack([a, b])`. Default dim: 0. @throws ShapeError if their shapes differ */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  const op = 'stack'
  const parts = listed(op, tensors)
  const [{ shape: first }] = parts
  const other = parts.find(p => !sameShape(p.shape, first))
  if (other !== undefined) {
    const message = `all shapes must be equal, got ${formatShape(first)} and ${formatShape(other.shape)}`
    throw new ShapeError(message, { op, shapes: parts.map(p => p.shape) })
  }
  return stackOp(resolveDim(op, dim, first.length + 1), ...parts)
}
