import * as glorot from 'glorot'
import type { Tensor } from 'glorot'
import type { Args, Call, Calls } from '../../harness/golden.js'

const byDims = (name: 'sum' | 'mean' | 'var' | 'std' | 'amax' | 'amin' | 'logsumexp' | 'any' | 'all'): Call => {
  return ({ x }, { transposed, dim, ...options }) => {
    const from = transposed ? x.t() : x
    const fn = (from as unknown as Record<string, (...a: unknown[]) => Tensor>)[name]
    return fn.call(from, dim, options)
  }
}
const placed = (name: 'max' | 'min'): Call => {
  return ({ x }, { dim, ...options }) => {
    if (dim === undefined) return x[name]()
    const [values, indices] = x[name](dim, options)
    return { values, indices }
  }
}
const infinite = (p: number | string) => (p === 'inf' ? Infinity : p === '-inf' ? -Infinity : Number(p))
const pair = ([values, indices]: [Tensor, Tensor]) => ({ values, indices })

export const reduce: Calls = {
  ...Object.fromEntries((['sum', 'mean', 'var', 'std', 'amax', 'amin', 'logsumexp', 'any', 'all'] as const).map(n => [n, byDims(n)])),
  prod: ({ x }, { dim }) => x.prod(dim),
  max: placed('max'),
  min: placed('min'),
  argmax: ({ x }, { dim, ...o }) => x.argmax(dim, o),
  argmin: ({ x }, { dim, ...o }) => x.argmin(dim, o),
  norm: ({ x }, { p, dim, ...o }: Args) => x.norm(infinite(p), dim, o),
  cumsum: ({ x }, { dim }) => x.cumsum(dim),
  cumprod: ({ x }, { dim }) => x.cumprod(dim),
  sort: ({ x }, { dim, ...o }) => pair(x.sort(dim, o)),
  topk: ({ x }, { k, dim }) => pair(x.topk(k, dim)),
  softmax: ({ x }, { dim }) => glorot.softmax(x, dim),
  logSoftmax: ({ x }, { dim }) => glorot.logSoftmax(x, dim),
  softmin: ({ x }, { dim }) => glorot.softmin(x, dim),
  arange: (_, { start, end, step }) => glorot.arange(start, end, step),
  linspace: (_, { start, end, steps }) => glorot.linspace(start, end, steps),
}
