// Multi-head attention.
import { checkTensor } from '../autograd/defineOp.js'
import {
  checkFlag,
  checkInteger,
  checkNumber,
  checkOptions,
  DTypeError,
  formatShape,
  ShapeError,
  ValueError,
} from '../core/errors.js'
import { sameShape } from '../core/shape.js'
import { attention, selfAttention } from '../ops/attention.js'
import { dropout } from '../ops/dropout.js'
import { cat } from '../ops/join.js'
import { linear } from '../ops/linear.js'
import { filled } from '../tensor/create.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'
import { attentionWeights, hiding, inRows } from './functional/attention.js'
import * as init from './init.js'
import { Linear } from './linear.js'
import { Module } from './module.js'
import { Parameter } from './parameter.js'

export interface MultiheadAttentionOptions {
  /** Of the weights, in training. Default: 0. */
  dropout?: number
  /** Default: true. */
  bias?: boolean
  /** Learned rows after keys and values. Default: false. */
  addBiasKv?: boolean
  /** A row of zeros after keys and values. Default: false. */
  addZeroAttn?: boolean
  /** Features of keys. Default: embedDim. */
  kdim?: number | null
  /** Features of values. Default: embedDim. */
  vdim?: number | null
  /** Inputs and results are [N, L, *] and not [L, N, *]. Default: false. */
  batchFirst?: boolean
}

export interface MultiheadAttentionCall {
  /** [N, S], or [S]: true, or -inf, where a key is not looked at. */
  keyPaddingMask?: Tensor | null
  /** Give the weights too; without them nothing of the size L x S is kept. Default: true. */
  needWeights?: boolean
  /** [L, S] or [N·heads, L, S]: added to the scores, or true where a key is not looked at. */
  attnMask?: Tensor | null
  /** The weights' mean over heads. Default: true. */
  averageAttnWeights?: boolean
  /** Queries look at no later key; stands for an attnMask that says so. Default: false. */
  isCausal?: boolean
}

/** PyTorch prints the projection of the result under this name. */
class NonDynamicallyQuantizableLinear extends Linear {}

/** Keys and values, or their masks, one longer. */
type Row = (like: Tensor) => Tensor

/**
 * MultiHead(Q, K, V) = concat(head_1, …)·W_O, head_i = attention(Q·W_i^Q, K·W_i^K, V·W_i^V). Vaswani et al. 2017, arXiv:1706.03762
 *
 * Shapes: query [L, N, embedDim], key [S, N, kdim], value [S, N, vdim], result [L, N, embedDim] and weights [N, L, S], or [N, heads, L, S];
 * N comes first with `batchFirst`, and may be absent. Weights start Xavier-uniform, biases at 0.
 *
 * ```ts
 * const [output, weights] = attention.forward(query, key, value, { keyPaddingMask })
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
 */
export class MultiheadAttention extends Module {
  readonly embedDim: number
  readonly numHeads: number
  readonly kdim: number
  readonly vdim: number
  readonly dropout: number
  readonly batchFirst: boolean
  readonly addZeroAttn: boolean
  in_proj_weight: Parameter | null
  q_proj_weight: Parameter | null
  k_proj_weight: Parameter | null
  v_proj_weight: Parameter | null
  in_proj_bias: Parameter | null
  bias_k: Parameter | null
  bias_v: Parameter | null
  out_proj: Linear

