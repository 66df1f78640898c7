// The layers that glorot has, against PyTorch: results, gradients of inputs and parameters, both modes.
import test from 'ava'
import { manualSeed, nn, type Tensor } from 'glorot'
import { type Args, difference, fromGolden, type GoldenCase, type GoldenTensor, goldenCases, variantOf } from '../harness/golden.js'

interface ModuleCase extends GoldenCase {
  readonly mode: 'train' | 'eval'
  readonly seed?: number
  readonly params: Record<string, GoldenTensor>
  readonly paramGrads: Record<string, GoldenTensor>
  readonly buffers?: Record<string, GoldenTensor>
  readonly buffersAfter?: Record<string, GoldenTensor>
  /** Where the call itself changes them. */
  readonly paramsAfter?: Record<string, GoldenTensor>
}

const build: Record<string, (args: Args) => nn.Module> = {
  Linear: ({ inFeatures, outFeatures, ...options }) => new nn.Linear(inFeatures, outFeatures, options),
  Bilinear: ({ in1Features, in2Features, outFeatures, ...o }) => new nn.Bilinear(in1Features, in2Features, outFeatures, o),
  Conv1d: ({ inChannels, outChannels, kernelSize, ...o }) => new nn.Conv1d(inChannels, outChannels, kernelSize, o),
  Conv2d: ({ inChannels, outChannels, kernelSize, ...o }) => new nn.Conv2d(inChannels, outChannels, kernelSize, o),
  ConvTranspose2d: ({ inChannels, outChannels, kernelSize, ...o }) => new nn.ConvTranspose2d(inChannels, outChannels, kernelSize, o),
  MaxPool1d: ({ kernelSize, ...o }) => new nn.MaxPool1d(kernelSize, o),
  MaxPool2d: ({ kernelSize, ...o }) => new nn.MaxPool2d(kernelSize, o),
  AvgPool1d: ({ kernelSize, ...o }) => new nn.AvgPool1d(kernelSize, o),
  AvgPool2d: ({ kernelSize, ...o }) => new nn.AvgPool2d(kernelSize, o),
  AdaptiveAvgPool1d: ({ outputSize }) => new nn.AdaptiveAvgPool1d(outputSize),
  AdaptiveAvgPool2d: ({ outputSize }) => new nn.AdaptiveAvgPool2d(outputSize),
  Sequential: ({ layers }) => new nn.Sequential(...layers.map(([op, args]: [string, Args]) => build[op](args))),
  Flatten: args => new nn.Flatten(args),
  Dropout: args => new nn.Dropout(args),
  Dropout2d: args => new nn.Dropout2d(args),
  PReLU: args => new nn.PReLU(args),
  Sigmoid: () => new nn.Sigmoid(),
  ReLU: () => new nn.ReLU(),
  BatchNorm1d: ({ numFeatures, ...o }) => new nn.BatchNorm1d(numFeatures, o),
  BatchNorm2d: ({ numFeatures, ...o }) => new nn.BatchNorm2d(numFeatures, o),
  LayerNorm: ({ normalizedShape, ...o }) => new nn.LayerNorm(normalizedShape, o),
  GroupNorm: ({ numGroups, numChannels, ...o }) => new nn.GroupNorm(numGroups, numChannels, o),
  BatchNorm3d: ({ numFeatures, ...o }) => new nn.BatchNorm3d(numFeatures, o),
  RMSNorm: ({ normalizedShape, ...o }) => new nn.RMSNorm(normalizedShape, o),
  LocalResponseNorm: ({ size, ...o }) => new nn.LocalResponseNorm(size, o),
  InstanceNorm1d: ({ numFeatures, ...o }) => new nn.InstanceNorm1d(numFeatures, o),
  InstanceNorm3d: ({ numFeatures, ...o }) => new nn.InstanceNorm3d(numFeatures, o),
  EmbeddingBag: ({ numEmbeddings, embeddingDim, ...o }) => new nn.EmbeddingBag(numEmbeddings, embeddingDim, o),
  InstanceNorm2d: ({ numFeatures, ...o }) => new nn.InstanceNorm2d(numFeatures, o),
  Embedding: ({ numEmbeddings, embeddingDim, ...o }) => new nn.Embedding(numEmbeddings, embeddingDim, o),
}

/** Layers that take inputs by name. */
const forward: Record<string, (module: nn.Module, inputs: Record<string, Tensor>) => Tensor> = {
  EmbeddingBag: (m, { input, offsets, per_sample_weights: perSampleWeights }) => m.forward(input, { offsets, perSampleWeights }),
}

function mismatches(c: ModuleCase): string[] {
  const module = build[c.op](c.args).train(c.mode === 'train')
  module.loadStateDict(Object.fromEntries(Object.entries({ ...c.params, ...c.buffers }).map(([name, g]) => [name, fromGolden(g)])))
  const inputs: Record<string, Tensor> = {}
  for (const [name, g] of Object.entries(c.inputs ?? {})) inputs[name] = fromGolden(g, true)
  if (c.seed !== undefined) manualSeed(c.seed)
  const out = forward[c.op]?.(module, inputs) ?? module.forward(...Object.values(inputs))
  out.backward(fromGolden(c.gradOutputs!.out))
  const found: string[] = []
  const compare = (what: string, got: Tensor | null, want: GoldenTensor) => {
    const why = got === null ? 'absent' : difference(got, want, c.rtol, c.atol)
    if (why !== undefined) found.push(`${c.id} ${what}: ${why}`)
  }
  compare('out', out, c.outputs!.out)
  for (const [name, want] of Object.entries(c.grads ?? {})) compare(`gradient of ${name}`, inputs[name].grad, want)
  const parameters = new Map(module.namedParameters())
  for (const [name, want] of Object.entries(c.paramGrads)) compare(`gradient of ${name}`, parameters.get(name)!.grad, want)
  const buffers = new Map(module.namedBuffers())
  for (const [name, want] of Object.entries(c.buffersAfter ?? {})) compare(name, buffers.get(name) ?? null, want)
  for (const [name, want] of Object.entries(c.paramsAfter ?? {})) compare(`${name} after`, parameters.get(name)!, want)
  return found
}

const known = (c: GoldenCase) =>
  c.op in build && (c.op !== 'Sequential' || c.args.layers.every(([op]: [string]) => op in build))

for (const c of (['layers', 'normalise'].flatMap(goldenCases) as ModuleCase[]).filter(known)) {
  test(c.id, t => {
    const found = mismatches(c)
    const other = variantOf(c) as ModuleCase | undefined
    t.deepEqual(found.length > 0 && other !== undefined && mismatches(other).length === 0 ? [] : found, [])
  })
}
