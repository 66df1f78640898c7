// Weighted sums along one dimension by a table of places and weights: what interpolation and adaptive averages are made of. The table
// of the gradient is the same one read the other way round.
import { defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { formatShape, ShapeError } from '../core/errors.js'
import { numel, type Shape } from '../core/shape.js'
import { tensor } from '../tensor/create.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import { dense } from './pointwise.js'

const RESAMPLE = kernel('resample')

/** For each result the places that it is made of, and their weights. */
export type Sums = readonly (readonly { readonly at: number; readonly weight: number }[])[]

/** Places that a table may have: it is made of JavaScript's objects, and takes a hundred bytes for each. */
const MOST = 2 ** 22

/** @throws ShapeError if a dimension of the result is longer than tables are */
export function checkTable(op: string, from: Shape, to: readonly number[]): void {
  if (to.every(n => n <= MOST)) return
  throw new ShapeError(
    `the result of ${formatShape(from)} would be ${formatShape(to)}, more than ${MOST} along one dimension`,
    {
      op,
      shapes: [from, to],
    },
  )
}

/** The table of the gradient: for each of n places the results that it is part of. */
function reversed(sums: Sums, n: number): Sums {
  const out = Array.from({ length: n }, () => [] as { at: number; weight: number }[])
  sums.forEach((parts, i) => {
    for (const { at, weight } of parts) out[at].push({ at: i, weight })
  })
  return out
}

const resampleOp = defineOp('resample', {
  forward(ctx, x: Tensor, dim: number, sums: Sums) {
    const taps = sums.reduce((most, parts) => Math.max(most, parts.length), 0)
    const index = new Int32Array(sums.length * taps).fill(-1)
    const weight = new Float64Array(index.length)
    sums.forEach((parts, i) => {
      parts.forEach((part, t) => {
        index[i * taps + t] = part.at
        weight[i * taps + t] = part.weight
      })
    })
    const out = emptyTensor([...x.shape.slice(0, dim), sums.length, ...x.shape.slice(dim + 1)], x.dtype)
    const sizes = [numel(x.shape.slice(0, dim)), x.shape[dim], numel(x.shape.slice(dim + 1)), sums.length, taps]
    launch(RESAMPLE, x.dtype, [dense(x), tensor(index), tensor(weight, { dtype: x.dtype }), out], sizes)
    ctx.extra = { dim, sums, n: x.shape[dim] }
    return out
  },
  backward(ctx, grad): Gradient {
    const { dim, sums, n } = ctx.extra as { dim: number; sums: Sums; n: number }
    return resampleOp(grad, dim, reversed(sums, n))
  },
  derivative: true,
})

/**
 * Each dimension of [N, C, *] resampled by its table; null leaves one as it is. The last dimension, whose elements are not met as
 * vectors, takes its turn where the tensor is smaller: before the others if one of them grows.
 */
export function resample(x: Tensor, tables: readonly (Sums | null)[]): Tensor {
  const turns = tables.map((sums, d) => ({ sums, dim: d + 2 }))
  const grows = turns.slice(0, -1).some(({ sums, dim }) => sums !== null && sums.length > x.shape[dim])
  return (grows ? turns.reverse() : turns).reduce<Tensor>(
    (y, { sums, dim }) => (sums === null ? y : resampleOp(y, dim, sums)),
    x,
  )
}
