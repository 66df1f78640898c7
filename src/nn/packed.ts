// Sequences of different lengths as one: padded to a rectangle, or packed without padding, step after step.
import { checkTensor } from '../autograd/defineOp.js'
import {
  checkChoice,
  checkInteger,
  checkNumber,
  checkOptions,
  DTypeError,
  describe,
  formatShape,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import { sameShape } from '../core/shape.js'
import { indexCopy, indexSelect } from '../ops/indexing.js'
import { stack } from '../ops/join.js'
import { pad } from '../ops/pad.js'
import { filled, tensor } from '../tensor/create.js'
import { Tensor } from '../tensor/tensor.js'

const indices = (list: readonly number[]) => tensor(Int32Array.from(list))

/** What tensors of indices made here hold: a compiled function may not read them. */
const orders = new WeakMap<Tensor, readonly number[]>()

/** A state [layers, N, hidden] with its sequences in another order. */
export function reorder(state: Tensor, order: Tensor | null): Tensor {
  return order === null ? state : indexSelect(state, 1, order)
}

/**
 * Sequences without padding: the first elements of all, then the second elements of those that have one, and so on; longer sequences
 * come first. `packPaddedSequence` and `packSequence` make them, recurrent layers take and give them.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html
 */
export class PackedSequence {
  /** Said here because a bundler renames a class that speaks of itself. */
  static readonly name: string = 'PackedSequence'
  /** All elements: [Σ lengths, *]. */
  readonly data: Tensor
  /** How many sequences have an element at each step. */
  readonly batchSizes: readonly number[]
  /** Where each sequence, in the order of packing, came from, as int32; null where they kept their order. */
  readonly sortedIndices: Tensor | null
  /** Where each sequence, in its own order, was put. */
  readonly unsortedIndices: Tensor | null
  #rows: Tensor | null = null

  constructor(
    data: Tensor,
    batchSizes: readonly number[],
    sortedIndices: Tensor | null = null,
    unsortedIndices: Tensor | null = null,
  ) {
    const op = 'PackedSequence'
    checkTensor(op, data, 'data')
    if (!Array.isArray(batchSizes))
      throw new TypeError(`${op}: batchSizes must be an array of numbers, got ${describe(batchSizes)}`)
    let before = Infinity
    let count = 0
    batchSizes.forEach((n, t) => {
      checkInteger(op, `batchSizes[${t}]`, n, 1)
      if (n > before) throw new ValueError(`batchSizes must not rise, step ${t} has ${n} after ${before}`, { op })
      before = n
      count += n
    })
    if (data.shape[0] !== count || count === 0)
      throw new ShapeError(`data ${formatShape(data.shape)} must have a row for each of ${count} elements`, {
        op,
        shapes: [data.shape],
      })
    this.data = data
    this.batchSizes = Object.freeze([...batchSizes])
    this.sortedIndices = sortedIndices
    this.unsortedIndices = unsortedIndices
  }

  /** @internal The batch sizes as layers' kernels read them. */
  get rows(): Tensor {
    this.#rows ??= indices(this.batchSizes)
    return this.#rows
  }

  /** @internal The same sequences with other elements. */
  withData(data: Tensor): PackedSequence {
    return new PackedSequence(data, this.batchSizes, this.sortedIndices, this.unsortedIndices)
  }
}

/** The longest sequences first, in the order given among equals. */
function byLength(lengths: readonly number[]): number[] {
  return lengths.map((_, i) => i).sort((a, b) => lengths[b] - lengths[a] || a - b)
}

function inverse(order: readonly number[]): number[] {
  const at = new Array<number>(order.length)
  order.forEach((from, to) => {
    at[from] = to
  })
  return at
}

function batchSizesOf(lengths: readonly number[]): number[] {
  return Array.from({ length: Math.max(...lengths) }, (_, t) => lengths.filter(n => n > t).length)
}

function checkLengths(op: string, lengths: unknown, batch: number, most: number): number[] {
  const list = lengths instanceof Tensor ? [...lengths.toTypedArray()] : lengths
  if (!Array.isArray(list))
    throw new TypeError(`${op}: lengths must be an array of numbers or a Tensor, got ${describe(lengths)}`)
  if (list.length !== batch) throw new ShapeError(`there are ${list.length} lengths for ${batch} sequences`, { op })
  for (const [i, n] of list.entries()) {
    checkInteger(op, `length ${i}`, n, 1)
    if (n > most) throw new ValueError(`length ${i} is ${n}, the input has ${most} steps`, { op })
  }
  return list
}

/** Rows of a padded input [L, N, *] in the order of packing: step after step, the longest sequences first. */
function packedRows(
  batchSizes: readonly number[],
  order: readonly number[],
  place: (t: number, n: number) => number,
): Tensor {
  return indices(batchSizes.flatMap((count, t) => order.slice(0, count).map(n => place(t, n))))
}

interface PackOptions {
  /** The input is [N, L, *] and not [L, N, *]. Default: false. */
  batchFirst?: boolean
  /** Refuse lengths that rise; false sorts them. Default: true. */
  enforceSorted?: boolean
}

/**
 * Packs padded sequences. `lengths` is an array of numbers or a Tensor of them.
 * @throws ValueError for a length below 1, beyond the input, or, unless `enforceSorted` is false, above the one before
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_padded_sequence.html
 */
export function packPaddedSequence(
  input: Tensor,
  lengths: readonly number[] | Tensor,
  options?: PackOptions,
): PackedSequence {
  const op = 'packPaddedSequence'
  checkTensor(op, input)
  checkOptions(op, options, ['batchFirst', 'enforceSorted'])
  const { batchFirst = false, enforceSorted = true } = options ?? {}
  if (input.shape.length < 2) {
    throw new ShapeError(`input ${formatShape(input.shape)} must be ${batchFirst ? '[N, L, *]' : '[L, N, *]'}`, {
      op,
      shapes: [input.shape],
    })
  }
  const [steps, batch] = batchFirst ? [input.shape[1], input.shape[0]] : input.shape
  const list = checkLengths(op, lengths, batch, steps)
  if (batch === 0)
    throw new ShapeError(`input ${formatShape(input.shape)} has no sequences`, { op, shapes: [input.shape] })
  if (enforceSorted) {
    for (let i = 1; i < batch; i++) {
      if (list[i] <= list[i - 1]) continue
      const message = `lengths must not rise, length ${i} is ${list[i]} after ${list[i - 1]}; or pass { enforceSorted: false }`
      throw new ValueError(message, { op })
    }
  }
  const order = byLength(list)
  const batchSizes = batchSizesOf(list)
  const rows = packedRows(batchSizes, order, (t, n) => (batchFirst ? n * steps + t : t * batch + n))
  const data = indexSelect(input.reshape([steps * batch, ...input.shape.slice(2)]), 0, rows)
  if (enforceSorted) return new PackedSequence(data, batchSizes)
  const sorted = indices(order)
  orders.set(sorted, order)
  return new PackedSequence(data, batchSizes, sorted, indices(inverse(order)))
}

interface PadPackedOptions {
  /** Give [N, L, *] and not [L, N, *]. Default: false. */
  batchFirst?: boolean
  /** What stands after a sequence's end. Default: 0. */
  paddingValue?: number
  /** L, where it is to be more than the longest sequence has. */
  totalLength?: number
}

function orderOf({ sortedIndices, batchSizes }: PackedSequence): readonly number[] {
  if (sortedIndices === null) return Array.from({ length: batchSizes[0] }, (_, i) => i)
  return orders.get(sortedIndices) ?? [...sortedIndices.toTypedArray()]
}

/**
 * The sequences padded, in their own order, and their lengths.
 * @throws ValueError if `totalLength` is less than the longest sequence has
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_packed_sequence.html
 */
export function padPackedSequence(
  sequence: PackedSequence,
  options?: PadPackedOptions,
): [padded: Tensor, lengths: number[]] {
  const op = 'padPackedSequence'
  if (!(sequence instanceof PackedSequence))
    throw new TypeError(`${op}: expected a PackedSequence, got ${describe(sequence)}`)
  checkOptions(op, options, ['batchFirst', 'paddingValue', 'totalLength'])
  const { data, batchSizes } = sequence
  const longest = batchSizes.length
  const steps = checkInteger(op, 'totalLength', options?.totalLength ?? longest)
  if (steps < longest)
    throw new ValueError(`totalLength is ${steps}, the longest sequence has ${longest} elements`, { op })
  const value = checkNumber(op, 'paddingValue', options?.paddingValue ?? 0)
  const [batch] = batchSizes
  const { batchFirst = false } = options ?? {}
  const order = orderOf(sequence)
  const rows = packedRows(batchSizes, order, (t, n) => (batchFirst ? n * steps + t : t * batch + n))
  const rest = data.shape.slice(1)
  const padded = indexCopy(filled([steps * batch, ...rest], data.dtype, value), 0, rows, data)
  const lengths = new Array<number>(batch)
  order.forEach((n, at) => {
    lengths[n] = batchSizes.filter(count => count > at).length
  })
  return [padded.reshape([...(batchFirst ? [batch, steps] : [steps, batch]), ...rest]), lengths]
}

interface PadOptions {
  /** Give [N, L, *] and not [L, N, *]. Default: false. */
  batchFirst?: boolean
  /** Default: 0. */
  paddingValue?: number
  /** Default: 'right'. */
  paddingSide?: 'right' | 'left'
}

function checkSequences(op: string, sequences: unknown): asserts sequences is readonly Tensor[] {
  if (!Array.isArray(sequences)) throw new TypeError(`${op}: expected an array of Tensors, got ${describe(sequences)}`)
  if (sequences.length === 0) throw new ValueError('there are no sequences', { op })
  sequences.forEach((s, i) => {
    checkTensor(op, s, `sequence ${i}`)
    const { shape, dtype } = s as Tensor
    const first = sequences[0] as Tensor
    if (shape.length === 0) throw new ShapeError(`sequence ${i} is a scalar, it must be [L, *]`, { op })
    if (!sameShape(shape.slice(1), first.shape.slice(1))) {
      const message = `sequence ${i} is ${formatShape(shape)}, it must be ${formatShape(first.shape)} but for its length`
      throw new ShapeError(message, { op, shapes: [first.shape, shape] })
    }
    if (dtype !== first.dtype) throw new DTypeError(`sequence ${i} is ${dtype}, the first one ${first.dtype}`, { op })
  })
}

/**
 * Stacks sequences [L, *] of different lengths, padded to the longest.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html
 */
export function padSequence(sequences: readonly Tensor[], options?: PadOptions): Tensor {
  const op = 'padSequence'
  checkSequences(op, sequences)
  checkOptions(op, options, ['batchFirst', 'paddingValue', 'paddingSide'])
  const value = checkNumber(op, 'paddingValue', options?.paddingValue ?? 0)
  const left = checkChoice(op, 'paddingSide', options?.paddingSide ?? 'right', ['right', 'left']) === 'left'
  const longest = Math.max(...sequences.map(s => s.shape[0]))
  const padded = sequences.map(s => {
    const missing = longest - s.shape[0]
    const inner = new Array<number>(2 * (s.shape.length - 1)).fill(0)
    return missing === 0 ? s : pad(s, [...inner, ...(left ? [missing, 0] : [0, missing])], { value })
  })
  return stack(padded, options?.batchFirst ? 0 : 1)
}

/**
 * Packs sequences [L, *] of different lengths. Default of `enforceSorted`: true.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pack_sequence.html
 */
export function packSequence(sequences: readonly Tensor[], options?: { enforceSorted?: boolean }): PackedSequence {
  checkOptions('packSequence', options, ['enforceSorted'])
  checkSequences('packSequence', sequences)
  return packPaddedSequence(
    padSequence(sequences),
    sequences.map(s => s.shape[0]),
    options,
  )
}

/** The sequences of a padded tensor, cut to their lengths: the inverse of `padSequence`. */
export function unpadSequence(
  padded: Tensor,
  lengths: readonly number[] | Tensor,
  options?: { batchFirst?: boolean },
): Tensor[] {
  const op = 'unpadSequence'
  checkTensor(op, padded, 'padded')
  checkOptions(op, options, ['batchFirst'])
  if (padded.shape.length < 2)
    throw new ShapeError(`the padded tensor ${formatShape(padded.shape)} must have 2 dimensions or more`, {
      op,
      shapes: [padded.shape],
    })
  const first = options?.batchFirst ? padded : padded.transpose(0, 1)
  return checkLengths(op, lengths, first.shape[0], first.shape[1]).map((n, i) => first.select(0, i).narrow(0, 0, n))
}

/** The sequences of a packed one: the inverse of `packSequence`. */
export function unpackSequence(sequence: PackedSequence): Tensor[] {
  const [padded, lengths] = padPackedSequence(sequence)
  return unpadSequence(padded, lengths)
}
