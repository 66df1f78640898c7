// Attention as users call it: checks, masks, and the way that keeps the weights.

import { copyOf } from '../../autograd/accumulate.js'
import { checkTensor } from '../../autograd/defineOp.js'
import { isFloating } from '../../core/dtype.js'
import {
  checkNumber,
  checkOptions,
  DTypeError,
  describe,
  formatShape,
  ShapeError,
  ValueError,
} from '../../core/errors.js'
import { attention } from '../../ops/attention.js'
import { maskedFill } from '../../ops/choice.js'
import { dropout } from '../../ops/dropout.js'
import { triu } from '../../ops/rearrange.js'
import { softmax } from '../../ops/softmax.js'
import { filled } from '../../tensor/create.js'
import type { Tensor } from '../../tensor/tensor.js'

export interface AttentionOptions {
  /** Added to the scores, or where a bool one is false the key is not looked at; [L, S] or with leading dimensions that broadcast. */
  attnMask?: Tensor | null
  /** Probability that a weight becomes 0. Default: 0. */
  dropoutP?: number
  /** Queries look at no later key. Default: false. */
  isCausal?: boolean
  /** Of the scores. Default: 1/√E. */
  scale?: number
  /** Several heads of queries share a head of keys and values. Default: false. */
  enableGqa?: boolean
}

/** -inf where `hidden` is true, else 0. */
export function hiding(hidden: Tensor, dtype: Tensor['dtype']): Tensor {
  return maskedFill(filled(hidden.shape, dtype, 0), hidden, -Infinity)
}

/** Softmax of scale·q·kᵀ + mask: q [..., L, E], k [..., S, E], gives [..., L, S]. */
export function attentionWeights(q: Tensor, k: Tensor, mask: Tensor | null, causal: boolean, scale: number): Tensor {
  let scores = q.mul(scale).matmul(k.transpose(-2, -1))
  if (causal) {
    const [L, S] = scores.shape.slice(-2)
    scores = maskedFill(scores, triu(filled([L, S], 'bool', 1), 1), -Infinity)
  }
  return softmax(mask === null ? scores : scores.add(mask), -1)
}

function checkOperands(op: string, q: Tensor, k: Tensor, v: Tensor, gqa: boolean): void {
  const operands = Object.entries({ query: q, key: k, value: v })
  for (const [what, x] of operands) checkTensor(op, x, what)
  const shapes = [q.shape, k.shape, v.shape]
  for (const [what, x] of operands) {
    if (x.shape.length < 2)
      throw new ShapeError(`${what} ${formatShape(x.shape)} must be [..., length, features]`, { op, shapes })
    if (!isFloating(x.dtype)) throw new DTypeError(`${what} must be floating, got ${x.dtype}`, { op })
    if (x.dtype !== q.dtype)
      throw new DTypeError(`${what} is ${x.dtype}, query ${q.dtype}; convert one with .to(dtype)`, { op })
  }
  const [E, keys] = [q.shape[q.shape.length - 1], k.shape[k.shape.length - 1]]
  if (E !== keys)
    throw new ShapeError(`query ${formatShape(q.shape)} has ${E} features, key ${formatShape(k.shape)} ${keys}`, {
      op,
      shapes,
    })
  const [S, values] = [k.shape[k.shape.length - 2], v.shape[v.shape.length - 2]]
  if (S !== values)
    throw new ShapeError(`key ${formatShape(k.shape)} has length ${S}, value ${formatShape(v.shape)} ${values}`, {
      op,
      shapes,
    })
  if (gqa && q.shape.length < 3)
    throw new ShapeError(`enableGqa needs heads, query is ${formatShape(q.shape)}`, { op, shapes })
}

/** Leading dimensions that all three broadcast to; with shared heads, without the last of them. */
function leading(op: string, q: Tensor, k: Tensor, v: Tensor, gqa: boolean): number[] {
  const inner = gqa ? 3 : 2
  const lists = [q, k, v].map(x => x.shape.slice(0, -inner))
  const length = Math.max(...lists.map(l => l.length))
  return Array.from({ length }, (_, d) => {
    const sizes = lists.map(l => l[l.length - length + d] ?? 1)
    const size = sizes.find(n => n !== 1) ?? 1
    if (sizes.some(n => n !== 1 && n !== size)) {
      const message = `query ${formatShape(q.shape)}, key ${formatShape(k.shape)} and value ${formatShape(v.shape)} do not broadcast`
      throw new ShapeError(message, { op, shapes: [q.shape, k.shape, v.shape] })
    }
    return size
  })
}

