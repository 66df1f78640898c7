import * as glorot from 'glorot'
import type { Calls } from '../../harness/golden.js'

export const indexing: Calls = {
  indexSelect: ({ x, index }, { dim }) => x.indexSelect(dim, index),
  gather: ({ x, index }, { dim }) => x.gather(dim, index),
  scatterAdd: ({ x, index, src }, { dim }) => x.scatterAdd(dim, index, src),
  indexAdd: ({ x, index, src }, { dim }) => x.indexAdd(dim, index, src),
  index: ({ x, i, j }) => x.index([i, j]),
  maskedFill: ({ x, mask }, { value }) => x.maskedFill(mask, value),
  maskedSelect: ({ x, mask }) => x.maskedSelect(mask),
  cat: (tensors, { dim }) => glorot.cat(Object.values(tensors), dim),
  stack: (tensors, { dim }) => glorot.stack(Object.values(tensors), dim),
  repeat: ({ x }, { sizes }) => x.repeat(sizes),
  repeatInterleave: ({ x }, { repeats, dim }) => x.repeatInterleave(repeats, dim),
  flip: ({ x }, { dims }) => x.flip(dims),
  roll: ({ x }, { shifts, dim }) => x.roll(shifts, dim),
  tril: ({ x }, args) => x.tril(args),
  triu: ({ x }, args) => x.triu(args),
  pad: ({ x }, { pad, ...options }) => glorot.pad(x, pad, options),
  oneHot: ({ x }, { numClasses }) => glorot.oneHot(x, numClasses),
  einsum: ({ x, y }, { equation }) => glorot.einsum(equation, x, y),
  composite: ({ x, y }, { expression }) => {
    if (expression === 'sigmoid(x*x+x)@x') return x.mul(x).add(x).sigmoid().matmul(x)
    if (expression === 'sum(x/y-log(y)*detach(x))') return x.div(y).sub(y.log().mul(x.detach())).sum()
    if (expression === 'mean(tanh(cat([x,2x],0)[1:3]))') return glorot.cat([x, x.mul(2)], 0).at('1:3').tanh().mean()
    if (expression === '(x-mean(x,0))/std(x,0)') return x.sub(x.mean(0)).div(x.std(0))
    throw new Error(`no such expression: ${expression}`)
  },
}
