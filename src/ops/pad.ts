// Padding: a tensor continued past its edges.
// See https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import { copyElements } from '../autograd/inplace.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import {
  checkChoice,
  checkInteger,
  checkOptions,
  describe,
  formatShape,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import { filled } from '../tensor/create.js'
import { emptyTensor, type Tensor, viewOf } from '../tensor/tensor.js'
import { elementOf } from './choice.js'
import { narrow } from './piece.js'
import { dense } from './pointwise.js'

const PAD = kernel('pad')
const PAD_BACKWARD = kernel('padBackward')

const modes = ['constant', 'reflect', 'replicate', 'circular'] as const
export type PadMode = (typeof modes)[number]

/** Elements before and after each dimension, all >= 0. */
interface Edges {
  readonly before: readonly number[]
  readonly after: readonly number[]
}

function outside(shape: Shape, { before, after }: Edges): number[] {
  return shape.map((n, d) => before[d] + n + after[d])
}

function sizes(mode: number, shape: Shape, { before, after }: Edges): number[] {
  // The kernel shares rows of the leading dimension among threads if it has no edges: those without any become one.
  let lead = 0
  while (lead < shape.length - 1 && before[lead] === 0 && after[lead] === 0) lead++
  const from = Math.max(lead - 1, 0)
  const batch = shape.slice(0, lead).reduce((n, s) => n * s, 1)
  const join = (list: readonly number[], first: number) => (lead === 0 ? list : [first, ...list.slice(from + 1)])
  const joined = join(shape, batch)
  return [mode, joined.length, ...joined, ...join(before, 0), ...join(after, 0)]
}

const continueOp = defineOp('pad', {
  forward(ctx, x: Tensor, mode: number, edges: Edges) {
    ctx.extra = [x.shape, mode, edges]
    const out = emptyTensor(outside(x.shape, edges), x.dtype)
    launch(PAD, x.dtype, [dense(x), out], sizes(mode, x.shape, edges))
    return out
  },
  backward: (ctx, grad): Gradient => foldOp(grad, ctx.extra[0], ctx.extra[1], ctx.extra[2]),
  derivative: true,
})

/** The way back: what was continued is added to where it came from. */
const foldOp = defineOp('padBackward', {
  forward(ctx, grad: Tensor, shape: Shape, mode: number, edges: Edges) {
    ctx.extra = [mode, edges]
    const out = emptyTensor(shape, grad.dtype)
    launch(PAD_BACKWARD, grad.dtype, [dense(grad), out], sizes(mode, shape, edges))
    return out
  },
  backward: (ctx, grad): Gradient => continueOp(grad, ctx.extra[0], ctx.extra[1]),
  derivative: true,
})

const constantOp = defineOp('constantPad', {
  forward(ctx, x: Tensor, edges: Edges, value: number) {
    ctx.extra = [x.shape, edges]
    const out = filled(outside(x.shape, edges), x.dtype, value)
    if (x.count > 0) copyElements(x, viewOf(out, x.shape, out.strides, start(out, edges)))
    return out
  },
  backward(ctx, grad): Gradient {
    const [shape, { before }] = ctx.extra as [Shape, Edges]
    return before.reduce((g, from, d) => narrow(g, d, from, shape[d]), grad)
  },
  derivative: true,
})

function start(out: Tensor, { before }: Edges): number {
  return before.reduce((at, n, d) => at + n * out.strides[d], 0)
}

export interface PadOptions {
  /** What continues the tensor: one value, itself mirrored without the edge, its edge, or its other side. Default: 'constant'. */
  mode?: PadMode
  /** The value, for mode 'constant'. Default: 0. */
  value?: number
}

/**
 * A tensor continued at both ends of its last dimensions: `pad` is [before, after] of the last one, then of the one before it, and so
 * on. Negative numbers cut off.
 *
 * @example
 * pad(x, [1, 2])                             // one column before, two after, of zeros
 * pad(x, [0, 0, 1, 1], { mode: 'reflect' })  // a row above and below
 * @throws ShapeError if there are more pairs than dimensions; ValueError if the tensor is too small to be mirrored so far
 */
export function pad(x: Tensor, pad: readonly number[], options?: PadOptions): Tensor {
  const op = 'pad'
  checkTensor(op, x)
  checkOptions(op, options, ['mode', 'value'])
  const mode = checkChoice(op, 'mode', options?.mode ?? 'constant', modes)
  if (!Array.isArray(pad)) throw new TypeError(`${op}: pad must be an array of numbers, got ${describe(pad)}`)
  if (pad.length % 2 !== 0) throw new ValueError(`pad must hold pairs, got ${pad.length} numbers`, { op })
  const n = x.shape.length
  if (pad.length > 2 * n) {
    const message = `${pad.length / 2} pairs are too many for ${formatShape(x.shape)} of ${n} dimensions`
    throw new ShapeError(message, { op, shapes: [x.shape] })
  }
  const before = new Array<number>(n).fill(0)
  const after = new Array<number>(n).fill(0)
  // These two continue the tensor as it was before anything is cut off.
  const cutsLast = mode === 'reflect' || mode === 'replicate'
  const cuts: ((t: Tensor) => Tensor)[] = []
  let source = x
  for (let k = 0; k < pad.length / 2; k++) {
    const d = n - 1 - k
    const [b, a] = [pad[2 * k], pad[2 * k + 1]].map(v => checkInteger(op, 'a number of elements', v, -Infinity))
    before[d] = Math.max(b, 0)
    after[d] = Math.max(a, 0)
    const kept = source.shape[d] + Math.min(b, 0) + Math.min(a, 0)
    if (kept < 0)
      throw new ValueError(
        `dimension ${d} of size ${source.shape[d]} cannot lose ${-Math.min(b, 0) - Math.min(a, 0)}`,
        { op },
      )
    if (b >= 0 && a >= 0) continue
    if (cutsLast) cuts.push(t => narrow(t, d, Math.max(-b, 0), kept + before[d] + after[d]))
    else source = narrow(source, d, Math.max(-b, 0), kept)
  }
  if (mode === 'constant') return constantOp(source, { before, after }, elementOf(op, options?.value ?? 0, x.dtype))
  if (options?.value !== undefined && options.value !== 0)
    throw new ValueError(`value belongs to mode 'constant', not '${mode}'`, { op })
  if (n === 0) return source.clone()
  const continued = continueOp(source, modes.indexOf(mode) - 1, { before, after })
  return cuts.reduce((t, cut) => cut(t), continued).contiguous()
}
