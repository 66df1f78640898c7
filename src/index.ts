// The public names; nothing else is here.
import './autograd/methods.js'
import './ops/cast.js'
import './ops/fill.js'

export * as autograd from './autograd/index.js'
export { enableGrad, isGradEnabled, noGrad } from './autograd/mode.js'
export { type Compiled, type CompileOptions, compile } from './compile/compile.js'
export type { EpochOptions } from './compile/epochs.js'
export type { DType, TypedArray } from './core/dtype.js'
export {
  AutogradError,
  CompileError,
  DTypeError,
  GlorotError,
  IndexError,
  LaunchError,
  ShapeError,
  StateDictError,
  ValueError,
} from './core/errors.js'
export { type BuildInfo, buildInfo, getNumThreads, setNumThreads } from './core/info.js'
export * as data from './data/index.js'
export * as nn from './nn/index.js'
export { type ModelSummary, type SummaryColumn, type SummaryOptions, type SummaryRow, summary } from './nn/summary.js'
export {
  celu,
  elu,
  gelu,
  hardshrink,
  hardsigmoid,
  hardswish,
  hardtanh,
  leakyRelu,
  logSigmoid,
  mish,
  relu,
  relu6,
  selu,
  silu,
  softplus,
  softshrink,
  softsign,
  tanhshrink,
  threshold,
} from './ops/activation.js'
export { add, type DivOptions, div, mul, rsub, sub } from './ops/arithmetic.js'
export { clamp, clampMax, clampMin, maximum, minimum } from './ops/bounds.js'
export { broadcastTo, expand } from './ops/broadcast.js'
export { type AddcOptions, addcdiv, addcmul, lerp, maskedFill, where } from './ops/choice.js'
export {
  allclose,
  type CloseOptions,
  eq,
  equal,
  ge,
  gt,
  isclose,
  le,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  lt,
  ne,
} from './ops/compare.js'
export { floorDivide, fmod, remainder } from './ops/division.js'
export { glu, prelu } from './ops/gated.js'
export { linear } from './ops/linear.js'
export { type AddmmOptions, addmm, addmv, baddbmm, bmm, dot, matmul, mm, mv, outer } from './ops/matmul.js'
export {
  chunk,
  type DiagonalOptions,
  diagonal,
  narrow,
  type SliceOptions,
  select,
  slice,
  split,
  unbind,
} from './ops/piece.js'
export { atan2, hypot, logaddexp } from './ops/plane.js'
export { pow } from './ops/power.js'
export {
  abs,
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atanh,
  ceil,
  cos,
  cosh,
  erf,
  erfc,
  erfinv,
  exp,
  exp2,
  expm1,
  floor,
  frac,
  isfinite,
  isinf,
  isnan,
  log,
  log1p,
  log2,
  log10,
  neg,
  reciprocal,
  round,
  rsqrt,
  sigmoid,
  sign,
  sin,
  sinh,
  sqrt,
  square,
  tan,
  tanh,
  trunc,
} from './ops/unary.js'
export {
  broadcastTensors,
  expandAs,
  type FlattenOptions,
  flatten,
  movedim,
  permute,
  reshape,
  squeeze,
  t,
  transpose,
  unflatten,
  unsqueeze,
  view,
} from './ops/view.js'
export * as optim from './optim/index.js'
export {
  arange,
  type CreateOptions,
  empty,
  emptyLike,
  eye,
  fromTypedArray,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  tensor,
  zeros,
  zerosLike,
} from './tensor/create.js'
export { defaultGenerator, Generator, initialSeed, manualSeed } from './tensor/generator.js'
export {
  bernoulli,
  multinomial,
  normal,
  type RandomOptions,
  rand,
  randint,
  randLike,
  randn,
  randnLike,
  randperm,
} from './tensor/random.js'
export { Tensor } from './tensor/tensor.js'

import './ops/random.js'
import './ops/slice.js'
import './tensor/format.js'

export { einsum } from './ops/einsum.js'
export { amax, amin, argmax, argmin, argsort, max, min, sort, topk } from './ops/extremum.js'
export { gather, type ScatterOptions, scatter, scatterAdd, takeAlongDim } from './ops/gather.js'
export {
  type Index,
  type IndexItem,
  index,
  indexAdd,
  indexCopy,
  indexFill,
  indexPut,
  indexSelect,
  maskedSelect,
  nonzero,
} from './ops/indexing.js'
export { cat, hstack, repeat, repeatInterleave, stack, tile, vstack } from './ops/join.js'
export { type PadMode, type PadOptions, pad } from './ops/pad.js'
export { diag, flip, oneHot, roll, type TriangleOptions, tril, triu } from './ops/rearrange.js'
export { all, any, mean, norm, prod, std, sum, varOf as var } from './ops/reduce.js'
export { cumprod, cumsum, logSoftmax, logsumexp, softmax, softmin } from './ops/softmax.js'
