// Making tensors from JavaScript data and from constants.
import { kernel, launch } from '../core/dispatch.js'
import { type DType, dtypeNames, dtypes, isFloating, type TypedArray } from '../core/dtype.js'
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
import { recording, unrecorded } from '../core/recording.js'
import { checkShape, numel, type Shape } from '../core/shape.js'
import { Storage } from '../core/storage.js'
import { emptyTensor, Tensor } from './tensor.js'

const FILL = kernel('fill')
const ARANGE = kernel('arange')
const LINSPACE = kernel('linspace')
const EYE = kernel('eye')

export interface CreateOptions {
  /** Element type. Default: 'float32', or that of the data. */
  dtype?: DType
  /** Record operations on the tensor for backward. Default: false. */
  requiresGrad?: boolean
}

export type Data = number | boolean | bigint | ArrayLike<number> | BigInt64Array | readonly Data[]

const created = ['dtype', 'requiresGrad'] as const

/** Checks the options of a creation function and finishes what it made. */
export function withOptions(
  op: string,
  options: CreateOptions | undefined,
  fallback: DType,
  make: (dtype: DType) => Tensor,
): Tensor {
  if (options === undefined) return make(fallback)
  checkOptions(op, options, created)
  const dtype = options.dtype === undefined ? fallback : checkChoice(op, 'dtype', options.dtype, dtypeNames)
  if (options.requiresGrad && !isFloating(dtype)) {
    throw new DTypeError(`only floating tensors have gradients, this one would be ${dtype}`, { op })
  }
  const out = make(dtype)
  return options.requiresGrad ? out.requiresGrad_() : out
}

/** A tensor of `shape` with every element set to `value`. */
export function filled(shape: Shape, dtype: DType, value: number): Tensor {
  const out = emptyTensor(shape, dtype)
  launch(FILL, dtype, [out], [out.count], [value])
  return out
}

/** A tensor of zeros: `zeros([2, 3])`. */
export function zeros(shape: readonly number[], options?: CreateOptions): Tensor {
  const checked = checkShape('zeros', shape)
  return withOptions('zeros', options, 'float32', dtype => filled(checked, dtype, 0))
}

/** A tensor of ones. */
export function ones(shape: readonly number[], options?: CreateOptions): Tensor {
  const checked = checkShape('ones', shape)
  return withOptions('ones', options, 'float32', dtype => filled(checked, dtype, 1))
}

/** A tensor with every element `value`. A boolean value makes it bool. */
export function full(shape: readonly number[], value: number | boolean, options?: CreateOptions): Tensor {
  const checked = checkShape('full', shape)
  if (typeof value !== 'number' && typeof value !== 'boolean') {
    throw new TypeError(`full: value must be a number or boolean, got ${describe(value)}`)
  }
  return withOptions('full', options, typeof value === 'boolean' ? 'bool' : 'float32', dtype => {
    const v = dtype === 'bool' ? Number(Boolean(value)) : Number(value)
    return filled(checked, dtype, dtype === 'int32' ? checkInt32('full', v) : v)
  })
}

/** A tensor of uninitialised memory, as in PyTorch: whatever was there before. Write it before you read it. */
export function empty(shape: readonly number[], options?: CreateOptions): Tensor {
  const checked = checkShape('empty', shape)
  return withOptions('empty', options, 'float32', dtype => emptyTensor(checked, dtype))
}

/**
 * start, start + step, … below end: `arange(5)`, `arange(1, 5)`, `arange(0, 1, 0.25)`. float32 unless a dtype is given.
 * @throws ValueError if the step is 0 or leads away from end
 */
