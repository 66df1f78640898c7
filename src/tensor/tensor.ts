// Tensor: typed, strided memory with what autograd keeps about it. It knows no operation: each file under ops/ adds its methods.
import type { Node } from '../autograd/node.js'
import { type DType, dtypes, type TypedArray } from '../core/dtype.js'
import { checkFlag, DTypeError, describe, formatShape, LaunchError, ShapeError, ValueError } from '../core/errors.js'
import { changed, recording } from '../core/recording.js'
import { contiguousStrides, isContiguous, numel, resolveDim, type Shape, sameShape } from '../core/shape.js'
import { allocateBytes, allocated, recycle, Storage } from '../core/storage.js'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** @internal How autograd makes a view's node anew; autograd/inplace.ts sets it, so that the arrow from there to here stays one-way. */
export const viewHooks: { rebuild: (view: Tensor) => void } = { rebuild: () => {} }

export class Tensor {
  /** Said here because a bundler renames a class that speaks of itself. */
  static readonly name: string = 'Tensor'
  /** @internal Memory shared with views. */
  readonly storage: Storage
  /** @internal Where the first element is, in bytes from the start of the storage. */
  readonly byteOffset: number
  /** Size of each dimension; empty for a scalar. */
  readonly shape: Shape
  /** Element type. */
  readonly dtype: DType
  /** @internal Number of elements. */
  readonly count: number
  /** @internal Null where the elements lie in row-major order without gaps. */
  readonly customStrides: readonly number[] | null

  /** @internal The node whose output this is; null for a leaf. */
  node: Node | null = null
  /** @internal Which output of `node`. */
  outputIndex = 0
  /** @internal A leaf's own flag. */
  leafRequiresGrad = false
  /** @internal A leaf's node in the graph, made when first needed. */
  accumulator: Node | null = null
  /** @internal The tensor this is a view of, and that one's node when this view's node was made. */
  base: Tensor | null = null
  baseNode: Node | null = null
  /** @internal What `grad` gives. */
  gradient: Tensor | null = null
  /** @internal Whether nobody was given it yet: its memory is used again when it is dropped. */
  ownsGradient = false

  /** @internal Use `tensor`, `zeros`, `empty` … */
  constructor(storage: Storage, byteOffset: number, shape: Shape, strides: readonly number[] | null, dtype: DType) {
    this.storage = storage
    this.byteOffset = byteOffset
    this.shape = shape
    this.dtype = dtype
    this.count = numel(shape)
    this.customStrides = strides
  }

  /** Steps between neighbours along each dimension, in elements. */
  get strides(): readonly number[] {
    return this.customStrides ?? contiguousStrides(this.shape)
  }

  /** Position of the first element in the shared storage, in elements. */
  storageOffset(): number {
    return this.byteOffset / dtypes[this.dtype].bytes
  }

  /** True where the elements lie in row-major order without gaps. */
  isContiguous(): boolean {
    return this.customStrides === null
  }

  /** The shape, or one dimension of it. */
  size(): Shape
  size(dim: number): number
  size(dim?: number): Shape | number {
    return dim === undefined ? this.shape : this.shape[resolveDim('size', dim, this.shape.length)]
  }

  /** Number of dimensions. */
  dim(): number {
    return this.shape.length
  }

  /** Number of elements. */
  numel(): number {
    return this.count
  }

  // --- values -----------------------------------------------------------------------------------------------------------

  /**
   * The elements without a copy: an array on this tensor's own memory, so writing to it writes to the tensor.
   * @throws ValueError if the tensor is not contiguous; `x.contiguous().typedArray()` copies first
   */
  typedArray(): TypedArray {
    if (this.customStrides !== null) {
      const message = 'the tensor is not contiguous; use x.contiguous().typedArray() or x.toTypedArray()'
      throw new ValueError(message, { op: 'typedArray', shapes: [this.shape] })
    }
    return this.window('typedArray', this.count)
  }

