// Rows of a tensor by index: reading them and writing them, each the other's way back.
import { copyOf } from '../autograd/accumulate.js'
import { defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import type { Shape } from '../core/shape.js'
import { arange, filled } from '../tensor/create.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import { extents, type Run } from './axis.js'
import { where } from './choice.js'
import { eq } from './compare.js'
import { dense } from './pointwise.js'
import { reshape } from './view.js'

const INDEX = kernel('index')
const INDEX_WRITE = kernel('indexWrite')

/** Where: dimensions [from, to) of a tensor, one int32 tensor for each, all of one shape. */
export interface Places {
  readonly run: Run
  readonly indices: readonly Tensor[]
  /** Whether negative indices count from the end; else they are out of range. */
  readonly negative: boolean
}

function sizes(shape: Shape, { run, indices, negative }: Places): number[] {
  const [outer, , inner] = extents(shape, run)
  return [outer, inner, indices[0].count, negative ? 1 : 0, indices.length, ...shape.slice(run.from, run.to)]
}

/** The shape of what is at the places: theirs instead of the run. */
export function placesShape(shape: Shape, { run, indices }: Places): number[] {
  return [...shape.slice(0, run.from), ...indices[0].shape, ...shape.slice(run.to)]
}

/** The elements of x at the places. */
export const readOp = defineOp('index', {
  forward(ctx, x: Tensor, places: Places) {
    ctx.save(...places.indices)
    ctx.extra = [x.shape, places]
    const out = emptyTensor(placesShape(x.shape, places), x.dtype)
    launch(INDEX, x.dtype, [dense(x), out, ...places.indices.map(dense)], sizes(x.shape, places))
    return out
  },
  backward(ctx, grad): Gradient {
    const [shape, places] = ctx.extra as [Shape, Places]
    return writeOp(filled(shape, grad.dtype, 0), grad, { ...places, indices: ctx.saved }, 1)
  },
  derivative: true,
})

/** A copy of x with y, shaped as the places, added there `by` times; or, `by` null, written there, the last of equal places. */
export const writeOp = defineOp('indexPut', {
  forward(ctx, x: Tensor, y: Tensor, places: Places, by: number | null) {
    ctx.save(...places.indices)
    ctx.extra = [places, by]
    const out = copyOf(x)
    const buffers = [dense(y), out, ...places.indices.map(dense)]
    launch(INDEX_WRITE, x.dtype, buffers, [...sizes(x.shape, places), by === null ? 0 : 1], [by ?? 1])
    return out
  },
  backward(ctx, grad): Gradient[] {
    const by = ctx.extra[1] as number | null
    const places: Places = { ...ctx.extra[0], indices: ctx.saved }
    const blank = () => filled(placesShape(grad.shape, places), grad.dtype, 0)
    const read = () => {
      const there = readOp(grad, places)
      if (by === null) return where(lastAt(grad.shape, places), there, 0)
      return by === 1 ? there : there.mul(by)
    }
    return [
      ctx.needs(0) ? (by === null ? writeOp(grad, blank(), places, null) : grad) : null,
      ctx.needs(1) ? read() : null,
    ]
  },
  derivative: true,
})

/** Which of the places are named last, in a shape that broadcasts with what is read there: of equal ones that element stays. */
function lastAt(shape: Shape, places: Places): Tensor {
  const { run, indices, negative } = places
  const only = { run: { from: 0, to: run.to - run.from }, indices, negative }
  const order = reshape(arange(indices[0].count, { dtype: 'int32' }), indices[0].shape)
  const last = writeOp(filled(shape.slice(run.from, run.to), 'int32', 0), order, only, null)
  return reshape(eq(readOp(last, only), order), [...order.shape, ...shape.slice(run.to).map(() => 1)])
}