export function arange(end: number, options?: CreateOptions): Tensor
export function arange(start: number, end: number, options?: CreateOptions): Tensor
export function arange(start: number, end: number, step: number, options?: CreateOptions): Tensor
export function arange(first: number, ...rest: (number | CreateOptions | undefined)[]): Tensor {
  const op = 'arange'
  const options = typeof rest.at(-1) === 'number' ? undefined : (rest.pop() as CreateOptions | undefined)
  const numbers = [first, ...rest] as number[]
  if (numbers.length > 3) throw new TypeError(`${op}: takes start, end and step, got ${numbers.length} numbers`)
  const [start, end] = numbers.length === 1 ? [0, numbers[0]] : numbers
  const step = numbers[2] ?? 1
  for (const [what, v] of Object.entries({ start, end, step })) {
    checkNumber(op, what, v, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  }
  if (step === 0 || (end - start) / step < 0) {
    throw new ValueError(`a step of ${step} does not lead from ${start} to ${end}`, { op })
  }
  const [n] = checkShape(op, [Math.ceil((end - start) / step)])
  return withOptions(op, options, 'float32', dtype => {
    const out = emptyTensor([n], dtype)
    launch(ARANGE, dtype, [out], [n], [start, step])
    return out
  })
}

/** `steps` numbers from start to end, evenly spaced, both included. */
export function linspace(start: number, end: number, steps: number, options?: CreateOptions): Tensor {
  const op = 'linspace'
  checkNumber(op, 'start', start)
  checkNumber(op, 'end', end)
  checkInteger(op, 'steps', steps)
  return withOptions(op, options, 'float32', dtype => {
    const out = emptyTensor([steps], dtype)
    launch(LINSPACE, dtype, [out], [steps], [start, end])
    return out
  })
}

/** 1 on the diagonal, else 0: n rows and, unless `m` is given, n columns. */
export function eye(n: number, m?: number | CreateOptions, options?: CreateOptions): Tensor {
  const square = m === undefined || (typeof m === 'object' && options === undefined)
  const shape = checkShape('eye', [n, square ? n : (m as number)])
  return withOptions('eye', typeof m === 'object' ? m : options, 'float32', dtype => {
    const out = emptyTensor(shape, dtype)
    launch(EYE, dtype, [out], shape)
    return out
  })
}

function like(op: string, x: unknown): Tensor {
  if (!(x instanceof Tensor)) throw new TypeError(`${op}: expected a Tensor, got ${describe(x)}`)
  return x
}

/** Options whose dtype, unless they say another, is that of x. */
export function sameDType<O extends CreateOptions>(op: string, x: Tensor, options: O | undefined): O {
  if (options !== undefined && (typeof options !== 'object' || options === null)) checkOptions(op, options, created)
  return { dtype: x.dtype, ...options } as O
}

/** Zeros of the shape and dtype of x. */
export function zerosLike(x: Tensor, options?: CreateOptions): Tensor {
  return zeros(like('zerosLike', x).shape, sameDType('zerosLike', x, options))
}
/** Ones of the shape and dtype of x. */
export function onesLike(x: Tensor, options?: CreateOptions): Tensor {
  return ones(like('onesLike', x).shape, sameDType('onesLike', x, options))
}
/** `value` in the shape and dtype of x. */
export function fullLike(x: Tensor, value: number | boolean, options?: CreateOptions): Tensor {
  return full(like('fullLike', x).shape, value, sameDType('fullLike', x, options))
}
/** Uninitialised memory of the shape and dtype of x; see `empty`. */
export function emptyLike(x: Tensor, options?: CreateOptions): Tensor {
  return empty(like('emptyLike', x).shape, sameDType('emptyLike', x, options))
}

/** Throws unless v is a whole number of int32. */
function checkInt32(op: string, v: number, what = 'the value'): number {
  if (v === (v | 0)) return v
  const why = Number.isInteger(v) ? 'does not fit int32' : 'is not a whole number, which int32 needs'
  throw new ValueError(`${what} ${v} ${why}`, { op })
}

/** The shape of nested arrays, if they are regular. */
export function nestedShape(op: string, data: unknown): number[] {
  const shape: number[] = []
  for (let level: unknown = data; Array.isArray(level) || ArrayBuffer.isView(level); level = (level as unknown[])[0]) {
    shape.push((level as unknown[]).length)
    if ((level as unknown[]).length === 0) break
    // One that holds itself has no end.
    if (shape.length > 64) throw new ShapeError('the arrays are nested deeper than 64 levels', { op })
  }
  return shape
}

/** Shape and flat values of nested arrays. */
function flattenData(data: readonly Data[]): { shape: number[]; flat: (number | boolean | bigint)[] } {
  const shape = nestedShape('tensor', data)
  const flat: (number | boolean | bigint)[] = []
  const walk = (level: unknown, d: number, where: string): void => {
    if (d === shape.length) {
      if (typeof level !== 'number' && typeof level !== 'boolean' && typeof level !== 'bigint') {
        if (Array.isArray(level))
          throw new ShapeError(
            `the nested arrays are ragged: ${where} is ${describe(level)}, the first has a number there`,
            { op: 'tensor' },
          )
        throw new TypeError(`tensor: data${where} must be a number or boolean, got ${describe(level)}`)
      }
      flat.push(level)
      return
    }
    const row = level as ArrayLike<unknown>
    const isRow = Array.isArray(level) || ArrayBuffer.isView(level)
    if (!isRow || row.length !== shape[d]) {
      const got = isRow ? `${row.length} elements` : describe(level)
      throw new ShapeError(
        `the nested arrays are ragged: data${where} has ${got}, the first one there has ${shape[d]}`,
        { op: 'tensor' },
      )
    }
    for (let i = 0; i < row.length; i++) walk(row[i], d + 1, `${where}[${i}]`)
  }
  walk(data, 0, '')
  return { shape, flat }
}

function isTypedArray(x: unknown): x is TypedArray | BigInt64Array {
  return ArrayBuffer.isView(x) && !(x instanceof DataView)
}

function dtypeOf(array: unknown): DType {
  if (array instanceof Float64Array) return 'float64'
  if (array instanceof Float32Array) return 'float32'
  return 'int32'
}

/**
 * A tensor that JavaScript writes. Within a recorded function it is written once: every replay starts from a copy of that, as launches
 * may change it in place.
 */
function written(shape: Shape, dtype: DType, write: (to: TypedArray) => void): Tensor {
  const out = unrecorded(() => {
    const fresh = emptyTensor(shape, dtype)
    write(fresh.typedArray())
    return fresh
  })
  if (recording.active === null) return out
  recording.active.wrote(out.storage, out.byteOffset, out.count * dtypes[dtype].bytes)
  return constant.copy(out)
}

/** Copying by a launch; autograd/accumulate.ts sets it, so that the arrow from there to here stays one-way. */
export const constant: { copy: (x: Tensor) => Tensor } = { copy: x => x }

/** Writes plain values; whole numbers of any size and bools are checked against an integer dtype. */
function store(flat: ArrayLike<number | boolean | bigint>, shape: Shape, dtype: DType): Tensor {
  return written(shape, dtype, to => put(flat, dtype, to))
}

function put(flat: ArrayLike<number | boolean | bigint>, dtype: DType, to: TypedArray): void {
  for (let i = 0; i < flat.length; i++) {
    const v = Number(flat[i])
    if (dtype === 'int32') checkInt32('tensor', v, `element ${i}:`)
    to[i] = dtype === 'bool' ? Number(v !== 0) : v
  }
}

/**
 * A tensor with a copy of `data`: a number or boolean, nested arrays of them, or a typed array (one dimension).
 * The dtype follows the data: numbers float32, booleans bool, Float64Array float64, integer arrays int32.
 * @throws ShapeError if nested arrays are ragged; ValueError if a value does not fit an integer dtype
 */
export function tensor(data: Data | Tensor, options?: CreateOptions): Tensor {
  if (data instanceof Tensor)
    return withOptions('tensor', options, data.dtype, dtype => data.detach().to(dtype).clone().detach())
  if (isTypedArray(data)) {
    return withOptions('tensor', options, dtypeOf(data), dtype => {
      if (dtypes[dtype].array === (data.constructor as unknown) && dtype !== 'bool')
        return written([data.length], dtype, to => to.set(data as TypedArray))
      return store(data as ArrayLike<number>, [data.length], dtype)
    })
  }
  if (typeof data === 'number' || typeof data === 'boolean' || typeof data === 'bigint') {
    return withOptions('tensor', options, typeof data === 'boolean' ? 'bool' : 'float32', dtype =>
      store([data], [], dtype),
    )
  }
  if (!Array.isArray(data))
    throw new TypeError(`tensor: data must be a number, nested arrays or a typed array, got ${describe(data)}`)
  const { shape, flat } = flattenData(data)
  const fallback = flat.length > 0 && flat.every(v => typeof v === 'boolean') ? 'bool' : 'float32'
  return withOptions('tensor', options, fallback, dtype => store(flat, shape, dtype))
}

/**
 * A tensor on the memory of `array`, without a copy: each sees what the other writes.
 * @param shape default: one dimension
 * @throws TypeError if the array is of another kind or shared between threads; ShapeError if its length does not fit
 */
export function fromTypedArray(array: TypedArray, shape?: readonly number[]): Tensor {
  const op = 'fromTypedArray'
  const dtype =
    array instanceof Float32Array
      ? 'float32'
      : array instanceof Float64Array
        ? 'float64'
        : array instanceof Int32Array
          ? 'int32'
          : undefined
  if (dtype === undefined)
    throw new TypeError(`${op}: expected a Float32Array, Float64Array or Int32Array, got ${describe(array)}`)
  if (!(array.buffer instanceof ArrayBuffer)) {
    throw new TypeError(
      `${op}: the array is on a SharedArrayBuffer, which another thread may change during a computation; copy it with tensor(array)`,
    )
  }
  const checked = shape === undefined ? [array.length] : checkShape(op, shape)
  if (numel(checked) !== array.length) {
    throw new ShapeError(
      `shape ${formatShape(checked)} needs ${numel(checked)} elements, the array has ${array.length}${array.length === 0 ? ' (empty or detached)' : ''}`,
      { op, shapes: [checked] },
    )
  }
  return new Tensor(
    new Storage(new Uint8Array(array.buffer, array.byteOffset, array.byteLength)),
    0,
    checked,
    null,
    dtype,
  )
}
