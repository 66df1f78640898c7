// Picking K of R elements along a run of dimensions by their places, and putting gradients back there: each is the other's way back.
import { defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import type { Shape } from '../core/shape.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import { extents, type Run } from './axis.js'
import { dense } from './pointwise.js'

const PICK = kernel('pick')
const PICK_BACKWARD = kernel('pickBackward')

/** [outer, R, inner, K] for `places` of K elements where `shape` has R. */
function sizes(shape: Shape, run: Run, places: Tensor): number[] {
  const [outer, R, inner] = extents(shape, run)
  return [outer, R, inner, outer * inner === 0 ? 0 : places.count / (outer * inner)]
}

/** The elements of x at the places (int32), which give the result its shape. */
const pick = defineOp('pick', {
  forward(ctx, x: Tensor, places: Tensor, run: Run) {
    ctx.extra = { places, shape: x.shape, run }
    const out = emptyTensor(places.shape, x.dtype)
    launch(PICK, x.dtype, [dense(x), places, out], sizes(x.shape, run, places))
    return out
  },
  backward: (ctx, grad): Gradient => unpick(grad, ctx.extra.places, ctx.extra.shape, ctx.extra.run),
  derivative: true,
})

/** A tensor of `shape` with the elements of y at the places and zeros elsewhere; where places are equal, their sum. */
export const unpick = defineOp('unpick', {
  forward(ctx, y: Tensor, places: Tensor, shape: Shape, run: Run) {
    ctx.extra = { places, run }
    const out = emptyTensor(shape, y.dtype)
    launch(PICK_BACKWARD, y.dtype, [dense(y), places, out], sizes(shape, run, places))
    return out
  },
  backward: (ctx, grad): Gradient => pick(grad, ctx.extra.places, ctx.extra.run),
  derivative: true,
})
