// Making a batch of items: numbers become a tensor, tensors are stacked, arrays and records are gone into.
import { copyElements } from '../autograd/inplace.js'
import { describe, formatShape, ShapeError } from '../core/errors.js'
import { sameShape } from '../core/shape.js'
import { cast } from '../ops/cast.js'
import { tensor } from '../tensor/create.js'
import { emptyTensor, Tensor, viewOf } from '../tensor/tensor.js'

function stackTensors(items: readonly Tensor[]): Tensor {
  const [first] = items
  const out = emptyTensor([items.length, ...first.shape], first.dtype)
  items.forEach((t, i) => {
    if (!sameShape(t.shape, first.shape)) {
      const message =
        `items of one batch must have one shape, item 0 is ${formatShape(first.shape)}, item ${i} is ${formatShape(t.shape)}; ` +
        'pad them, or give the loader a collate function'
      throw new ShapeError(message, { op: 'collate', shapes: [first.shape, t.shape] })
    }
    copyElements(cast(t.detach(), first.dtype), viewOf(out, first.shape, out.strides.slice(1), i * first.count))
  })
  return out
}

/**
 * The default collate function. Items are all of one kind: numbers (give float32), booleans, tensors, arrays of such (give an array of
 * batches) or records of such (a record of batches); strings stay an array.
 * @throws TypeError if they cannot be batched
 */
export function collate(items: readonly unknown[]): unknown {
  const [first] = items
  if (first instanceof Tensor) return stackTensors(items as Tensor[])
  if (typeof first === 'number' || typeof first === 'boolean') return tensor(items as number[])
  if (typeof first === 'string') return items.slice()
  if (Array.isArray(first)) return first.map((_, k) => collate(items.map(item => (item as unknown[])[k])))
  if (typeof first === 'object' && first !== null) {
    const keys = Object.keys(first)
    return Object.fromEntries(
      keys.map(key => [key, collate(items.map(item => (item as Record<string, unknown>)[key]))]),
    )
  }
  const message = 'items must be tensors, numbers, arrays or records, or give the loader a collate function'
  throw new TypeError(`collate: an item is ${describe(first)}; ${message}`)
}
