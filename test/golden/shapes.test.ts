// Layers of windows and sizes that layers.json has not, against PyTorch: results, indices, gradients of inputs and parameters.
import test from 'ava'
import { nn, type Tensor } from 'glorot'
import { type Args, difference, fromGolden, type GoldenCase, type GoldenTensor, goldenCases } from '../harness/golden.js'

interface ModuleCase extends GoldenCase {
  readonly params: Record<string, GoldenTensor>
  readonly paramGrads: Record<string, GoldenTensor>
}

/** The arguments that are positional; the others are options. */
const positional: [RegExp, string[]][] = [
  [/^Conv/, ['inChannels', 'outChannels', 'kernelSize']],
  [/^Adaptive/, ['outputSize']],
  [/^Fold$/, ['outputSize', 'kernelSize']],
  [/^LPPool/, ['normType', 'kernelSize']],
  [/^(Max|Avg)Pool|^Unfold$/, ['kernelSize']],
  [/^PixelShuffle$/, ['upscaleFactor']],
  [/^PixelUnshuffle$/, ['downscaleFactor']],
  [/^ChannelShuffle$/, ['groups']],
  [/^ConstantPad/, ['padding', 'value']],
  [/Pad\dd$/, ['padding']],
  [/^Upsampl/, []],
]

function build(op: string, args: Args): nn.Module {
  const names = positional.find(([ops]) => ops.test(op))![1]
  const options = Object.fromEntries(Object.entries(args).filter(([name]) => !names.includes(name)))
  const list = names.map(name => args[name])
  const Layer = (nn as unknown as Record<string, new (...args: unknown[]) => nn.Module>)[op]
  return Object.keys(options).length > 0 ? new Layer(...list, options) : new Layer(...list)
}

for (const c of goldenCases('shapes') as ModuleCase[]) {
  test(c.id, t => {
    const module = build(c.op, c.args)
    module.loadStateDict(Object.fromEntries(Object.entries(c.params).map(([name, g]) => [name, fromGolden(g)])))
    const x = fromGolden(c.inputs!.input, true)
    const result: Tensor | Tensor[] = module.forward(x)
    const [out, places] = Array.isArray(result) ? result : [result]
    out.backward(fromGolden(c.gradOutputs!.out))
    const parameters = new Map(module.namedParameters())
    const pairs: [string, Tensor | null | undefined, GoldenTensor][] = [
      ['out', out, c.outputs!.out],
      ['gradient of input', x.grad, c.grads!.input],
      ...Object.entries(c.paramGrads).map(([name, g]): [string, Tensor | null, GoldenTensor] => [`gradient of ${name}`, parameters.get(name)!.grad, g]),
    ]
    if (c.outputs!.places) pairs.push(['places', places, c.outputs!.places])
    for (const [what, got, want] of pairs) t.is(got ? difference(got, want, c.rtol, c.atol) : 'absent', undefined, what)
  })
}
