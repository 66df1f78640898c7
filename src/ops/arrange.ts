// The same elements in another order or number: repeated, turned round, padded, one triangle of a matrix.
import { checkTensor } from '../autograd/defineOp.js'
import {
  checkChoice,
  checkInteger,
  checkOptions,
  describe,
  formatShape,
  IndexError,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import { resolveDim, resolveDims } from '../core/shape.js'
import { arange, filled } from '../tensor/create.js'
import { Tensor } from '../tensor/tensor.js'
import { expand } from './broadcast.js'
import { elementOf, maskedFill } from './choice.js'
import { ge, le } from './compare.js'
import { indexSelect } from './indexing.js'
import { cat } from './join.js'
import { narrow } from './piece.js'
import { reshape } from './view.js'

/** A result with memory of its own: a view of x, or x itself, is copied. */
function apart(out: Tensor, x: Tensor): Tensor {
  return out.storage === x.storage ? out.clone() : out
}

function checkList(op: string, what: string, list: unknown, least: number): asserts list is readonly number[] {
  if (!Array.isArray(list)) throw new TypeError(`${op}: ${what} must be an array of numbers, got ${describe(list)}`)
  for (const n of list) checkInteger(op, `each of ${what}`, n, least)
}

/** x laid side by side, sizes[d] times along each dimension; more sizes than dimensions add some in front. */
export function repeat(x: Tensor, sizes: readonly number[]): Tensor {
  const op = 'repeat'
  checkTensor(op, x)
  checkList(op, 'sizes', sizes, 0)
  const added = sizes.length - x.shape.length
  if (added < 0)
    throw new ShapeError(`${sizes.length} sizes for ${x.shape.length} dimensions ${formatShape(x.shape)}`, {
      op,
      shapes: [x.shape],
    })
  const shape = [...new Array<number>(added).fill(1), ...x.shape]
  const woven = expand(
    reshape(
      x,
      shape.flatMap(n => [1, n]),
    ),
    shape.flatMap((n, d) => [sizes[d], n]),
  )
  const out = reshape(
    woven,
    shape.map((n, d) => n * sizes[d]),
  )
  return apart(out, x)
}

/** Each element `repeats` times in a row, along dim, or of the flattened tensor. */
export function repeatInterleave(x: Tensor, repeats: number, dim?: number): Tensor {
  const op = 'repeatInterleave'
  checkTensor(op, x)
  checkInteger(op, 'repeats', repeats)
  const from = dim === undefined ? reshape(x, [x.count]) : x
  const d = resolveDim(op, dim ?? 0, from.shape.length)
  const shape = from.shape
  const wide = expand(reshape(from, [...shape.slice(0, d + 1), 1, ...shape.slice(d + 1)]), [
    ...shape.slice(0, d + 1),
    repeats,
    ...shape.slice(d + 1),
  ])
  const out = reshape(
    wide,
    shape.map((n, i) => (i === d ? n * repeats : n)),
  )
  return apart(out, x)
}

/** x turned round along dims. */
export function flip(x: Tensor, dims: number | readonly number[]): Tensor {
  checkTensor('flip', x)
  const at = Array.isArray(dims) && dims.length === 0 ? [] : resolveDims('flip', dims, x.shape.length)
  const out = at.reduce(
    (y, d) =>
      indexSelect(
        y,
        d,
        Array.from({ length: y.shape[d] }, (_, i) => y.shape[d] - 1 - i),
      ),
    x,
  )
  return apart(out, x)
}

/** x moved on by `shifts` along dims; what falls out comes in at the other end. */
export function roll(x: Tensor, shifts: number | readonly number[], dims?: number | readonly number[]): Tensor {
  const op = 'roll'
  checkTensor(op, x)
  const by = typeof shifts === 'number' ? [shifts] : shifts
  checkList(op, 'shifts', by, Number.MIN_SAFE_INTEGER)
  if (dims === undefined) {
    if (by.length !== 1) throw new ValueError(`${by.length} shifts of one flattened tensor; name the dims`, { op })
    return reshape(roll(reshape(x, [x.count]), by, 0), x.shape)
  }
  const along = typeof dims === 'number' ? [dims] : dims
  checkList(op, 'dims', along, Number.MIN_SAFE_INTEGER)
  if (along.length !== by.length) throw new ValueError(`${by.length} shifts for ${along.length} dims`, { op })
  if (x.shape.length === 0 && along.length > 0)
    throw new IndexError('a scalar has no dimension to roll along', { op, shapes: [x.shape] })
  const out = along.reduce((y, dim, k) => {
    const d = resolveDim(op, dim, y.shape.length)
    const n = y.shape[d]
    return n === 0
      ? y
      : indexSelect(
          y,
          d,
          Array.from({ length: n }, (_, i) => (((i - by[k]) % n) + n) % n),
        )
  }, x)
  return apart(out, x)
}

/** column - row of each place of the last two dimensions. */
function offsets(
  op: string,
  x: Tensor,
  options: { diagonal?: number } | number | undefined,
): [offset: Tensor, diagonal: number] {
  checkTensor(op, x)
  const given = typeof options === 'number' ? { diagonal: options } : options
  checkOptions(op, given, ['diagonal'])
  const diagonal = checkInteger(op, 'diagonal', given?.diagonal ?? 0, Number.MIN_SAFE_INTEGER)
  if (x.shape.length < 2)
    throw new ShapeError(`needs 2 dimensions at least, got ${formatShape(x.shape)}`, { op, shapes: [x.shape] })
  const [rows, columns] = x.shape.slice(-2)
  return [arange(columns, { dtype: 'int32' }).sub(arange(rows, { dtype: 'int32' }).reshape([rows, 1])), diagonal]
}

/** The lower triangle of the last two dimensions, 0 above diagonal `diagonal` (default 0, the main one). */
export function tril(x: Tensor, options?: { diagonal?: number } | number): Tensor {
  const [offset, diagonal] = offsets('tril', x, options)
  return maskedFill(x, ge(offset, diagonal + 1), 0)
}
/** The upper triangle of the last two dimensions, 0 below diagonal `diagonal` (default 0, the main one). */
export function triu(x: Tensor, options?: { diagonal?: number } | number): Tensor {
  const [offset, diagonal] = offsets('triu', x, options)
  return maskedFill(x, le(offset, diagonal - 1), 0)
}

const modes = ['constant', 'reflect', 'replicate', 'circular'] as const

/** Where each place of a padded dimension comes from. */
function sourceOf(mode: string, i: number, n: number): number {
  if (mode === 'replicate') return Math.min(Math.max(i, 0), n - 1)
  if (mode === 'circular') return ((i % n) + n) % n
  return i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i
}

/** x without what negative padding cuts off. */
function cropped(x: Tensor, padding: readonly number[]): Tensor {
  let out = x
  for (let k = 0; k < padding.length; k += 2) {
    const d = x.shape.length - 1 - k / 2
    const before = Math.max(-padding[k], 0)
    const kept = out.shape[d] - before - Math.max(-padding[k + 1], 0)
    if (kept < 0) {
      const message = `padding ${padding[k]}, ${padding[k + 1]} cuts more off dim ${d} than ${formatShape(x.shape)} has`
      throw new ShapeError(message, { op: 'pad', shapes: [x.shape] })
    }
    if (kept < out.shape[d]) out = narrow(out, d, before, kept)
  }
  return out
}

export interface PadOptions {
  /** Default: 'constant'. */
  mode?: (typeof modes)[number]
  /** What 'constant' pads with. Default: 0. */
  value?: number
}

/**
 * Pads the last dimensions: `pad(x, [left, right, top, bottom])`, the last dimension first. Negative numbers cut off, before the rest.
 * @throws ShapeError if a reflection is as long as its dimension
 * @see https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
 */
export function pad(x: Tensor, padding: readonly number[], options?: PadOptions): Tensor {
  const op = 'pad'
  checkTensor(op, x)
  checkOptions(op, options, ['mode', 'value'])
  checkList(op, 'padding', padding, Number.MIN_SAFE_INTEGER)
  const mode = checkChoice(op, 'mode', options?.mode ?? 'constant', modes)
  if (padding.length % 2 !== 0 || padding.length > 2 * x.shape.length) {
    throw new ShapeError(
      `padding of ${padding.length} numbers does not fit ${formatShape(x.shape)}: two per dimension, the last first`,
      { op, shapes: [x.shape] },
    )
  }
  const value = elementOf(op, options?.value ?? 0, x.dtype)
  let out = cropped(x, padding)
  for (let k = 0; k < padding.length; k += 2) {
    const d = x.shape.length - 1 - k / 2
    const [before, after] = [Math.max(padding[k], 0), Math.max(padding[k + 1], 0)]
    const n = out.shape[d]
    if (mode === 'constant') {
      const block = (size: number) =>
        filled(
          out.shape.map((m, i) => (i === d ? size : m)),
          out.dtype,
          value,
        )
      out = before + after === 0 ? out : cat([block(before), out, block(after)], d)
      continue
    }
    if (
      (n === 0 && before + after > 0) ||
      (mode === 'reflect' && before + after > 0 && Math.max(before, after) >= n) ||
      (mode === 'circular' && Math.max(before, after) > n)
    ) {
      throw new ShapeError(`${mode} padding ${before}, ${after} is too long for dim ${d} of ${formatShape(x.shape)}`, {
        op,
        shapes: [x.shape],
      })
    }
    out = indexSelect(
      out,
      d,
      Array.from({ length: n + before + after }, (_, i) => sourceOf(mode, i - before, n)),
    )
  }
  return apart(out, x)
}

declare module '../tensor/tensor.js' {
  interface Tensor {
    /** Laid side by side, sizes[d] times along each dimension. */
    repeat(sizes: readonly number[]): Tensor
    /** Each element several times in a row. */
    repeatInterleave(repeats: number, dim?: number): Tensor
    /** Turned round along dims. */
    flip(dims: number | readonly number[]): Tensor
    /** Moved on along dims, round the end. */
    roll(shifts: number | readonly number[], dims?: number | readonly number[]): Tensor
    /** The lower triangle of the last two dimensions. */
    tril(options?: { diagonal?: number } | number): Tensor
    /** The upper triangle of the last two dimensions. */
    triu(options?: { diagonal?: number } | number): Tensor
  }
}

const methods = { repeat, repeatInterleave, flip, roll, tril, triu } as unknown as Record<
  string,
  (x: Tensor, ...rest: unknown[]) => Tensor
>
for (const [name, fn] of Object.entries(methods)) {
  ;(Tensor.prototype as unknown as Record<string, unknown>)[name] = function (this: Tensor, ...rest: unknown[]) {
    return fn(this, ...rest)
  }
}
