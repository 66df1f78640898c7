// The functions that modules are made of, under the names of torch.nn.functional.
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
  logSigmoid as logsigmoid,
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
} from '../../ops/activation.js'
export {
  type AdaptiveMaxPoolOptions,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  type LPPoolOptions,
  lpPool1d,
  lpPool2d,
  type MaxUnpoolOptions,
  maxUnpool1d,
  maxUnpool2d,
  maxUnpool3d,
  type OutputSize,
} from '../../ops/adaptive.js'
export { bilinear } from '../../ops/bilinear.js'
export {
  type ConvOptions,
  type ConvTransposeOptions,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
} from '../../ops/conv.js'
export {
  alphaDropout,
  type DropoutOptions,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  featureAlphaDropout,
} from '../../ops/dropout.js'
export { type EmbeddingOptions, embedding } from '../../ops/embedding.js'
export { type BagMode, type EmbeddingBagOptions, embeddingBag } from '../../ops/embeddingBag.js'
export {
  channelShuffle,
  fold,
  pixelShuffle,
  pixelUnshuffle,
  type UnfoldOptions,
  unfold,
} from '../../ops/fold.js'
export { glu, prelu } from '../../ops/gated.js'
export { type InterpolateMode, type InterpolateOptions, interpolate } from '../../ops/interpolate.js'
export { linear } from '../../ops/linear.js'
export * from '../../ops/loss/index.js'
export * from '../../ops/normalise/index.js'
export { type PadMode, type PadOptions, pad } from '../../ops/pad.js'
export {
  type AvgPoolAreaOptions,
  type AvgPoolOptions,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  maxPool3d,
  type Pooled,
} from '../../ops/pooling.js'
export { oneHot } from '../../ops/rearrange.js'
export { sigmoid, tanh } from '../../ops/unary.js'
export { type AttentionOptions, scaledDotProductAttention } from './attention.js'
export { type CosineOptions, cosineSimilarity, type NormalizeOptions, normalize } from './distance.js'
export { logSoftmax, softmax, softmin } from './softmax.js'
