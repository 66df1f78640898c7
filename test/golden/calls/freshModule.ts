// Parameters of fresh modules as PyTorch draws them.
import { nn, type Tensor } from 'glorot'
import type { Args } from '../../harness/golden.js'

type Parameters = Record<string, Tensor>

type Recurrent = typeof nn.RNN | typeof nn.GRU | typeof nn.LSTM

const recurrent = (Layer: Recurrent) => ({ inputSize, hiddenSize, ...options }: Args) => new Layer(inputSize, hiddenSize, options).stateDict()

const modules: Record<string, (args: Args) => Parameters> = {
  Linear: ({ inFeatures, outFeatures, ...options }) => new nn.Linear(inFeatures, outFeatures, options).stateDict(),
  Bilinear: ({ in1Features, in2Features, outFeatures, ...options }) => new nn.Bilinear(in1Features, in2Features, outFeatures, options).stateDict(),
  PReLU: args => new nn.PReLU(args).stateDict(),
  Conv1d: ({ inChannels, outChannels, kernelSize, ...options }) => new nn.Conv1d(inChannels, outChannels, kernelSize, options).stateDict(),
  Conv2d: ({ inChannels, outChannels, kernelSize, ...options }) => new nn.Conv2d(inChannels, outChannels, kernelSize, options).stateDict(),
  ConvTranspose2d: ({ inChannels, outChannels, kernelSize, ...o }) => new nn.ConvTranspose2d(inChannels, outChannels, kernelSize, o).stateDict(),
  Embedding: ({ numEmbeddings, embeddingDim, ...options }) => new nn.Embedding(numEmbeddings, embeddingDim, options).stateDict(),
  RNN: recurrent(nn.RNN),
  GRU: recurrent(nn.GRU),
  LSTM: recurrent(nn.LSTM),
  MultiheadAttention: ({ embedDim, numHeads, ...options }) => new nn.MultiheadAttention(embedDim, numHeads, options).stateDict(),
  TransformerEncoderLayer: ({ dModel, nhead, ...options }) => new nn.TransformerEncoderLayer(dModel, nhead, options).stateDict(),
  BatchNorm1d: ({ numFeatures, ...options }) => new nn.BatchNorm1d(numFeatures, options).stateDict(),
  LayerNorm: ({ normalizedShape, ...options }) => new nn.LayerNorm(normalizedShape, options).stateDict(),
}

export function freshModule(op: string, args: Args): Parameters {
  return modules[op](args)
}
