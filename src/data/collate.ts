// Making a batch of items: numbers become a tensor, tensors are stacked, arrays and records are gone into.
import { copyElements } from '../autograd/inplace.js'
import { checkArray, describe, formatShape, ShapeError } from '../core/errors.js'
import { sameShape } from '../core/shape.js'
import { cast } from '../ops/cast.js'
import { type Data, tensor } from '../tensor/create.js'
import { emptyTensor, Tensor, viewOf } from '../tensor/tensor.js'

/** What `collate` makes of items of a type. */
export type Batched<Item> = unknown extends Item
  ? // biome-ignore lint/suspicious/noExplicitAny: of whatever, whatever
    any
  : Item extends number | boolean | Tensor | ArrayBufferView
    ? Tensor
    : Item extends string
      ? string[]
      : { [K in keyof Item]: Batched<Item[K]> }

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

/** Throws unless every item is of the kind of the first. */
function sameKind<T>(items: readonly unknown[], kind: string, is: (item: unknown) => boolean): readonly T[] {
  for (const item of items) {
    if (!is(item)) throw new TypeError(`collate: items of one batch differ: one is ${kind}, another ${describe(item)}`)
  }
  return items as readonly T[]
}

function lists(items: readonly unknown[]): unknown[] {
  const { length } = items[0] as unknown[]
  const all = sameKind<unknown[]>(items, `an array of ${length}`, x => Array.isArray(x) && x.length === length)
  return Array.from({ length }, (_, k) => collate(all.map(item => item[k])))
}

function records(items: readonly unknown[]): Record<string, unknown> {
  const keys = Object.keys(items[0] as object)
  const has = (x: unknown) => typeof x === 'object' && x !== null && keys.every(key => Object.hasOwn(x, key))
  const all = sameKind<Record<string, unknown>>(items, `a record of ${keys.join(', ') || 'nothing'}`, has)
  return Object.fromEntries(keys.map(key => [key, collate(all.map(item => item[key]))]))
}

/**
 * The default collate function. Items are all of one kind: numbers (a float32 tensor, as `tensor` makes it), booleans, tensors or typed
 * arrays (stacked), arrays of such (an array of batches) or records of such (a record of batches); strings stay an array.
 * @throws TypeError if they cannot be batched
 * @see https://pytorch.org/docs/stable/data.html#torch.utils.data.default_collate
 */
export function collate<Item>(items: readonly Item[]): Batched<Item>
export function collate(items: readonly unknown[]): unknown {
  const [first] = checkArray('collate', 'items', items)
  const isTensor = (x: unknown) => x instanceof Tensor
  if (isTensor(first)) return stackTensors(sameKind(items, 'a Tensor', isTensor))
  if (ArrayBuffer.isView(first)) {
    return stackTensors(sameKind<Data>(items, describe(first), ArrayBuffer.isView).map(x => tensor(x)))
  }
  if (typeof first === 'number' || typeof first === 'boolean') {
    return tensor(sameKind<number>(items, describe(first), x => typeof x === typeof first))
  }
  if (typeof first === 'string') return sameKind(items, describe(first), x => typeof x === 'string').slice()
  if (Array.isArray(first)) return lists(items)
  if (typeof first === 'object' && first !== null) return records(items)
  const message = 'items must be tensors, numbers, arrays or records, or give the loader a collate function'
  throw new TypeError(`collate: an item is ${describe(first)}; ${message}`)
}
