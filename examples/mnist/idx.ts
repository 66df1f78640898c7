// IDX files, the format of the MNIST digits: two bytes of zero, a byte for the type, a byte for the number of dimensions, each dimension
// as a big-endian uint32, then the elements. http://yann.lecun.com/exdb/mnist/
import { gunzipSync } from 'node:zlib'

export interface Idx {
  readonly shape: readonly number[]
  /** Row by row, the last dimension fastest. */
  readonly data: Uint8Array
}

const UNSIGNED_BYTE = 0x08

const isGzip = (file: Uint8Array) => file[0] === 0x1f && file[1] === 0x8b
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/**
 * Reads an IDX file of bytes with `dims` dimensions, gzipped or not.
 * @param name what errors call the file
 * @throws Error that says what is wrong with the file
 */
export function readIdx(name: string, file: Uint8Array, dims: number): Idx {
  const fail = (what: string, cause?: unknown) => new Error(`${name}: ${what}`, { cause })
  let bytes = file
  try {
    if (isGzip(file)) bytes = gunzipSync(file)
  } catch (cause) {
    throw fail(`damaged gzip, ${(cause as Error).message}`, cause)
  }
  if (bytes.length < 4) throw fail(`not an IDX file, it has ${bytes.length} bytes`)
  if (bytes[0] !== 0 || bytes[1] !== 0) throw fail(`not an IDX file, it starts with 0x${hex(bytes.subarray(0, 4))}`)
  if (bytes[2] !== UNSIGNED_BYTE) throw fail(`elements of type 0x${hex(bytes.subarray(2, 3))}, expected 0x08 (bytes)`)
  if (bytes[3] !== dims) throw fail(`${bytes[3]} dimensions, expected ${dims}`)

  const start = 4 + 4 * dims
  if (bytes.length < start) throw fail(`ends within its header, after ${bytes.length} of ${start} bytes`)
  const header = new DataView(bytes.buffer, bytes.byteOffset, start)
  const shape = Array.from({ length: dims }, (_, d) => header.getUint32(4 + 4 * d))
  const count = shape.reduce((product, size) => product * size, 1)
  const data = bytes.subarray(start)
  if (data.length !== count) throw fail(`${shape.join(' x ')} elements make ${count} bytes, it has ${data.length}`)
  return { shape, data }
}