  /** The elements in row-major order, copied. */
  toTypedArray(): TypedArray {
    if (this.customStrides === null) return this.typedArray().slice()
    const { shape, customStrides: strides } = this
    const out = new dtypes[this.dtype].array(this.count)
    if (this.count === 0) return out
    const all = this.window(
      'toTypedArray',
      shape.reduce((last, size, d) => last + (size - 1) * strides[d], 1),
    )
    const index = new Array<number>(shape.length).fill(0)
    let at = 0
    for (let i = 0; i < this.count; i++) {
      out[i] = all[at]
      for (let d = shape.length - 1; d >= 0; d--) {
        at += strides[d]
        if (++index[d] < shape[d]) break
        at -= strides[d] * shape[d]
        index[d] = 0
      }
    }
    return out
  }

  /** n elements of the storage from this tensor's first one on. */
  private window(op: string, n: number): TypedArray {
    recording.active?.valuesUsed(this)
    const { bytes } = this.storage
    try {
      return new dtypes[this.dtype].array(bytes.buffer as ArrayBuffer, bytes.byteOffset + this.byteOffset, n)
    } catch (cause) {
      throw new LaunchError('the memory of the tensor was detached or has shrunk', { op, shapes: [this.shape], cause })
    }
  }

  /**
   * The one element of the tensor as a number (a bool gives 0 or 1).
   * @throws ShapeError if there is not exactly one
   */
  item(): number {
    if (this.count !== 1) {
      const message = `only a tensor of one element has an item, this one is ${formatShape(this.shape)}`
      throw new ShapeError(message, { op: 'item', shapes: [this.shape] })
    }
    return this.window('item', 1)[0]
  }

  /** The elements as nested arrays; a scalar gives its value. bool gives true and false. */
  // biome-ignore lint/suspicious/noExplicitAny: the nesting depth is known at run time only
  tolist(): any {
    const flat = this.toTypedArray()
    const isBool = this.dtype === 'bool'
    let at = 0
    const nest = (d: number): unknown => {
      if (d < this.shape.length) return Array.from({ length: this.shape[d] }, () => nest(d + 1))
      const value = flat[at++]
      return isBool ? value !== 0 : value
    }
    return nest(0)
  }

  // --- autograd ---------------------------------------------------------------------------------------------------------

  /** The node that made this tensor, null for a leaf. */
  get gradFn(): Node | null {
    if (this.base !== null && this.base.node !== this.baseNode) viewHooks.rebuild(this)
    return this.node
  }

  /** True where no recorded operation made this tensor: its gradient is kept in `grad`. */
  get isLeaf(): boolean {
    return this.gradFn === null
  }

  /** Whether operations on this tensor are recorded for `backward`. May be set on leaves. */
  get requiresGrad(): boolean {
    if (recording.active !== null && this.gradFn === null) recording.active.leafUsed(this, this.leafRequiresGrad)
    return this.gradFn !== null || this.leafRequiresGrad
  }

  set requiresGrad(flag: boolean) {
    this.requiresGrad_(checkFlag('requiresGrad', 'it', flag))
  }

  /**
   * Starts or stops recording on a leaf.
   * @throws ValueError on a tensor that an operation made; DTypeError on integers
   */
  requiresGrad_(flag = true): this {
    checkFlag('requiresGrad_', 'flag', flag)
    if (flag && this.dtype !== 'float32' && this.dtype !== 'float64') {
      throw new DTypeError(`only floating tensors have gradients, this one is ${this.dtype}`, { op: 'requiresGrad_' })
    }
    if (!this.isLeaf) {
      if (flag) return this
      throw new ValueError('only a leaf can stop requiring gradients; x.detach() gives the values outside the graph', {
        op: 'requiresGrad_',
      })
    }
    this.leafRequiresGrad = flag
    return this
  }

  /** Gradient that `backward` accumulated, or null. Assignable, also null. */
  get grad(): Tensor | null {
    this.ownsGradient = false
    return peekGrad(this)
  }

