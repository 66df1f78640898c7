// Networks and optimizers, made short.
import { manualSeed, nn, optim } from 'glorot'

const kinds = { relu: nn.ReLU, tanh: nn.Tanh, sigmoid: nn.Sigmoid, leaky: nn.LeakyReLU, gelu: nn.GELU, elu: nn.ELU }
export type Kind = keyof typeof kinds

/** Linear layers with an activation between; `last` comes after the last one. */
export function mlp(widths: readonly number[], kind: Kind, seed: number, ...last: nn.Module[]): nn.Sequential {
  manualSeed(seed + 1000)
  const layers = widths.slice(1).flatMap((width, i) => {
    const linear = new nn.Linear(widths[i], width)
    return i < widths.length - 2 ? [linear, new kinds[kind]()] : [linear]
  })
  return new nn.Sequential(...layers, ...last)
}

export const adam = (model: nn.Module, lr = 0.01) => new optim.Adam(model.parameters(), { lr })
export const sgd = (model: nn.Module, lr = 0.1, momentum = 0) => new optim.SGD(model.parameters(), { lr, momentum })

/** Calls fn with each Linear layer. */
export function linears(model: nn.Module, fn: (layer: nn.Linear, i: number) => void): void {
  ;[...model.modules()].filter(m => m instanceof nn.Linear).forEach(fn)
}
