// LSTMs whose result is projected, h = W_r·(o·tanh(c)), by the kernels of those whose result is not. Sak et al. 2014, arXiv:1402.1128
import { indexCopy } from '../ops/indexing.js'
import { cat, stack } from '../ops/join.js'
import { linear } from '../ops/linear.js'
import { matmul } from '../ops/matmul.js'
import { type RecurrentPlan, recurrent } from '../ops/recurrent.js'
import { filled, tensor } from '../tensor/create.js'
import type { Tensor } from '../tensor/tensor.js'

/** The row of each sequence that a direction reads first. */
function starts(direction: number, { steps, batch }: RecurrentPlan, sizes: readonly number[] | null): Tensor {
  const rows = Int32Array.from({ length: batch }, (_, n) => n)
  if (direction === 1) {
    let first = 0
    for (let t = 0; t < steps; t++) {
      const count = sizes?.[t] ?? batch
      for (let n = 0; n < count; n++) rows[n] = first + n
      first += count
    }
  }
  return tensor(rows)
}

/**
 * Runs a layer on what is projected later: W_h·h = (W_h·W_r)·(o·tanh(c)). The first h has no such form, so it enters as more features
 * of the rows at which its direction starts, under the weights W_h.
 *
 * Shapes: x [N, I], h0 [directions, B, P], c0 [directions, B, H], or both null; weights for each direction: W of x [4H, I], W of h
 * [4H, P], two biases where there are any, W_r [P, H].
 * @param sizes rows of each step where they differ
 * @returns as `recurrent`: y [N, directions·P], hn [directions, B, P], cn
 */
export function projected(
  x: Tensor,
  h0: Tensor | null,
  c0: Tensor | null,
  plan: RecurrentPlan,
  weights: readonly Tensor[],
  sizes: readonly number[] | null,
): Tensor[] {
  const each = weights.length / plan.directions
  const sets = Array.from({ length: plan.directions }, (_, d) => weights.slice(d * each, (d + 1) * each))
  const projections = sets.map(set => set[each - 1])
  const [P, H] = projections[0].shape
  const zeros = (...shape: number[]) => filled(shape, x.dtype, 0)
  const given =
    h0 === null ? [] : sets.map((_, d) => indexCopy(zeros(x.shape[0], P), 0, starts(d, plan, sizes), h0.select(0, d)))
  const inner = sets.flatMap(([Wx, Wh, ...rest], d) => {
    const columns = given.map((_, k) => (k === d ? Wh : zeros(4 * H, P)))
    return [given.length === 0 ? Wx : cat([Wx, ...columns], 1), matmul(Wh, projections[d]), ...rest.slice(0, -1)]
  })
  const input = given.length === 0 ? x : cat([x, ...given], 1)
  const h = h0 === null ? null : zeros(plan.directions, plan.batch, H)
  const [y, hn, cn] = recurrent(input, h, c0, plan, inner)
  const out = projections.map((W, d) => linear(y.narrow(1, d * H, H), W))
  const last = projections.map((W, d) => linear(hn.select(0, d), W))
  return [out.length === 1 ? out[0] : cat(out, 1), stack(last), cn]
}
