// The public names; nothing else is here.
import './autograd/methods.js'

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
export { linear } from './ops/linear.js'
export { fromTypedArray, ones, tensor, zeros } from './tensor/create.js'
export { Tensor } from './tensor/tensor.js'
