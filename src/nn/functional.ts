// The functions that modules are made of, under PyTorch's torch.nn.functional names.
export * from '../ops/activation.js'
export { glu, prelu } from '../ops/gated.js'
export { linear } from '../ops/linear.js'
export * from '../ops/loss/index.js'
export { logSoftmax, softmax, softmin } from '../ops/softmax.js'
export { sigmoid, tanh } from '../ops/unary.js'
