import * as g from 'glorot'
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
  repeat: ({ x }, { sizes }) => x.repeat(sizes),
  repeatInterleave: ({ x }, { repeats, dim }) => x.repeatInterleave(repeats, dim),
  flip: ({ x }, { dims }) => x.flip(dims),
  roll: ({ x }, { shifts, dim }) => x.roll(shifts, dim),
  tril: ({ x }, args) => x.tril(args),
  triu: ({ x }, args) => x.triu(args),
  indexSelect: ({ x, index }, { dim }) => x.indexSelect(dim, index),
  gather: ({ x, index }, { dim }) => x.gather(dim, index),
  scatterAdd: ({ x, index, src }, { dim }) => x.scatterAdd(dim, index, src),
  indexAdd: ({ x, index, src }, { dim }) => x.indexAdd(dim, index, src),
  index: ({ x, i, j }) => x.index(i, j),
  maskedFill: ({ x, mask }, { value }) => x.maskedFill(mask, value),
  maskedSelect: ({ x, mask }) => x.maskedSelect(mask),
  cat: ({ x, y, z }, { dim }) => g.cat(z === undefined ? [x, y] : [x, y, z], dim),
  stack: ({ x, y }, { dim }) => g.stack([x, y], dim),
  pad: ({ x }, { pad, mode, value }) => g.nn.functional.pad(x, pad, { mode, value }),
  oneHot: ({ x }, { numClasses }) => g.nn.functional.oneHot(x, numClasses),
  arange: (_, { start, end, step }) => g.arange(start, end, step),
  linspace: (_, { start, end, steps }) => g.linspace(start, end, steps),
}

const expressions: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  'sigmoid(x*x+x)@x': x => x.mul(x).add(x).sigmoid().matmul(x),
  'sum(x/y-log(y)*detach(x))': (x, y) => x.div(y).sub(y.log().mul(x.detach())).sum(),
  'mean(tanh(cat([x,2x],0)[1:3]))': x => g.cat([x, x.mul(2)]).slice(0, 1, 3).tanh().mean(),
  '(x-mean(x,0))/std(x,0)': x => x.sub(x.mean(0)).div(x.std(0)),
}

export const composite: Calls = { composite: ({ x, y }, { expression }) => expressions[expression](x, y) }
