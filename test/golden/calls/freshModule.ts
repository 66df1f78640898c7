// Parameters of fresh modules as PyTorch draws them. Those of layers that glorot does not have are drawn by the initialisers in
// PyTorch's order, which shows that a layer made of them will start right.
import { nn, ones, type Tensor, zeros } from 'glorot'
import type { Args } from '../../harness/golden.js'

type Parameters = Record<string, Tensor>

type Recurrent = typeof nn.RNN | typeof nn.GRU | typeof nn.LSTM

const recurrent = (Layer: Recurrent) => ({ inputSize, hiddenSize, ...options }: Args) => new Layer(inputSize, hiddenSize, options).stateDict()

function embedding({ numEmbeddings, embeddingDim, paddingIdx }: Args): Parameters {
  const weight = nn.init.normal_(zeros([numEmbeddings, embeddingDim]))
  if (paddingIdx !== undefined) weight.select(0, paddingIdx).fill_(0)
  return { weight }
}

const modules: Record<string, (args: Args) => Parameters> = {
  Linear: ({ inFeatures, outFeatures, ...options }) => new nn.Linear(inFeatures, outFeatures, options).stateDict(),
  Bilinear: ({ in1Features, in2Features, outFeatures, ...options }) => new nn.Bilinear(in1Features, in2Features, outFeatures, options).stateDict(),
  PReLU: args => new nn.PReLU(args).stateDict(),
  Conv1d: ({ inChannels, outChannels, kernelSize, ...options }) => new nn.Conv1d(inChannels, outChannels, kernelSize, options).stateDict(),
  Conv2d: ({ inChannels, outChannels, kernelSize, ...options }) => new nn.Conv2d(inChannels, outChannels, kernelSize, options).stateDict(),
  ConvTranspose2d: ({ inChannels, outChannels, kernelSize, ...o }) => new nn.ConvTranspose2d(inChannels, outChannels, kernelSize, o).stateDict(),
  Embedding: embedding,
  RNN: recurrent(nn.RNN),
  GRU: recurrent(nn.GRU),
  LSTM: recurrent(nn.LSTM),
  MultiheadAttention: ({ embedDim, numHeads, ...options }) => new nn.MultiheadAttention(embedDim, numHeads, options).stateDict(),
  TransformerEncoderLayer: ({ dModel, nhead, ...options }) => new nn.TransformerEncoderLayer(dModel, nhead, options).stateDict(),
  BatchNorm1d: ({ numFeatures }) => ({ weight: ones([numFeatures]), bias: zeros([numFeatures]) }),
  LayerNorm: ({ normalizedShape }) => ({ weight: ones([normalizedShape].flat()), bias: zeros([normalizedShape].flat()) }),
}

export function freshModule(op: string, args: Args): Parameters {
  return modules[op](args)
}
