// Norm of many gradients together, and clipping them in place. The coefficient stays in memory: a recorded step clips by the norm of
// its own gradients.
import { copyOf } from '../autograd/accumulate.js'
import { copyElements } from '../autograd/inplace.js'
import { kernel, launch, maxBuffers } from '../core/dispatch.js'
import type { DType } from '../core/dtype.js'
import { emptyTensor, type Tensor, viewOf } from '../tensor/tensor.js'
import { cast } from './cast.js'

const NORMS = kernel('norms')
const TOTAL = kernel('totalNorm')
const SCALE = kernel('scaleAll')
const CLAMP = kernel('clampAll')

const most = maxBuffers - 1

/** Tensors of one dtype, cut into as many as a launch takes: each once, as its threads change them at the same time. */
function* launchable(tensors: readonly Tensor[]): Generator<[DType, Tensor[]]> {
  for (const dtype of new Set(tensors.map(t => t.dtype))) {
    let piece = new Set<Tensor>()
    for (const t of tensors) {
      if (t.dtype !== dtype) continue
      if (piece.size === most || piece.has(t)) {
        yield [dtype, [...piece]]
        piece = new Set()
      }
      piece.add(t)
    }
    yield [dtype, [...piece]]
  }
}

/** Runs `change` on the tensors, or on copies of those that are not contiguous, which are copied back. */
function changing(tensors: readonly Tensor[], change: (dtype: DType, some: readonly Tensor[]) => void): void {
  for (const [dtype, some] of launchable(tensors)) {
    const dense = some.map(t => (t.isContiguous() ? t : copyOf(t)))
    change(dtype, dense)
    some.forEach((t, i) => {
      if (dense[i] !== t) copyElements(dense[i], t)
      t.storage.version++
    })
  }
}

const counts = (tensors: readonly Tensor[]) => tensors.map(t => t.count)

/**
 * Scales the tensors so that their p-norm together is at most `maxNorm`. Returns what it was: the norm of their norms, as PyTorch
 * computes it.
 * @param refuse throw where the norm is not finite
 */
export function clipNorm(tensors: readonly Tensor[], maxNorm: number, p: number, refuse: boolean): Tensor {
  const wide: DType = tensors.some(t => t.dtype === 'float64') ? 'float64' : 'float32'
  const norms = emptyTensor([tensors.length], wide)
  let at = 0
  for (const [dtype, some] of launchable(tensors)) {
    const dense = some.map(t => (t.isContiguous() ? t : copyOf(t)))
    if (dtype === wide) launch(NORMS, dtype, [norms, ...dense], [some.length, at, ...counts(dense)], [p])
    else {
      const narrow = emptyTensor([some.length], dtype)
      launch(NORMS, dtype, [narrow, ...dense], [some.length, 0, ...counts(dense)], [p])
      copyElements(cast(narrow, wide), viewOf(norms, [some.length], [1], at))
    }
    at += some.length
  }
  const total = emptyTensor([], wide)
  const coefficient = emptyTensor([], wide)
  launch(TOTAL, wide, [norms, total, coefficient], [tensors.length, refuse ? 1 : 0], [p, maxNorm])
  changing(tensors, (dtype, some) => {
    launch(SCALE, dtype, [cast(coefficient, dtype), ...some], [some.length, ...counts(some)])
  })
  return total
}

/** Clamps every element of the tensors to ±value. */
export function clipValue(tensors: readonly Tensor[], value: number): void {
  changing(tensors, (dtype, some) => {
    launch(CLAMP, dtype, some, [some.length, ...counts(some)], [value])
  })
}

/** @internal The p-norm of one contiguous tensor as a number. */
export function normOf(x: Tensor, p: number): number {
  const out = emptyTensor([1], x.dtype)
  launch(NORMS, x.dtype, [out, x], [1, 0, x.count], [p])
  return out.item()
}
