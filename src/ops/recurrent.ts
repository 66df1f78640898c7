// One layer of a recurrent network over a whole sequence, in one direction or both: one launch forward and one backward for each.
import { copyOf } from '../autograd/accumulate.js'
import { defineOp } from '../autograd/defineOp.js'
import { kernel, launch, type Operand } from '../core/dispatch.js'
import { dtypes } from '../core/dtype.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'

const RECURRENT = kernel('recurrent')
const RECURRENT_BACKWARD = kernel('recurrentBackward')

/** In the order of native/kernels/recurrent/sequence.h. */
const cells = { tanh: 0, relu: 1, lstm: 2, gru: 3 } as const
const gates = { tanh: 1, relu: 1, lstm: 4, gru: 3 } as const
export type CellKind = keyof typeof cells

/** What a call is beside its tensors. */
export interface RecurrentPlan {
  readonly cell: CellKind
  /** Steps. */
  readonly steps: number
  /** Sequences: rows of each step, or of the first one. */
  readonly batch: number
  readonly biased: boolean
  /** Rows of each step, int32; null where all have `batch`. */
  readonly rows: Tensor | null
  /** 2: also from the end to the beginning. */
  readonly directions: 1 | 2
}

const dense = (x: Tensor) => (x.customStrides === null ? x : copyOf(x))

/** x from element `at` on. */
function from(x: Tensor, at: number): Operand {
  return at === 0 ? x : { storage: x.storage, byteOffset: x.byteOffset + at * dtypes[x.dtype].bytes }
}

function sizesOf(x: Tensor, hidden: number, plan: RecurrentPlan, reverse: number, started: boolean): number[] {
  const { cell, steps, batch, biased, rows, directions } = plan
  const [N, I] = x.shape
  const flags = [reverse, started ? 1 : 0, biased ? 1 : 0, rows === null ? 0 : 1]
  return [cells[cell], N, steps, batch, I, hidden, directions * hidden, ...flags]
}

const recurrentOp = defineOp('recurrent', {
  forward(ctx, x: Tensor, h0: Tensor | null, c0: Tensor | null, plan: RecurrentPlan, ...weights: Tensor[]): Tensor[] {
    const { cell, batch, biased, rows, directions } = plan
    const { dtype } = x
    const N = x.shape[0]
    const H = weights[1].shape[1]
    const [input, h, c] = [dense(x), h0 && dense(h0), c0 && dense(c0)]
    const y = emptyTensor([N, directions * H], dtype)
    const hn = emptyTensor([directions, batch, H], dtype)
    const cn = cell === 'lstm' ? emptyTensor([directions, batch, H], dtype) : null
    const kept: Tensor[] = []
    const each = weights.length / directions
    for (let d = 0; d < directions; d++) {
      const [Wx, Wh, bx, bh] = weights.slice(d * each, (d + 1) * each).map(dense)
      const state = d * batch * H
      const activations = emptyTensor([N, gates[cell] * H], dtype)
      const keeps = cell === 'lstm' ? 2 : 1
      const more = cell === 'lstm' || cell === 'gru' ? emptyTensor([keeps * N, H], dtype) : activations
      const buffers = [
        input,
        Wx,
        Wh,
        from(h ?? hn, state),
        from(c ?? h ?? hn, state),
        from(y, d * H),
        activations,
        more,
      ]
      buffers.push(from(hn, state), from(cn ?? hn, state))
      if (biased) buffers.push(bx, bh)
      if (rows !== null) buffers.push(rows)
      launch(RECURRENT, dtype, buffers, sizesOf(x, H, plan, d, h !== null))
      kept.push(activations, more)
    }
    ctx.save(input, h, c, y, rows, ...kept, ...weights)
    ctx.owns(...kept)
    ctx.extra = plan
    return cn === null ? [y, hn] : [y, hn, cn]
  },
  backward(ctx, dy, dhn, dcn) {
    const [x, h, c, y, rows, ...rest] = ctx.saved as (Tensor | null)[] as [
      Tensor,
      Tensor | null,
      Tensor | null,
      ...Tensor[],
    ]
    const plan: RecurrentPlan = ctx.extra
    const { cell, batch, biased, directions } = plan
    const { dtype } = x
    const weights = rest.slice(2 * directions)
    const H = weights[1].shape[1]
    const each = weights.length / directions
    const [gradY, gradH, gradC] = [dense(dy), dense(dhn), cell === 'lstm' ? dense(dcn) : null]
    const dh0 = emptyTensor(gradH.shape, dtype)
    const dc0 = gradC === null ? null : emptyTensor(gradC.shape, dtype)
    const dx = ctx.needs(0) ? emptyTensor(x.shape, dtype) : null
    const dWeights: (Tensor | null)[] = []
    for (let d = 0; d < directions; d++) {
      const [activations, more] = rest.slice(2 * d)
      const [Wx, Wh] = weights.slice(d * each).map(dense)
      const state = d * batch * H
      const buffers = [x, Wx, Wh, from(h ?? dh0, state), from(c ?? h ?? dh0, state), from(y, d * H), activations, more]
      buffers.push(
        from(gradY, d * H),
        from(gradH, state),
        from(gradC ?? gradH, state),
        from(dh0, state),
        from(dc0 ?? dh0, state),
      )
      // Among the tensors of a call weights follow x, h0 and c0.
      const needs = (i: number) => ctx.needs(3 + d * each + i)
      const biases = biased && (needs(2) || needs(3))
      const wanted = [needs(0), needs(1), biases, biases].slice(0, each)
      const gradients = wanted.map((want, i) => (want ? emptyTensor(weights[d * each + i].shape, dtype) : null))
      const flags = (dx === null ? 0 : 1) + (needs(0) ? 2 : 0) + (needs(1) ? 4 : 0) + (biases ? 8 : 0)
      for (const g of [dx, ...gradients]) if (g !== null) buffers.push(g)
      dWeights.push(...gradients)
      if (rows !== null) buffers.push(rows)
      launch(RECURRENT_BACKWARD, dtype, buffers, [...sizesOf(x, H, plan, d, h !== null), flags, d])
    }
    return [dx, h === null ? null : dh0, c === null ? null : dc0, ...dWeights]
  },
})

/**
 * Runs a layer. Shapes: x [N, I] with the rows of each step after those of the step before, h0 and c0 [directions, B, H] or null for
 * zeros, weights as PyTorch has them for each direction: W of x [gates·H, I], W of h [gates·H, H], then two biases where there are any.
 * @returns y [N, directions·H], hn [directions, B, H], and cn of an LSTM
 */
export function recurrent(
  x: Tensor,
  h0: Tensor | null,
  c0: Tensor | null,
  plan: RecurrentPlan,
  weights: Tensor[],
): Tensor[] {
  return recurrentOp(x, h0, c0, plan, ...weights)
}
