// Scaled dot-product attention in one launch forward and one backward; neither holds the scores as a whole.
import { copyOf } from '../autograd/accumulate.js'
import { defineOp } from '../autograd/defineOp.js'
import { kernel, launch, type Operand } from '../core/dispatch.js'
import { dtypes } from '../core/dtype.js'
import { defaultGenerator } from '../tensor/generator.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'

const ATTENTION = kernel('attention')
const ATTENTION_BACKWARD = kernel('attentionBackward')
const BERNOULLI = kernel('bernoulli')

/** What a call is beside its tensors. */
export interface AttentionPlan {
  readonly scale: number
  readonly causal: boolean
  /** Of dropout, in [0, 1). */
  readonly p: number
  /** How the result lies: [N, heads, L, D], [N, L, heads·D] or [L, N, heads·D]. */
  readonly result: 'heads' | 'batchFirst' | 'stepsFirst'
}

type Steps = readonly [batch: number, head: number, row: number]
/** Where heads are in memory. */
interface Heads {
  readonly at: Operand
  readonly steps: Steps
}
/** N, heads, heads that share keys and values, L, S, E, D. */
type Extents = readonly number[]

const dense = (x: Tensor) => (x.customStrides === null ? x : copyOf(x))

/** [N, heads, rows, columns] with its columns side by side. */
function headsOf(x: Tensor): Heads {
  const from = x.shape[3] > 1 && x.strides[3] !== 1 ? copyOf(x) : x
  const [batch, head, row] = from.strides
  return { at: from, steps: [batch, head, row] }
}

/** Heads side by side in rows of [N, L, width] or [L, N, width], from column `column` on. */
function headsIn(x: Tensor, batchFirst: boolean, size: number, column: number): Heads {
  const [first, second] = [x.shape[1] * x.shape[2], x.shape[2]]
  const byteOffset = x.byteOffset + column * dtypes[x.dtype].bytes
  return { at: { storage: x.storage, byteOffset }, steps: batchFirst ? [first, size, second] : [second, size, first] }
}

function emptyResult([N, heads, , L, , , D]: Extents, { result }: AttentionPlan, dtype: Tensor['dtype']): Tensor {
  if (result === 'heads') return emptyTensor([N, heads, L, D], dtype)
  return emptyTensor(result === 'batchFirst' ? [N, L, heads * D] : [L, N, heads * D], dtype)
}

/** The result's heads, or those of its gradient. */
function resultHeads(out: Tensor, extents: Extents, { result }: AttentionPlan): Heads {
  return result === 'heads' ? headsOf(out) : headsIn(out, result === 'batchFirst', extents[6], 0)
}

interface Kept {
  readonly out: Tensor
  readonly lse: Tensor
  readonly noise: Tensor | null
}

function sizesOf(
  extents: Extents,
  { causal }: AttentionPlan,
  mask: Tensor | null,
  noise: Tensor | null,
  layouts: readonly Steps[],
): number[] {
  const masks = mask === null ? [0, 0, 0] : mask.strides.slice(0, 3)
  return [...extents, causal ? 1 : 0, mask === null ? 0 : 1, noise === null ? 0 : 1, ...layouts.flat(), ...masks]
}

const some = (...tensors: (Tensor | null)[]) => tensors.filter(t => t !== null)

function forwardLaunch(
  q: Heads,
  k: Heads,
  v: Heads,
  mask: Tensor | null,
  extents: Extents,
  plan: AttentionPlan,
  dtype: Tensor['dtype'],
): Kept {
  const [N, heads, , L, S] = extents
  const { p } = plan
  const out = emptyResult(extents, plan, dtype)
  const lse = emptyTensor([N, heads, L], dtype)
  const noise = p > 0 && N * heads * L * S > 0 ? emptyTensor([N, heads, L, S], 'bool') : null
  if (noise !== null) launch(BERNOULLI, 'bool', [defaultGenerator.state, noise], [noise.count], [1 - p, 1])
  const o = resultHeads(out, extents, plan)
  const buffers = [q.at, k.at, v.at, o.at, lse, ...some(mask, noise)]
  const sizes = sizesOf(extents, plan, mask, noise, [q.steps, k.steps, v.steps, o.steps])
  launch(ATTENTION, dtype, buffers, sizes, [plan.scale, 1 / (1 - p)])
  return { out, lse, noise }
}