  set grad(value: Tensor | null | undefined) {
    if (value === null || value === undefined) {
      keepGrad(this, null)
      return
    }
    if (!(value instanceof Tensor)) throw new TypeError(`grad: expected a Tensor or null, got ${describe(value)}`)
    if (!sameShape(value.shape, this.shape)) {
      const message = `a gradient of shape ${formatShape(value.shape)} does not fit a tensor of shape ${formatShape(this.shape)}`
      throw new ShapeError(message, { op: 'grad', shapes: [value.shape, this.shape] })
    }
    if (value.dtype !== this.dtype) {
      throw new DTypeError(`a gradient of dtype ${value.dtype} does not fit a tensor of dtype ${this.dtype}`, {
        op: 'grad',
      })
    }
    keepGrad(this, value)
    this.ownsGradient = false
  }

  /** The same memory outside the graph. */
  detach(): Tensor {
    return new Tensor(this.storage, this.byteOffset, this.shape, this.customStrides, this.dtype)
  }

  /** The same memory outside the graph, as `detach()`. Assigning a tensor of the same shape makes this one use its memory. */
  get data(): Tensor {
    return this.detach()
  }

  set data(other: Tensor) {
    if (!(other instanceof Tensor)) throw new TypeError(`data: expected a Tensor, got ${describe(other)}`)
    if (!sameShape(other.shape, this.shape)) {
      const message = `data of shape ${formatShape(other.shape)} does not fit a tensor of shape ${formatShape(this.shape)}`
      throw new ShapeError(message, { op: 'data', shapes: [other.shape, this.shape] })
    }
    if (this.leafRequiresGrad && other.dtype !== 'float32' && other.dtype !== 'float64')
      throw new DTypeError(`data of ${other.dtype} does not fit a tensor that requires gradients`, { op: 'data' })
    // Only of tensors that are no views does a recording know where they are.
    if (this.base !== null) changed()
    const self = this as Mutable<Tensor>
    self.storage = other.storage
    self.byteOffset = other.byteOffset
    self.customStrides = other.customStrides
    self.dtype = other.dtype
  }
}

/** Gives the memory of x back where all of it is x's. The caller knows that nobody else holds it. */
export function recycleTensor(x: Tensor): void {
  if (x.storage.bytes.length === x.count * dtypes[x.dtype].bytes) recycle(x.storage)
}

/** `x.grad` for a use that is over before it changes. */
export function peekGrad(x: Tensor): Tensor | null {
  if (recording.active !== null) {
    recording.active.gradUsed(x, x.gradient, false)
    x.ownsGradient = false
  }
  return x.gradient
}

/** Makes a tensor that nobody else holds `x.grad`. */
export function keepGrad(x: Tensor, grad: Tensor | null): void {
  if (recording.active !== null) recording.active.gradUsed(x, x.gradient, true)
  if (x.ownsGradient) recycleTensor(x.gradient!)
  x.gradient = grad
  x.ownsGradient = grad !== null && recording.active === null
}

/** A new contiguous tensor of uninitialised memory: the caller writes all of it before anyone reads. */
export function emptyTensor(shape: Shape, dtype: DType): Tensor {
  const length = numel(shape) * dtypes[dtype].bytes
  let bytes: Uint8Array
  try {
    bytes = allocateBytes(length)
  } catch (cause) {
    throw new ValueError(`there is no memory for a tensor ${formatShape(shape)} of ${dtype}, ${length} bytes`, {
      cause,
    })
  }
  const storage = new Storage(bytes)
  if (recording.active !== null) recording.active.made(storage, allocated.at, length)
  return new Tensor(storage, allocated.at, shape, null, dtype)
}

/** A view on the memory of `x`; `offset` in elements from its first one. */
export function viewOf(x: Tensor, shape: Shape, strides: readonly number[], offset: number): Tensor {
  // A part of nothing may lie past the end of its memory, which no launch accepts.
  const at = x.byteOffset + (x.count === 0 ? 0 : offset * dtypes[x.dtype].bytes)
  const view = new Tensor(x.storage, at, shape, isContiguous(shape, strides) ? null : strides, x.dtype)
  view.base = x.base ?? x
  view.baseNode = view.base.node
  return view
}