  constructor(embedDim: number, numHeads: number, options?: MultiheadAttentionOptions) {
    super()
    const op = 'MultiheadAttention'
    checkOptions(op, options, ['dropout', 'bias', 'addBiasKv', 'addZeroAttn', 'kdim', 'vdim', 'batchFirst'])
    const { bias = true, addBiasKv = false, addZeroAttn = false, batchFirst = false } = options ?? {}
    for (const [what, flag] of Object.entries({ bias, addBiasKv, addZeroAttn, batchFirst })) checkFlag(op, what, flag)
    this.embedDim = checkInteger(op, 'embedDim', embedDim, 1)
    this.numHeads = checkInteger(op, 'numHeads', numHeads, 1)
    if (embedDim % numHeads !== 0)
      throw new ValueError(`embedDim ${embedDim} is not divisible by numHeads ${numHeads}`, { op })
    this.kdim = checkInteger(op, 'kdim', options?.kdim ?? embedDim, 1)
    this.vdim = checkInteger(op, 'vdim', options?.vdim ?? embedDim, 1)
    this.dropout = checkNumber(op, 'dropout', options?.dropout ?? 0, 0, 1)
    this.batchFirst = batchFirst
    this.addZeroAttn = addZeroAttn
    const make = (...shape: number[]) => new Parameter(emptyTensor(shape, 'float32'))
    const joined = this.kdim === embedDim && this.vdim === embedDim
    this.in_proj_weight = joined ? make(3 * embedDim, embedDim) : null
    this.q_proj_weight = joined ? null : make(embedDim, embedDim)
    this.k_proj_weight = joined ? null : make(embedDim, this.kdim)
    this.v_proj_weight = joined ? null : make(embedDim, this.vdim)
    this.in_proj_bias = bias ? make(3 * embedDim) : null
    this.bias_k = addBiasKv ? make(1, 1, embedDim) : null
    this.bias_v = addBiasKv ? make(1, 1, embedDim) : null
    this.out_proj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, { bias })
    this.resetParameters()
  }

  /** Draws all parameters anew but those of `out_proj`, whose bias becomes 0. */
  resetParameters(): void {
    for (const w of [this.in_proj_weight, this.q_proj_weight, this.k_proj_weight, this.v_proj_weight])
      if (w !== null) init.xavierUniform_(w)
    for (const b of [this.in_proj_bias, this.out_proj.bias]) if (b !== null) init.zeros_(b)
    for (const b of [this.bias_k, this.bias_v]) if (b !== null) init.xavierNormal_(b)
  }

  /** The projections of the inputs, and the products of queries with keys and of weights with values. */
  override multiplyAdds([query, key, value]: readonly Tensor[]): number {
    const { embedDim: E } = this
    const [q, k, v] = [query.count / E, key.count / this.kdim, value.count / this.vdim]
    const steps = this.batchFirst || query.shape.length === 2 ? query.shape.length - 2 : 0
    const projected = q * E * E + k * E * this.kdim + v * E * this.vdim
    const constants = this.in_proj_bias === null ? 0 : E * (q + k + v)
    return projected + constants + 2 * q * key.shape[steps] * E
  }

  private checkInputs(query: Tensor, key: Tensor, value: Tensor): void {
    const op = 'MultiheadAttention'
    const expected = { query: this.embedDim, key: this.kdim, value: this.vdim }
    const names = { query: 'embedDim', key: 'kdim', value: 'vdim' }
    const dims = query?.shape?.length
    const given = { query, key, value }
    for (const what of ['query', 'key', 'value'] as const) {
      const x = given[what]
      checkTensor(op, x, what)
      const { shape } = x
      if ((dims !== 2 && dims !== 3) || shape.length !== dims) {
        const order = this.batchFirst ? '[N, L, features]' : '[L, N, features]'
        const like = what === 'query' ? '' : `, as query ${formatShape(query.shape)} is`
        throw new ShapeError(
          `${what} ${formatShape(shape)} must be ${order}, or [L, features] without a batch${like}`,
          { op, shapes: [shape] },
        )
      }
      const features = shape[dims - 1]
      if (features !== expected[what])
        throw new ShapeError(
          `${what} ${formatShape(shape)} has ${features} features, the layer expects ${names[what]} ${expected[what]}`,
          { op, shapes: [shape] },
        )
      if (x.dtype !== this.out_proj.weight.dtype)
        throw new DTypeError(
          `${what} is ${x.dtype}, the weights are ${this.out_proj.weight.dtype}; convert one with .to(dtype)`,
          { op },
        )
    }
    if (!sameShape(key.shape.slice(0, -1), value.shape.slice(0, -1)))
      throw new ShapeError(
        `key ${formatShape(key.shape)} and value ${formatShape(value.shape)} differ in length or batch`,
        { op, shapes: [key.shape, value.shape] },
      )
    if (dims === 3) {
      const batch = this.batchFirst ? 0 : 1
      if (query.shape[batch] !== key.shape[batch]) {
        const message = `query ${formatShape(query.shape)} is a batch of ${query.shape[batch]}, key ${formatShape(key.shape)} of ${key.shape[batch]}`
        throw new ShapeError(message, { op, shapes: [query.shape, key.shape] })
      }
    }
  }

  /** An additive mask from one that is bool or additive. */
  private additive(what: string, mask: Tensor, shapes: readonly (readonly number[])[], dtype: Tensor['dtype']): Tensor {
    const op = 'MultiheadAttention'
    checkTensor(op, mask, what)
    if (!shapes.some(shape => sameShape(mask.shape, shape))) {
      const message = `${what} is ${formatShape(mask.shape)}, it must be ${shapes.map(formatShape).join(' or ')}`
      throw new ShapeError(message, { op, shapes: [mask.shape] })
    }
    if (mask.dtype === 'bool') return hiding(mask, dtype)
    if (mask.dtype !== dtype) throw new DTypeError(`${what} is ${mask.dtype}, it must be bool or ${dtype}`, { op })
    return mask
  }

  /** Both masks as one that broadcasts to [N, heads, L, S]; null where there is none. */
  private maskOf(
    N: number,
    L: number,
    S: number,
    dtype: Tensor['dtype'],
    call: MultiheadAttentionCall,
    batched: boolean,
  ): Tensor | null {
    const { numHeads } = this
    let mask: Tensor | null = null
    if (call.attnMask !== undefined && call.attnMask !== null) {
      mask = this.additive(
        'attnMask',
        call.attnMask,
        [
          [L, S],
          [N * numHeads, L, S],
        ],
        dtype,
      )
      if (mask.shape.length === 3) mask = mask.reshape([N, numHeads, L, S])
    }
    if (call.keyPaddingMask === undefined || call.keyPaddingMask === null) return mask
    const padding = this.additive('keyPaddingMask', call.keyPaddingMask, [batched ? [N, S] : [S]], dtype).reshape([
      N,
      1,
      1,
      S,
    ])
    return mask === null ? padding : mask.add(padding)
  }

  /** Queries, keys and values, in the order of the inputs. */
  private project(query: Tensor, key: Tensor, value: Tensor): Tensor[] {
    const { embedDim: E, in_proj_weight: joined, in_proj_bias } = this
    const biases = in_proj_bias === null ? [null, null, null] : in_proj_bias.chunk(3, 0)
    if (joined === null) {
      const weights = [this.q_proj_weight!, this.k_proj_weight!, this.v_proj_weight!]
      return [query, key, value].map((x, i) => linear(x, weights[i], biases[i]))
    }
    if (query === key && key === value) return linear(query, joined, in_proj_bias).chunk(3, -1)
    if (key !== value) return [query, key, value].map((x, i) => linear(x, joined.narrow(0, i * E, E), biases[i]))
    const bias = in_proj_bias === null ? [null, null] : [in_proj_bias.narrow(0, 0, E), in_proj_bias.narrow(0, E, 2 * E)]
    const q = linear(query, joined.narrow(0, 0, E), bias[0])
    return [q, ...linear(key, joined.narrow(0, E, 2 * E), bias[1]).chunk(2, -1)]
  }

  /** [L, N, heads·E] or [N, L, heads·E] as [N, heads, L, E]. */
  private heads(x: Tensor): Tensor {
    const { numHeads } = this
    const parts = x.unflatten(-1, [numHeads, x.shape[2] / numHeads])
    return parts.permute(this.batchFirst ? [0, 2, 1, 3] : [1, 2, 0, 3])
  }

  /** Keys and values with the rows that options ask for, and the mask to go with them. */
  private lengthened(k: Tensor, v: Tensor, mask: Tensor | null): [Tensor, Tensor, Tensor | null] {
    const steps = this.batchFirst ? 1 : 0
    const row = (x: Tensor) => (this.batchFirst ? [x.shape[0], 1, x.shape[2]] : [1, x.shape[1], x.shape[2]])
    const rows: [Row, Row][] = []
    const { bias_k, bias_v } = this
    if (bias_k !== null && bias_v !== null) rows.push([x => bias_k.expand(row(x)), x => bias_v.expand(row(x))])
    const zeros: Row = x => filled(row(x), x.dtype, 0)
    if (this.addZeroAttn) rows.push([zeros, zeros])
    if (rows.length === 0) return [k, v, mask]
    const open =
      mask === null
        ? null
        : cat([mask, filled([...mask.shape.slice(0, -1), rows.length], mask.dtype, 0)], mask.shape.length - 1)
    return [cat([k, ...rows.map(([of]) => of(k))], steps), cat([v, ...rows.map(([, of]) => of(v))], steps), open]
  }

  override forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options?: MultiheadAttentionCall,
  ): [output: Tensor, weights: Tensor | null] {
    const op = 'MultiheadAttention'
    checkOptions(op, options, ['keyPaddingMask', 'needWeights', 'attnMask', 'averageAttnWeights', 'isCausal'])
    const { needWeights = true, averageAttnWeights = true, isCausal = false } = options ?? {}
    for (const [what, flag] of Object.entries({ needWeights, averageAttnWeights, isCausal })) checkFlag(op, what, flag)
    this.checkInputs(query, key, value)
    const batched = query.shape.length === 3
    if (!batched) {
      const outer = (x: Tensor) => x.unsqueeze(this.batchFirst ? 0 : 1)
      const same = query === key && key === value
      const q = outer(query)
      const k = same ? q : outer(key)
      const [output, weights] = this.attend(
        q,
        k,
        same ? q : key === value ? k : outer(value),
        options ?? {},
        needWeights,
        averageAttnWeights,
        isCausal,
        false,
      )
      return [output.squeeze(this.batchFirst ? 0 : 1), weights?.squeeze(0) ?? null]
    }
    return this.attend(query, key, value, options ?? {}, needWeights, averageAttnWeights, isCausal, true)
  }

  private attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    call: MultiheadAttentionCall,
    needWeights: boolean,
    average: boolean,
    causal: boolean,
    batched: boolean,
  ): [Tensor, Tensor | null] {
    const { numHeads, batchFirst } = this
    const steps = batchFirst ? 1 : 0
    const [N, L, S] = [query.shape[1 - steps], query.shape[steps], key.shape[steps]]
    const given = this.maskOf(N, L, S, query.dtype, call, batched)
    // An explicit mask says all that isCausal would.
    const isCausal = causal && (call.attnMask ?? null) === null
    const p = this.training ? this.dropout : 0
    const scale = 1 / Math.sqrt(this.embedDim / numHeads)
    const plain = this.bias_k === null && !this.addZeroAttn
    const plan = { scale, causal: isCausal, p, result: batchFirst ? ('batchFirst' as const) : ('stepsFirst' as const) }
    const fused = !needWeights && p < 1 && given?.requiresGrad !== true && (plain || !isCausal)
    const asMask = (mask: Tensor | null, keys: number) => mask && inRows(mask.expand([N, numHeads, L, keys]))
    if (fused && plain && query === key && key === value && this.in_proj_weight !== null) {
      const qkv = linear(query, this.in_proj_weight, this.in_proj_bias)
      return [this.out_proj.forward(selfAttention(qkv, asMask(given, S), numHeads, plan)), null]
    }
    const [q, k0, v0] = this.project(query, key, value)
    const early = isCausal && !plain ? hiding(filled([L, S], 'bool', 1).triu(1), query.dtype) : null
    const full = early === null ? given : given === null ? early : given.add(early)
    const [k, v, mask] = this.lengthened(k0, v0, full)
    const [hq, hk, hv] = [q, k, v].map(x => this.heads(x))
    if (fused) return [this.out_proj.forward(attention(hq, hk, hv, asMask(mask, k.shape[steps]), plan)), null]
    const weights = dropout(attentionWeights(hq, hk, mask, isCausal && plain, scale), { p })
    const joined = weights.matmul(hv).permute(batchFirst ? [0, 2, 1, 3] : [2, 0, 1, 3])
    const output = this.out_proj.forward(joined.reshape(query.shape))
    if (!needWeights) return [output, null]
    return [output, average ? weights.mean(1) : weights]
  }

  override _label(): string {
    return `MultiheadAttention ${this.embedDim}, ${this.numHeads} heads`
  }
}
