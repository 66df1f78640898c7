// Element types: their code in a launch, their size, their typed array, and PyTorch's promotion among them.

export type DType = 'float32' | 'float64' | 'int32' | 'bool'
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array

interface DTypeInfo {
  /** Position in native/launch.h DType. */
  readonly code: number
  readonly bytes: number
  readonly array: Float32ArrayConstructor | Float64ArrayConstructor | Int32ArrayConstructor | Uint8ArrayConstructor
  /** bool < int32 < float32 < float64 */
  readonly rank: number
}

export const dtypes: Readonly<Record<DType, DTypeInfo>> = {
  float32: { code: 0, bytes: 4, array: Float32Array, rank: 2 },
  float64: { code: 1, bytes: 8, array: Float64Array, rank: 3 },
  int32: { code: 2, bytes: 4, array: Int32Array, rank: 1 },
  bool: { code: 3, bytes: 1, array: Uint8Array, rank: 0 },
}

export const dtypeNames = Object.keys(dtypes) as DType[]

export function isFloating(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64'
}

/** The dtype two tensors meet in: the higher of bool < int32 < float32 < float64. */
export function promote(a: DType, b: DType): DType {
  return dtypes[a].rank >= dtypes[b].rank ? a : b
}

/** The dtype a tensor and a JavaScript number meet in: only a fraction lifts an integer tensor, to float32. */
export function promoteScalar(dtype: DType, value: number): DType {
  if (isFloating(dtype)) return dtype
  if (!Number.isInteger(value)) return 'float32'
  return 'int32'
}
