// Blocks that a sliding window sees, as columns, and back; and images of small blocks made of channels.
import { checkTensor, defineOp } from '../autograd/defineOp.js'
import type { Gradient } from '../autograd/node.js'
import { kernel, launch } from '../core/dispatch.js'
import { checkInteger, checkOptions, formatShape, ShapeError } from '../core/errors.js'
import { numel } from '../core/shape.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import { dense } from './pointwise.js'
import { permute, reshape } from './view.js'
import { batched, checkFits, type Extent, extents, type Geometry, reach, unbatched, windowSizes } from './window.js'

const UNFOLD = kernel('unfold')
const FOLD = kernel('fold')

const unfoldOp = defineOp('unfold', {
  forward(ctx, x: Tensor, g: Geometry) {
    const [N, C] = x.shape
    const out = emptyTensor([N, C * numel(g.kernel), numel(g.output)], x.dtype)
    launch(UNFOLD, x.dtype, [dense(x), out], [N * C, ...windowSizes(g)])
    ctx.extra = g
    return out
  },
  backward: (ctx, grad): Gradient => foldOp(grad, ctx.extra),
  derivative: true,
})

const foldOp = defineOp('fold', {
  forward(ctx, columns: Tensor, g: Geometry) {
    const [N, rows] = columns.shape
    const C = rows / numel(g.kernel)
    const out = emptyTensor([N, C, ...g.input], columns.dtype)
    launch(FOLD, columns.dtype, [dense(columns), out], [N * C, ...windowSizes(g)])
    ctx.extra = g
    return out
  },
  backward: (ctx, grad): Gradient => unfoldOp(grad, ctx.extra),
  derivative: true,
})

export interface UnfoldOptions {
  /** Step between the elements that the window sees. Default: 1. */
  dilation?: Extent
  /** Zeros around the input. Default: 0. */
  padding?: Extent
  /** Step of the window. Default: 1. */
  stride?: Extent
}

function geometry(
  op: string,
  input: readonly number[],
  kernelSize: Extent,
  options: UnfoldOptions | undefined,
): Geometry {
  checkOptions(op, options, ['dilation', 'padding', 'stride'])
  const kernel = extents(op, 'kernelSize', kernelSize, 2, 1)
  const dilation = extents(op, 'dilation', options?.dilation ?? 1, 2, 1)
  const padding = extents(op, 'padding', options?.padding ?? 0, 2, 0)
  const stride = extents(op, 'stride', options?.stride ?? 1, 2, 1)
  const g = { input, kernel, stride, padding, dilation }
  checkFits(op, g, padding, input)
  const output = input.map((n, d) => Math.floor((n + 2 * padding[d] - reach(kernel[d], dilation[d])) / stride[d]) + 1)
  return { ...g, output }
}

/**
 * The blocks that a window sees, each a column. Shapes: x [N, C, H, W] or [C, H, W]; result [N, C · kernel, places].
 * @throws ShapeError if the kernel is larger than the padded input
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.unfold.html
 */
export function unfold(x: Tensor, kernelSize: Extent, options?: UnfoldOptions): Tensor {
  const op = 'unfold'
  const [input, had] = batched(op, x, 2)
  return unbatched(unfoldOp(input, geometry(op, input.shape.slice(2), kernelSize, options)), had)
}

/**
 * Columns added up where their windows were: what `unfold` made, with overlaps summed. Shapes: x [N, C · kernel, places] or without N;
 * result [N, C, outputSize…].
 * @throws ShapeError if the columns are not those of such a result
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.fold.html
 */
