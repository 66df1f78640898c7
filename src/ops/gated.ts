// Activations of more than one number: a half that gates the other, a learned slope.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { DTypeError, formatShape, ShapeError } from '../core/errors.js'
import { resolveDim } from '../core/shape.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import { sumTo } from './broadcast.js'
import { where } from './choice.js'
import { gt } from './compare.js'
import { cat } from './join.js'
import { chunk } from './piece.js'
import { dense, floating } from './pointwise.js'
import { sigmoid } from './unary.js'
import { reshape } from './view.js'

const GLU_FORWARD = kernel('glu')
const GLU_BACKWARD = kernel('gluBackward')
const PRELU = kernel('prelu')
const PRELU_BACKWARD = kernel('preluBackward')

/** [outer, half] of a dimension of two halves. */
function halves(shape: readonly number[], dim: number): [number, number] {
  const outer = shape.slice(0, dim).reduce((a, b) => a * b, 1)
  const inner = shape.slice(dim + 1).reduce((a, b) => a * b, 1)
  return [outer, (shape[dim] / 2) * inner]
}

const gluOp = defineOp('glu', {
  forward(ctx, x: Tensor, dim: number) {
    const shape = x.shape.slice()
    shape[dim] /= 2
    const out = emptyTensor(shape, x.dtype)
    launch(GLU_FORWARD, x.dtype, [dense(x), out], halves(x.shape, dim))
    ctx.save(x)
    ctx.extra = dim
    return out
  },
  backward(ctx, grad) {
    const [x] = ctx.saved
    const dx = emptyTensor(x.shape, x.dtype)
    launch(GLU_BACKWARD, x.dtype, [dense(x), dense(grad), dx], halves(x.shape, ctx.extra))
    return dx
  },
  derivative(ctx, grad): Gradient {
    const [a, b] = chunk(ctx.saved[0], 2, ctx.extra)
    const gate = sigmoid(b)
    const da = grad.mul(gate)
    return cat([da, da.mul(a).mul(gate.neg().add(1))], ctx.extra)
  },
})

/**
 * a·sigmoid(b) for the halves a, b of a dimension. Dauphin et al. 2016, arXiv:1612.08083
 * @param dim default: the last
 * @throws ShapeError if its size is odd
 */
export function glu(x: Tensor, dim = -1): Tensor {
  const from = floating('glu', x)
  const d = resolveDim('glu', dim, x.shape.length)
  if (x.shape.length === 0 || x.shape[d] % 2 !== 0) {
    throw new ShapeError(`dim ${dim} of ${formatShape(x.shape)} must be even to be halved`, {
      op: 'glu',
      shapes: [x.shape],
    })
  }
  return gluOp(from, d)
}

/** [outer, channels, inner] of dimension 1, or of everything for a shared slope. */
function channelsOf(x: Tensor, weight: Tensor): [number, number, number] {
  if (weight.count === 1) return [1, 1, x.count]
  const inner = x.shape.slice(2).reduce((a, b) => a * b, 1)
  return [x.shape[0], weight.count, inner]
}

const preluOp = defineOp('prelu', {
  forward(ctx, x: Tensor, weight: Tensor) {
    const out = emptyTensor(x.shape, x.dtype)
    launch(PRELU, x.dtype, [dense(x), dense(weight), out], channelsOf(x, weight))
    ctx.save(x, weight)
    return out
  },
  backward(ctx, grad): Gradient[] {
    const [x, weight] = ctx.saved
    const dx = emptyTensor(x.shape, x.dtype)
    const dw = emptyTensor(weight.shape, x.dtype)
    launch(PRELU_BACKWARD, x.dtype, [dense(x), dense(weight), dense(grad), dx, dw], channelsOf(x, weight))
    return [dx, dw]
  },
  derivative(ctx, grad): Gradient[] {
    const [x, weight] = ctx.saved
    // Along dimension 1 where there is one.
    const slopes = reshape(
      weight,
      x.shape.map((_, d) => (d === 1 ? weight.count : 1)),
    )
    const right = gt(x, 0)
    const dw = where(right, 0, grad.mul(x))
    return [where(right, grad, grad.mul(slopes)), reshape(sumTo(dw, slopes.shape), weight.shape)]
  },
})

/**
 * x right of 0, weight·x left of it. Shapes: x [N, C, *], weight [1] shared or [C]. He et al. 2015, arXiv:1502.01852
 * @throws ShapeError if the weight has neither one element nor one per channel
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  const from = floating('prelu', x)
  checkTensor('prelu', weight, 'weight')
  const channels = x.shape.length > 1 ? x.shape[1] : 1
  if (weight.shape.length > 1 || (weight.count !== 1 && weight.count !== channels)) {
    const message = `weight ${formatShape(weight.shape)} must have 1 element or one per channel, input ${formatShape(x.shape)} has ${channels}`
    throw new ShapeError(message, { op: 'prelu', shapes: [x.shape, weight.shape] })
  }
  if (weight.dtype !== from.dtype)
    throw new DTypeError(`input is ${from.dtype}, weight ${weight.dtype}`, { op: 'prelu' })
  return preluOp(from, weight)
}
