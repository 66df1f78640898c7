// Convolutions and transposed ones. A convolution is linear in both operands: its two gradients are operations of the same kind, and so are
// theirs, which makes derivatives of every order.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import {
  checkChoice,
  checkInteger,
  checkOptions,
  DTypeError,
  formatShape,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import type { Shape } from '../core/shape.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import { expand } from './broadcast.js'
import { dense } from './pointwise.js'
import { reshape } from './view.js'
import { batched, checkFits, type Extent, extents, type Geometry, reach, unbatched, windowSizes } from './window.js'

const CONVOLUTION = kernel('convolution')
const INPUT = kernel('convolutionInput')
const WEIGHT = kernel('convolutionWeight')
const SUMS = kernel('channelSums')

/** A convolution of x [N, G·C, *] by weight [G·K, C, *] into [N, G·K, *]. */
interface Convolution extends Geometry {
  readonly batch: number
  readonly groups: number
  /** Channels of a group: in, out. */
  readonly channels: readonly [number, number]
}

function sizes(c: Convolution): number[] {
  return [c.batch, c.groups, ...c.channels, ...windowSizes(c)]
}
const inputShape = (c: Convolution) => [c.batch, c.groups * c.channels[0], ...c.input]
const outputShape = (c: Convolution) => [c.batch, c.groups * c.channels[1], ...c.output]

/** The gradient of a bias: sums over all but dimension 1. */
const channelSumsOp = defineOp('channelSums', {
  forward(ctx, x: Tensor) {
    const [N, C] = x.shape
    const out = emptyTensor([C], x.dtype)
    launch(SUMS, x.dtype, [dense(x), out], [N, C, N * C === 0 ? 0 : x.count / (N * C)])
    ctx.extra = x.shape
    return out
  },
  backward(ctx, grad): Gradient {
    const shape = ctx.extra as Shape
    return expand(reshape(grad, [shape[1], ...new Array<number>(shape.length - 2).fill(1)]), shape)
  },
  derivative: true,
})

const convolutionOp = defineOp('convolution', {
  forward(ctx, x: Tensor, weight: Tensor, bias: Tensor | null, c: Convolution) {
    const out = emptyTensor(outputShape(c), x.dtype)
    const buffers = [dense(x), dense(weight), out]
    if (bias !== null) buffers.push(dense(bias))
    launch(CONVOLUTION, x.dtype, buffers, [...sizes(c), bias === null ? 0 : 1])
    ctx.save(x, weight)
    ctx.extra = c
    return out
  },
  backward(ctx, grad): Gradient[] {
    const [x, weight] = ctx.saved
    return [
      ctx.needs(0) ? convolutionInputOp(grad, weight, null, ctx.extra) : null,
      ctx.needs(1) ? convolutionWeightOp(x, grad, ctx.extra) : null,
      ctx.needs(2) ? channelSumsOp(grad) : null,
    ]
  },
  derivative: true,
})

/** From the output's side to the input's: the gradient of a convolution's input, and, with a bias, a transposed convolution. */
const convolutionInputOp = defineOp('convolutionInput', {
  forward(ctx, y: Tensor, weight: Tensor, bias: Tensor | null, c: Convolution) {
    const out = emptyTensor(inputShape(c), y.dtype)
    const buffers = [dense(y), dense(weight), out]
    if (bias !== null) buffers.push(dense(bias))
    launch(INPUT, y.dtype, buffers, [...sizes(c), bias === null ? 0 : 1])
    ctx.save(y, weight)
    ctx.extra = c
    return out
  },
  backward(ctx, grad): Gradient[] {
    const [y, weight] = ctx.saved
    return [
      ctx.needs(0) ? convolutionOp(grad, weight, null, ctx.extra) : null,
      ctx.needs(1) ? convolutionWeightOp(grad, y, ctx.extra) : null,
      ctx.needs(2) ? channelSumsOp(grad) : null,
    ]
  },
  derivative: true,
})

const convolutionWeightOp = defineOp('convolutionWeight', {
  forward(ctx, x: Tensor, y: Tensor, c: Convolution) {
    const out = emptyTensor([c.groups * c.channels[1], c.channels[0], ...c.kernel], x.dtype)
    launch(WEIGHT, x.dtype, [dense(x), dense(y), out], sizes(c))
    ctx.save(x, y)
    ctx.extra = c
    return out
  },
  backward(ctx, grad): Gradient[] {
    const [x, y] = ctx.saved
    return [
      ctx.needs(0) ? convolutionInputOp(y, grad, null, ctx.extra) : null,
      ctx.needs(1) ? convolutionOp(x, grad, null, ctx.extra) : null,
    ]
  },
  derivative: true,
})

