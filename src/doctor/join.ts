// Batches, one after the other, as one tensor.
import { noGrad } from '../autograd/mode.js'
import { cat } from '../ops/join.js'
import type { Tensor } from '../tensor/tensor.js'

export const join = (parts: readonly Tensor[]): Tensor =>
  parts.length === 1
    ? parts[0].detach()
    : noGrad(() =>
        cat(
          parts.map(p => p.detach()),
          0,
        ),
      )
