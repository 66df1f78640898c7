// Layers over sequences against PyTorch: results, last states, gradients of inputs and parameters.
import test from 'ava'
import { manualSeed, nn, type Tensor } from 'glorot'
import { type Args, difference, fromGolden, type GoldenCase, type GoldenTensor, goldenCases, variantOf } from '../harness/golden.js'

interface ModuleCase extends GoldenCase {
  readonly mode: 'train' | 'eval'
  readonly seed?: number
  readonly params: Record<string, GoldenTensor>
  readonly paramGrads: Record<string, GoldenTensor>
}
type Tensors = Record<string, Tensor>

interface Layer {
  readonly make: (args: Args) => nn.Module
  // biome-ignore lint/suspicious/noExplicitAny: each layer is called in its own way
  readonly call: (layer: any, inputs: Tensors, args: Args) => Tensors
}

function recurrent(make: (inputSize: number, hiddenSize: number, options: Args) => nn.Module): Layer {
  return {
    make: ({ inputSize, hiddenSize, ...options }) => make(inputSize, hiddenSize, options),
    call(layer: nn.RNN | nn.GRU | nn.LSTM, { input, h0, c0 }): Tensors {
      if (layer instanceof nn.LSTM) {
        const [output, [hn, cn]] = layer.forward(input, h0 && [h0, c0])
        return { output, hn, cn }
      }
      const [output, hn] = layer.forward(input, h0)
      return { output, hn }
    },
  }
}

const cell = (make: (inputSize: number, hiddenSize: number) => nn.RNNCell | nn.GRUCell): Layer => ({
  make: ({ inputSize, hiddenSize }) => make(inputSize, hiddenSize),
  call: (layer, { input, h }) => ({ out: layer.forward(input, h) }),
})

const layers: Record<string, Layer> = {
  RNN: recurrent((i, h, o) => new nn.RNN(i, h, o)),
  GRU: recurrent((i, h, o) => new nn.GRU(i, h, o)),
  LSTM: recurrent((i, h, o) => new nn.LSTM(i, h, o)),
  RNNCell: cell((i, h) => new nn.RNNCell(i, h)),
  GRUCell: cell((i, h) => new nn.GRUCell(i, h)),
  MultiheadAttention: {
    make: ({ embedDim, numHeads, needWeights, averageAttnWeights, ...options }) => new nn.MultiheadAttention(embedDim, numHeads, options),
    call(layer: nn.MultiheadAttention, { query, key, value, ...masks }, { needWeights, averageAttnWeights }): Tensors {
      const [output, weights] = layer.forward(query, key, value, { needWeights, averageAttnWeights, ...masks })
      return weights === null ? { output } : { output, weights }
    },
  },
  TransformerEncoderLayer: {
    make: ({ dModel, nhead, ...options }) => new nn.TransformerEncoderLayer(dModel, nhead, options),
    call: (layer: nn.TransformerEncoderLayer, { src, ...masks }) => ({ out: layer.forward(src, masks) }),
  },
  LSTMCell: {
    make: ({ inputSize, hiddenSize }) => new nn.LSTMCell(inputSize, hiddenSize),
    call(layer, { input, h, c }) {
      const [hn, cn] = layer.forward(input, [h, c])
      return { h: hn, c: cn }
    },
  },
}

function mismatches(c: ModuleCase): string[] {
  const { make, call } = layers[c.op]
  const module = make(c.args).train(c.mode === 'train')
  module.loadStateDict(Object.fromEntries(Object.entries(c.params).map(([name, g]) => [name, fromGolden(g)])))
  const inputs: Tensors = {}
  for (const [name, g] of Object.entries(c.inputs ?? {})) inputs[name] = fromGolden(g, c.grads?.[name] !== undefined)
  if (c.seed !== undefined) manualSeed(c.seed)
  const outputs = call(module, inputs, c.args)
  const found: string[] = []
  const compare = (what: string, got: Tensor | null | undefined, want: GoldenTensor) => {
    const why = got ? difference(got, want, c.rtol, c.atol) : 'absent'
    if (why !== undefined) found.push(`${c.id} ${what}: ${why}`)
  }
  for (const [name, want] of Object.entries(c.outputs!)) compare(name, outputs[name], want)
  const loss = Object.entries(c.gradOutputs!).map(([name, g]) => outputs[name].mul(fromGolden(g)).sum())
  loss.reduce((a, b) => a.add(b)).backward()
  for (const [name, want] of Object.entries(c.grads ?? {})) compare(`gradient of ${name}`, inputs[name].grad, want)
  const parameters = new Map(module.namedParameters())
  for (const [name, want] of Object.entries(c.paramGrads)) compare(`gradient of ${name}`, parameters.get(name)!.grad, want)
  return found
}

for (const c of (goldenCases('layers') as ModuleCase[]).filter(({ op }) => op in layers)) {
  // Where PyTorch changed its mind, the newer one counts.
  test(c.id, t => t.deepEqual(mismatches((variantOf(c) as ModuleCase | undefined) ?? c), []))
}