// --- what is refused ------------------------------------------------------------------------------------------------------

/** Channels of x, weight and bias against each other. `transposed`: weight is [in, out / groups, *], else [out, in / groups, *]. */
function checkOperands(
  op: string,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  dims: number,
  groups: number,
  transposed: boolean,
): void {
  const shapes = [x.shape, weight.shape]
  if (weight.shape.length !== dims + 2) {
    throw new ShapeError(`weight ${formatShape(weight.shape)} must have ${dims + 2} dimensions`, { op, shapes })
  }
  const [first, second] = weight.shape
  const has = x.shape[x.shape.length - dims - 1]
  const expected = transposed ? first : second * groups
  if (has !== expected) {
    const by = groups === 1 ? '' : ` in ${groups} groups`
    const message = `input ${formatShape(x.shape)} has ${has} channels, weight ${formatShape(weight.shape)}${by} expects ${expected}`
    throw new ShapeError(message, { op, shapes })
  }
  if (first % groups !== 0) {
    throw new ShapeError(
      `the ${first} channels of weight ${formatShape(weight.shape)} do not divide into ${groups} groups`,
      { op, shapes },
    )
  }
  if (x.dtype !== weight.dtype || (bias !== null && bias.dtype !== weight.dtype)) {
    const third = bias === null ? '' : `, bias ${bias.dtype}`
    throw new DTypeError(`input is ${x.dtype}, weight ${weight.dtype}${third}; convert one with .to(dtype)`, { op })
  }
  const out = transposed ? second * groups : first
  if (bias !== null && (bias.shape.length !== 1 || bias.shape[0] !== out)) {
    const message = `bias ${formatShape(bias.shape)} does not fit weight ${formatShape(weight.shape)}, it must be [${out}]`
    throw new ShapeError(message, { op, shapes: [bias.shape, weight.shape] })
  }
}

function checkTensors(op: string, x: Tensor, weight: Tensor, bias: Tensor | null): void {
  checkTensor(op, x)
  checkTensor(op, weight, 'weight')
  if (bias !== null) checkTensor(op, bias, 'bias')
}

// --- convolution ----------------------------------------------------------------------------------------------------------

/** Zeros around the input: as many, 'same' for a result of the input's size, 'valid' for none. */
export type Padding = Extent | 'same' | 'valid'

export interface ConvOptions {
  /** Step of the window. Default: 1. */
  stride?: Extent
  /** Default: 0. */
  padding?: Padding
  /** Step between the elements that the window sees. Default: 1. */
  dilation?: Extent
  /** Parts that the channels are divided into, each convolved by itself. Default: 1. */
  groups?: number
}

/** Zeros before and behind each dimension. PyTorch puts the odd one of 'same' behind. */
export function paddingOf(
  op: string,
  padding: unknown,
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): { before: number[]; behind: number[] } {
  if (typeof padding === 'string') {
    const kind = checkChoice(op, 'padding', padding, ['same', 'valid'])
    if (kind === 'valid') return { before: kernel.map(() => 0), behind: kernel.map(() => 0) }
    if (stride.some(s => s !== 1)) {
      throw new ValueError(`padding 'same' needs a stride of 1, got ${formatShape(stride)}`, { op })
    }
    const total = kernel.map((k, d) => reach(k, dilation[d]) - 1)
    const before = total.map(n => Math.floor(n / 2))
    return { before, behind: total.map((n, d) => n - before[d]) }
  }
  const before = extents(op, 'padding', padding, kernel.length, 0)
  return { before, behind: before }
}

function convolve(
  dims: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: ConvOptions | undefined,
): Tensor {
  const op = `conv${dims}d`
  checkTensors(op, x, weight, bias)
  checkOptions(op, options, ['stride', 'padding', 'dilation', 'groups'])
  const groups = checkInteger(op, 'groups', options?.groups ?? 1, 1)
  const stride = extents(op, 'stride', options?.stride ?? 1, dims, 1)
  const dilation = extents(op, 'dilation', options?.dilation ?? 1, dims, 1)
  const [input, had] = batched(op, x, dims)
  checkOperands(op, x, weight, bias, dims, groups, false)
  const kernel = weight.shape.slice(2)
  const { before, behind } = paddingOf(op, options?.padding ?? 0, kernel, stride, dilation)
  const g = { input: input.shape.slice(2), kernel, stride, padding: before, dilation }
  checkFits(op, g, behind, x.shape)
  const output = g.input.map(
    (n, d) => Math.floor((n + before[d] + behind[d] - reach(kernel[d], dilation[d])) / stride[d]) + 1,
  )
  const c: Convolution = {
    ...g,
    output,
    batch: input.shape[0],
    groups,
    channels: [weight.shape[1], weight.shape[0] / groups],
  }
  return unbatched(convolutionOp(input, weight, bias, c), had)
}

