// The names under `nn`.
export * from './activation.js'
export * from './adaptive.js'
export { MultiheadAttention, type MultiheadAttentionCall, type MultiheadAttentionOptions } from './attention.js'
export {
  BatchNorm1d,
  BatchNorm2d,
  BatchNorm3d,
  type NormOptions,
} from './batchNorm.js'
export * from './bilinear.js'
export * from './container.js'
export * from './conv.js'
export * from './distance.js'
export * from './dropout.js'
export * from './embedding.js'
export * from './fold.js'
export * as functional from './functional/index.js'
export * from './gated.js'
export * as init from './init.js'
export * from './instanceNorm.js'
export * from './layerNorm.js'
export * from './linear.js'
export * from './loss.js'
export { type MemberOptions, Module, type NamedMemberOptions, type NamedModuleOptions } from './module.js'
export * from './padding.js'
export { Parameter } from './parameter.js'
export * from './parameterContainer.js'
export * from './pooling.js'
export { GRU, LSTM, type LSTMOptions, type RecurrentOptions, RNN } from './recurrent.js'
export { GRUCell, LSTMCell, type RecurrentCellOptions, RNNCell } from './recurrentCell.js'
export * from './shape.js'
export * from './softmax.js'
export type { LoadedKeys, StateDict, StateDictOptions } from './stateDict.js'
export {
  type EncoderCall,
  Transformer,
  type TransformerCall,
  TransformerDecoder,
  TransformerEncoder,
  type TransformerOptions,
} from './transformer.js'
export {
  type DecoderLayerCall,
  type EncoderLayerCall,
  type TransformerActivation,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from './transformerLayer.js'
export * from './upsample.js'
export * as utils from './utils.js'