export function fold(x: Tensor, outputSize: Extent, kernelSize: Extent, options?: UnfoldOptions): Tensor {
  const op = 'fold'
  const [input, had] = batched(op, x, 1)
  const g = geometry(op, extents(op, 'outputSize', outputSize, 2, 1), kernelSize, options)
  const [, rows, places] = input.shape
  const taps = numel(g.kernel)
  if (rows % taps !== 0) {
    const message = `input ${formatShape(x.shape)} has ${rows} rows, not a multiple of the ${taps} of kernel ${formatShape(g.kernel)}`
    throw new ShapeError(message, { op, shapes: [x.shape] })
  }
  if (places !== numel(g.output)) {
    const message = `input ${formatShape(x.shape)} has ${places} columns, outputSize ${formatShape(g.input)} has ${numel(g.output)} places`
    throw new ShapeError(message, { op, shapes: [x.shape] })
  }
  return unbatched(foldOp(input, g), had)
}

/** Leading dimensions, and the last three. */
function image(op: string, x: Tensor): [number[], [number, number, number]] {
  checkTensor(op, x)
  if (x.shape.length < 3) {
    throw new ShapeError(`input ${formatShape(x.shape)} must be [*, C, H, W]`, { op, shapes: [x.shape] })
  }
  return [x.shape.slice(0, -3), x.shape.slice(-3) as [number, number, number]]
}

/** The order of [lead…, a, b, c, …] with the last dimensions as `last` says. */
const after = (lead: number, last: readonly number[]) => [
  ...Array.from({ length: lead }, (_, d) => d),
  ...last.map(d => lead + d),
]

/**
 * [*, C·r², H, W] to [*, C, H·r, W·r]: each block of r² channels becomes a block of pixels. Shi et al. 2016, arXiv:1609.05158
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_shuffle.html
 */
export function pixelShuffle(x: Tensor, upscaleFactor: number): Tensor {
  const op = 'pixelShuffle'
  const r = checkInteger(op, 'upscaleFactor', upscaleFactor, 1)
  const [lead, [channels, H, W]] = image(op, x)
  if (channels % (r * r) !== 0) {
    const message = `input ${formatShape(x.shape)} has ${channels} channels, not a multiple of the ${r * r} of upscaleFactor ${r}`
    throw new ShapeError(message, { op, shapes: [x.shape] })
  }
  const C = channels / (r * r)
  const blocks = permute(reshape(x, [...lead, C, r, r, H, W]), after(lead.length, [0, 3, 1, 4, 2]))
  return reshape(blocks, [...lead, C, H * r, W * r])
}

/**
 * The way back from pixelShuffle: [*, C, H·r, W·r] to [*, C·r², H, W].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pixel_unshuffle.html
 */
export function pixelUnshuffle(x: Tensor, downscaleFactor: number): Tensor {
  const op = 'pixelUnshuffle'
  const r = checkInteger(op, 'downscaleFactor', downscaleFactor, 1)
  const [lead, [C, H, W]] = image(op, x)
  if (H % r !== 0 || W % r !== 0) {
    const message = `input ${formatShape(x.shape)} has planes of ${H} x ${W}, not multiples of downscaleFactor ${r}`
    throw new ShapeError(message, { op, shapes: [x.shape] })
  }
  const blocks = permute(reshape(x, [...lead, C, H / r, r, W / r, r]), after(lead.length, [0, 2, 4, 1, 3]))
  return reshape(blocks, [...lead, C * r * r, H / r, W / r])
}

/**
 * Channels in the order of dealing `groups` stacks out one by one. Shapes: x [N, C, *].
 * @see https://pytorch.org/docs/stable/generated/torch.nn.ChannelShuffle.html
 */
export function channelShuffle(x: Tensor, groups: number): Tensor {
  const op = 'channelShuffle'
  checkTensor(op, x)
  checkInteger(op, 'groups', groups, 1)
  const [N, C, ...rest] = x.shape
  if (x.shape.length < 3 || C % groups !== 0) {
    const message = `input ${formatShape(x.shape)} must be [N, C, *] with channels that divide into ${groups} groups`
    throw new ShapeError(message, { op, shapes: [x.shape] })
  }
  const dealt = permute(reshape(x, [N, groups, C / groups, ...rest]), [0, 2, 1, ...rest.map((_, d) => d + 3)])
  return reshape(dealt, x.shape)
}