/**
 * Shapes: x [N, C, L] or [C, L], weight [K, C / groups, kernel], bias [K] or null; result [N, K, L'].
 * @throws ShapeError if channels do not fit or the kernel is larger than the padded input
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv1d.html
 */
export function conv1d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options?: ConvOptions): Tensor {
  return convolve(1, x, weight, bias, options)
}
/**
 * Shapes: x [N, C, H, W] or [C, H, W], weight [K, C / groups, kernel…], bias [K] or null; result [N, K, H', W'].
 * @throws ShapeError if channels do not fit or the kernel is larger than the padded input
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html
 */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options?: ConvOptions): Tensor {
  return convolve(2, x, weight, bias, options)
}
/**
 * Shapes: x [N, C, D, H, W] or [C, D, H, W], weight [K, C / groups, kernel…], bias [K] or null; result [N, K, D', H', W'].
 * @throws ShapeError if channels do not fit or the kernel is larger than the padded input
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv3d.html
 */
export function conv3d(x: Tensor, weight: Tensor, bias: Tensor | null = null, options?: ConvOptions): Tensor {
  return convolve(3, x, weight, bias, options)
}

// --- transposed -----------------------------------------------------------------------------------------------------------

export interface ConvTransposeOptions {
  /** Step of the window over the result. Default: 1. */
  stride?: Extent
  /** Elements cut off around the result. Default: 0. */
  padding?: Extent
  /** Elements added behind the result, where several sizes of it would have given this input. Default: 0. */
  outputPadding?: Extent
  /** Parts that the channels are divided into. Default: 1. */
  groups?: number
  /** Step between the elements that the window sees. Default: 1. */
  dilation?: Extent
}

function transposed(
  dims: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: ConvTransposeOptions | undefined,
): Tensor {
  const op = `convTranspose${dims}d`
  checkTensors(op, x, weight, bias)
  checkOptions(op, options, ['stride', 'padding', 'outputPadding', 'groups', 'dilation'])
  const groups = checkInteger(op, 'groups', options?.groups ?? 1, 1)
  const stride = extents(op, 'stride', options?.stride ?? 1, dims, 1)
  const padding = extents(op, 'padding', options?.padding ?? 0, dims, 0)
  const dilation = extents(op, 'dilation', options?.dilation ?? 1, dims, 1)
  const more = extents(op, 'outputPadding', options?.outputPadding ?? 0, dims, 0)
  const [input, had] = batched(op, x, dims)
  checkOperands(op, x, weight, bias, dims, groups, true)
  if (more.some((m, d) => m >= Math.max(stride[d], dilation[d]))) {
    const message = `outputPadding ${formatShape(more)} must be smaller than stride ${formatShape(stride)} or dilation ${formatShape(dilation)}`
    throw new ValueError(message, { op })
  }
  const kernel = weight.shape.slice(2)
  const from = input.shape.slice(2)
  const to = from.map((n, d) => (n - 1) * stride[d] - 2 * padding[d] + reach(kernel[d], dilation[d]) + more[d])
  if (to.some(n => n < 1)) {
    throw new ShapeError(`padding ${formatShape(padding)} leaves nothing of a result of ${formatShape(to)}`, {
      op,
      shapes: [x.shape],
    })
  }
  // Of the convolution that this one is the transpose of, x is the output.
  const c: Convolution = {
    input: to,
    output: from,
    kernel,
    stride,
    padding,
    dilation,
    batch: input.shape[0],
    groups,
    channels: [weight.shape[1], weight.shape[0] / groups],
  }
  return unbatched(convolutionInputOp(input, weight, bias, c), had)
}

/**
 * The transpose of conv1d. Shapes: x [N, C, L] or [C, L], weight [C, K / groups, kernel], bias [K] or null; result [N, K, L'].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose1d.html
 */
export function convTranspose1d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options?: ConvTransposeOptions,
): Tensor {
  return transposed(1, x, weight, bias, options)
}
/**
 * The transpose of conv2d. Shapes: x [N, C, H, W] or [C, H, W], weight [C, K / groups, kernel…], bias [K] or null; result [N, K, H', W'].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose2d.html
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options?: ConvTransposeOptions,
): Tensor {
  return transposed(2, x, weight, bias, options)
}
/**
 * The transpose of conv3d. Shapes: x [N, C, D, H, W] or [C, D, H, W], weight [C, K / groups, kernel…], bias [K] or null.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.conv_transpose3d.html
 */
export function convTranspose3d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options?: ConvTransposeOptions,
): Tensor {
  return transposed(3, x, weight, bias, options)
}