/** Additive, and [N, heads, L, S] by strides of 0. */
function maskFor(op: string, mask: Tensor, to: readonly number[], dtype: Tensor['dtype']): Tensor {
  checkTensor(op, mask, 'attnMask')
  const added = mask.dtype === 'bool' ? hiding(mask.logicalNot(), dtype) : mask
  if (added.dtype !== dtype) throw new DTypeError(`attnMask is ${mask.dtype}, it must be bool or ${dtype}`, { op })
  const { shape } = added
  const fits = shape.length <= to.length && shape.every((n, d) => n === 1 || n === to[to.length - shape.length + d])
  if (!fits)
    throw new ShapeError(`attnMask ${formatShape(shape)} does not broadcast to the scores ${formatShape(to)}`, {
      op,
      shapes: [shape, to],
    })
  return added.expand(to)
}

/** A mask as the kernel reads it: the elements of a row side by side. */
export function inRows(mask: Tensor): Tensor {
  return mask.shape[3] > 1 && mask.strides[3] !== 1 ? copyOf(mask) : mask
}

/**
 * softmax(scale·Q·Kᵀ + mask)·V. Shapes: query [..., L, E], key [..., S, E], value [..., S, D], result [..., L, D]; the scores are not
 * kept, whatever the length. A query that may look at no key gets 0.
 *
 * @example nn.functional.scaledDotProductAttention(q, k, v, { isCausal: true })
 * @throws ShapeError if features or lengths differ, or the mask does not broadcast to [..., L, S]
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options?: AttentionOptions,
): Tensor {
  const op = 'scaledDotProductAttention'
  checkOptions(op, options, ['attnMask', 'dropoutP', 'isCausal', 'scale', 'enableGqa'])
  const { attnMask = null, isCausal = false, enableGqa = false } = options ?? {}
  for (const [what, flag] of Object.entries({ isCausal, enableGqa }))
    if (typeof flag !== 'boolean') throw new TypeError(`${op}: ${what} must be a boolean, got ${describe(flag)}`)
  const p = checkNumber(op, 'dropoutP', options?.dropoutP ?? 0, 0, 1)
  checkOperands(op, query, key, value, enableGqa)
  if (isCausal && attnMask !== null) throw new ValueError('give attnMask or isCausal, not both', { op })
  const [L, E] = query.shape.slice(-2)
  const [S, D] = value.shape.slice(-2)
  const scale = checkNumber(op, 'scale', options?.scale ?? (E > 0 ? 1 / Math.sqrt(E) : 1))
  const outer = leading(op, query, key, value, enableGqa)
  const heads = enableGqa ? query.shape[query.shape.length - 3] : (outer.pop() ?? 1)
  const shared = enableGqa ? key.shape[key.shape.length - 3] : heads
  if (enableGqa && (shared !== value.shape[value.shape.length - 3] || shared < 1 || heads % shared !== 0)) {
    const message = `${heads} heads of query ${formatShape(query.shape)} cannot share those of key ${formatShape(key.shape)} and value ${formatShape(value.shape)}`
    throw new ShapeError(message, { op, shapes: [query.shape, key.shape, value.shape] })
  }
  const N = outer.reduce((a, b) => a * b, 1)
  const as = (x: Tensor, h: number) => {
    const inner = x.shape.slice(-2)
    return x
      .expand([...outer, ...(x.shape.length > 2 || outer.length > 0 ? [h] : []), ...inner])
      .reshape([N, h, ...inner])
  }
  const scores = [...outer, ...(query.shape.length > 2 || outer.length > 0 ? [heads] : []), L, S]
  const mask = attnMask === null ? null : maskFor(op, attnMask, scores, query.dtype).reshape([N, heads, L, S])
  const [q, k, v] = [as(query, heads), as(key, shared), as(value, shared)]
  const shape = [...scores.slice(0, -2), L, D]
  const plan = { scale, causal: isCausal, p: p === 1 ? 0 : p, result: 'heads' as const }
  if (mask?.requiresGrad !== true) {
    const out = attention(q, k, v, mask === null ? null : inRows(mask), plan).reshape(shape)
    return p === 1 ? out.mul(0) : out
  }
  const [keys, values] = [k, v].map(x => (shared === heads ? x : x.repeatInterleave(heads / shared, 1)))
  const weights = dropout(attentionWeights(q, keys, mask, isCausal, scale), { p })
  return weights.matmul(values).reshape(shape)
}