function backwardLaunch(
  [q, k, v]: readonly Heads[],
  [dq, dk, dv]: readonly Heads[],
  grad: Tensor,
  mask: Tensor | null,
  { out, lse, noise }: Kept,
  extents: Extents,
  plan: AttentionPlan,
): void {
  const o = resultHeads(out, extents, plan)
  const g = resultHeads(grad, extents, plan)
  const buffers = [q.at, k.at, v.at, o.at, lse, g.at, dq.at, dk.at, dv.at, ...some(mask, noise)]
  const sizes = sizesOf(extents, plan, mask, noise, [q.steps, k.steps, v.steps, o.steps])
  sizes.push(...g.steps, ...dq.steps, ...dk.steps, ...dv.steps)
  launch(ATTENTION_BACKWARD, out.dtype, buffers, sizes, [plan.scale, 1 / (1 - plan.p)])
}

function extentsOf(q: Tensor, k: Tensor, v: Tensor): Extents {
  const [N, heads, L, E] = q.shape
  return [N, heads, heads / (k.shape[1] || 1), L, k.shape[2], E, v.shape[3]]
}

/** q [N, heads, L, E], k [N, heads/group, S, E], v [N, heads/group, S, D], any strides; mask [N, heads, L, S], its last stride 1. */
const attentionOp = defineOp('scaledDotProductAttention', {
  forward(ctx, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null, plan: AttentionPlan) {
    const kept = forwardLaunch(headsOf(q), headsOf(k), headsOf(v), mask, extentsOf(q, k, v), plan, q.dtype)
    ctx.save(q, k, v, mask, kept.out, kept.lse, kept.noise)
    ctx.owns(kept.lse, kept.noise)
    ctx.extra = plan
    return kept.out
  },
  backward(ctx, grad) {
    const [q, k, v, mask, out, lse, noise] = ctx.saved
    const gradients = [q, k, v].map(x => emptyTensor(x.shape, x.dtype))
    const heads = [q, k, v].map(headsOf)
    backwardLaunch(heads, gradients.map(headsOf), dense(grad), mask, { out, lse, noise }, extentsOf(q, k, v), ctx.extra)
    return gradients
  },
})

/** The same of queries, keys and values side by side: [N, L, 3·heads·E], or [L, N, 3·heads·E] as the plan's result. */
const selfAttentionOp = defineOp('selfAttention', {
  forward(ctx, x: Tensor, mask: Tensor | null, heads: number, plan: AttentionPlan) {
    const qkv = dense(x)
    const [extents, all] = partsOf(qkv, heads, plan)
    const kept = forwardLaunch(all[0], all[1], all[2], mask, extents, plan, x.dtype)
    ctx.save(qkv, mask, kept.out, kept.lse, kept.noise)
    ctx.owns(kept.lse, kept.noise)
    ctx.extra = { heads, plan }
    return kept.out
  },
  backward(ctx, grad) {
    const [qkv, mask, out, lse, noise] = ctx.saved
    const { heads, plan } = ctx.extra
    const slopes = emptyTensor(qkv.shape, qkv.dtype)
    const [extents, all] = partsOf(qkv, heads, plan)
    backwardLaunch(all, partsOf(slopes, heads, plan)[1], dense(grad), mask, { out, lse, noise }, extents, plan)
    return [slopes, null]
  },
})

function partsOf(qkv: Tensor, heads: number, { result }: AttentionPlan): [Extents, Heads[]] {
  const batchFirst = result === 'batchFirst'
  const [first, second, width] = qkv.shape
  const [N, L, E] = [batchFirst ? first : second, batchFirst ? second : first, width / 3 / heads]
  return [[N, heads, 1, L, L, E, E], [0, 1, 2].map(i => headsIn(qkv, batchFirst, E, (i * width) / 3))]
}

export const attention: (q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null, plan: AttentionPlan) => Tensor =
  attentionOp
export const selfAttention: (qkv: Tensor, mask: Tensor | null, heads: number, plan: AttentionPlan) => Tensor =
  selfAttentionOp
