// What an optimizer remembers of one parameter: a block of memory that a launch takes as one buffer, and tensors on its parts.
import { dtypes } from '../core/dtype.js'
import { allocateBytes, allocated, Storage } from '../core/storage.js'
import { Tensor } from '../tensor/tensor.js'

// native/kernels/optim/sweep.h: 16 float32 scalars, the first of them the number of steps; then arrays, padded to 64 bytes.
const ALIGN = 64

/** A part of the state: its name in state dicts and the value that it starts with. */
export interface Part {
  readonly name: string
  readonly initial: number
}

export class StateBlock {
  readonly storage: Storage
  readonly byteOffset: number
  /** The parts by name; `step` is a 0-d tensor, arrays have the shape of the parameter. */
  readonly tensors: Readonly<Record<string, Tensor>>
  readonly arrays: readonly Part[]

  constructor(parameter: Tensor, scalars: readonly Part[], arrays: readonly Part[]) {
    const width = dtypes[parameter.dtype].bytes
    const stride = Math.ceil((parameter.count * width) / ALIGN) * ALIGN
    const bytes = ALIGN + arrays.length * stride
    this.storage = new Storage(allocateBytes(bytes))
    this.byteOffset = allocated.at
    this.arrays = arrays
    this.storage.bytes.fill(0, this.byteOffset, this.byteOffset + bytes)
    const tensors: Record<string, Tensor> = {}
    scalars.forEach(({ name, initial }, k) => {
      tensors[name] = new Tensor(this.storage, this.byteOffset + 4 * k, [], null, 'float32')
      tensors[name].typedArray()[0] = initial
    })
    arrays.forEach(({ name, initial }, k) => {
      const at = this.byteOffset + ALIGN + k * stride
      tensors[name] = new Tensor(this.storage, at, parameter.shape, null, parameter.dtype)
      if (initial !== 0) tensors[name].typedArray().fill(initial)
    })
    this.tensors = tensors
  }

  /** Whether a launch can take the block as the state of p with these arrays. */
  fits(p: Tensor, arrays: readonly Part[]): boolean {
    return (
      arrays.length === this.arrays.length &&
      arrays.every(({ name }, k) => name === this.arrays[k].name && this.tensors[name].dtype === p.dtype)
    )
  }

  /** Takes over the values of parts that `other` has too. */
  adopt(other: Readonly<Record<string, Tensor>>): this {
    for (const [name, mine] of Object.entries(this.tensors)) {
      const theirs = other[name]
      if (theirs !== undefined) mine.typedArray().set(theirs.toTypedArray())
    }
    return this
  }
}
