// js-pytorch as a side of the comparison: see worker.ts. It has nested arrays of numbers, one optimizer (an Adam that does not correct
// its bias) and two losses; what needs more than that is left out.
import type { Tensor } from 'glorot'
import { nn } from 'glorot'
import { foreign } from './foreign.js'
import { Lacks, type Library, type Prepared, serve } from './serve.js'
import { drawNetwork, last, type Network } from './works.js'

// biome-ignore lint/suspicious/noExplicitAny: the package may not be here, and then its types are not either
type Any = any
let torch: Any

const convert = (t: Tensor): Any => torch.tensor(t.detach().tolist())

function layerOf(module: nn.Module): Any {
  const name = module.constructor.name
  if (!(module instanceof nn.Linear)) {
    if (torch.nn[name] === undefined) throw new Lacks(`js-pytorch has no ${name}`)
    return new torch.nn[name]()
  }
  const layer = new torch.nn.Linear(module.inFeatures, module.outFeatures, 'cpu', true, false)
  layer.W = torch.tensor(module.weight.detach().t().tolist(), true)
  layer.b = torch.tensor(module.bias!.detach().tolist(), true)
  return layer
}

/** Its own MSELoss divides by the batch once more. */
const losses: Record<string, (z: Any, y: Any) => Any> = {
  MSELoss: (z, y) => {
    const n = z.shape.reduce((a: number, b: number) => a * b, 1)
    return z.sub(y).pow(2).reshape([n]).sum(-1).div(n)
  },
  CrossEntropyLoss: (z, y) => new torch.nn.CrossEntropyLoss().forward(z, y),
}

function network(args: Network): Prepared {
  const { loss, optimizer, lr, checked = 2 } = args
  if (losses[loss] === undefined) throw new Lacks(`js-pytorch has no ${loss}`)
  if (torch.optim[optimizer] === undefined) throw new Lacks(`js-pytorch has no ${optimizer}`)
  const { parts, x, y } = drawNetwork(args)
  const layers = parts.map(layerOf)
  const parameters = layers.flatMap(l => (l.W === undefined ? [] : [l.W, l.b]))
  const rule = new torch.optim[optimizer](parameters, lr, 0, [0.9, 0.999], 1e-8)
  const [inputs, labels] = [convert(x), convert(y)]
  const step = (): number => {
    const z = layers.reduce((h, layer) => layer.forward(h), inputs)
    const value = losses[loss](z, labels)
    value.backward()
    rule.step()
    rule.zero_grad()
    return value.data[0]
  }
  return { step, value: () => last(checked, step) }
}

async function open(): Promise<Library> {
  const { library, version } = await foreign('js-pytorch')
  torch = library.torch
  return {
    greeting: { name: 'js-pytorch', version, details: `cpu, Node ${process.versions.node}` },
    works: { network },
    setThreads() {},
  }
}

await serve(open)
