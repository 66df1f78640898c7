// NumPy-style slices in a string: x.at(':, 0:5'), x.at('..., -1'), x.at('None, ::2').
import { describe, formatShape, IndexError, ValueError } from '../core/errors.js'
import { Tensor } from '../tensor/tensor.js'

type Item =
  | { kind: 'index'; at: number }
  | { kind: 'range'; from?: number; to?: number; step: number }
  | { kind: 'rest' }
  | { kind: 'new' }

function parse(item: string, whole: string): Item {
  const text = item.trim()
  const bad = (why: string) => new ValueError(`'${text}' in '${whole}' ${why}`, { op: 'at' })
  if (text === '...') return { kind: 'rest' }
  if (text === 'None' || text === 'newaxis' || text === 'null') return { kind: 'new' }
  if (/^[+-]?\d+$/.test(text)) return { kind: 'index', at: Number(text) }
  const parts = text.split(':').map(p => p.trim())
  if (parts.length < 2 || parts.length > 3 || parts.some(p => !/^([+-]?\d+)?$/.test(p))) {
    throw bad("is no index; write an integer, a range like '1:5' or '::2', '...' or 'None'")
  }
  const [from, to, by] = parts.map(p => (p === '' ? undefined : Number(p)))
  const step = by ?? 1
  if (step < 1) throw bad('has a step below 1; views go forward only, use flip')
  return { kind: 'range', from, to, step }
}

/** `...` written out as full ranges; what is missing at the end too. */
function expandRest(items: readonly Item[], x: Tensor, whole: string): Item[] {
  const used = items.filter(i => i.kind === 'index' || i.kind === 'range').length
  const rests = items.filter(i => i.kind === 'rest').length
  if (used > x.shape.length) {
    const message = `'${whole}' has ${used} indices, the tensor ${formatShape(x.shape)} has ${x.shape.length} dimensions`
    throw new IndexError(message, { op: 'at', shapes: [x.shape] })
  }
  if (rests > 1) throw new ValueError(`'${whole}' has more than one '...'`, { op: 'at' })
  const all: Item = { kind: 'range', step: 1 }
  const missing = new Array<Item>(x.shape.length - used).fill(all)
  return rests === 0 ? [...items, ...missing] : items.flatMap(i => (i.kind === 'rest' ? missing : [i]))
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /**
     * A view by a NumPy-style slice: an index drops its dimension, `a:b:step` keeps part of it, `...` stands for all dimensions
     * between, `None` adds one. Negative numbers count from the end.
     * @throws IndexError if an index is out of range or there are too many; ValueError if the text is no slice
     */
    at(slice: string): Tensor
  }
}

Tensor.prototype.at = function (slice) {
  if (typeof slice !== 'string') throw new TypeError(`at: expected a string like ':, 0:5', got ${describe(slice)}`)
  const items = expandRest(
    slice.split(',').map(item => parse(item, slice)),
    this,
    slice,
  )
  let view: Tensor = this
  let d = 0
  for (const item of items) {
    if (item.kind === 'index') view = view.select(d, item.at)
    else if (item.kind === 'new') view = view.unsqueeze(d++)
    else if (item.kind === 'range') {
      if (item.from !== undefined || item.to !== undefined || item.step !== 1) {
        view = view.slice(d, item.from ?? 0, item.to ?? view.shape[d], item.step)
      }
      d++
    }
  }
  return view
}
