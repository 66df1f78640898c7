// The public names; nothing else is here.
import './autograd/methods.js'
import './ops/cast.js'

export * as autograd from './autograd/index.js'
export { enableGrad, isGradEnabled, noGrad } from './autograd/mode.js'
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
export * as nn from './nn/index.js'
export { add, div, mul, sub } from './ops/arithmetic.js'
export { broadcastTo, expand } from './ops/broadcast.js'
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
export { fromTypedArray, ones, tensor, zeros } from './tensor/create.js'
export { Tensor } from './tensor/tensor.js'
