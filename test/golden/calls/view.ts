import type { Tensor } from 'glorot'
import type { Calls } from '../../harness/golden.js'

interface Range {
  dim: number
  start: number
  end: number
  step: number
}
const sliced = (x: Tensor, slices: readonly Range[]) =>
  slices.reduce((y, { dim, start, end, step }) => y.slice(dim, start, end, step), x)

export const view: Calls = {
  transpose: ({ x }, { dim0, dim1 }) => x.transpose(dim0, dim1),
  permute: ({ x }, { dims }) => x.permute(dims),
  reshape: ({ x }, { transposeFirst: t, shape }) => (t ? x.transpose(t[0], t[1]) : x).reshape(shape),
  flatten: ({ x }, args) => x.flatten(args),
  squeeze: ({ x }, { slices, dim }) => sliced(x, slices).squeeze(dim),
  unsqueeze: ({ x }, { dim }) => x.unsqueeze(dim),
  expand: ({ x }, { shape }) => x.expand(shape),
  slice: ({ x }, { slices }) => sliced(x, slices),
  select: ({ x }, { dim, index }) => x.select(dim, index),
  narrow: ({ x }, { dim, start, length }) => x.narrow(dim, start, length),
  diagonal: ({ x }, args) => x.diagonal(args),
  chunk: ({ x }, { chunks, dim }) => x.chunk(chunks, dim),
  split: ({ x }, { sizes, dim }) => x.split(sizes, dim),
  unbind: ({ x }, { dim }) => x.unbind(dim),
}
