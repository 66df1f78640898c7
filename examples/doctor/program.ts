// What the examples share: data with something to learn, and the usual loop.
import { manualSeed, type nn, noGrad, type optim, randn, type Tensor } from 'glorot'

export interface Program {
  model: nn.Module
  criterion: nn.Module
  optimizer: optim.Optimizer
  data: [Tensor, Tensor]
  epochs: number
}

/** Points in eight dimensions, of class 1 inside of a ball and of class 0 outside: half of each. */
export function ball(rows: number, seed = 0): [Tensor, Tensor] {
  manualSeed(seed)
  const X = randn([rows, 8])
  const inside = X.mul(X).sum(1, { keepdim: true }).lt(7.34)
  return [X, inside.float()]
}

/** A smooth function of eight numbers, of mean about 0 and deviation about 1. */
export function wave(rows: number, seed = 0): [Tensor, Tensor] {
  manualSeed(seed)
  const X = randn([rows, 8])
  const y = X.narrow(1, 0, 1)
    .mul(2)
    .sin()
    .add(X.narrow(1, 1, 1).mul(X.narrow(1, 2, 1)))
  return [X, y.div(1.2)]
}

/** Trains on all rows at once. @returns the loss before the first step and after the last */
export function train({ model, criterion, optimizer, data: [X, y], epochs }: Program): [first: number, last: number] {
  const losses: number[] = []
  for (let epoch = 0; epoch < epochs; epoch++) {
    optimizer.zeroGrad()
    const loss = criterion.forward(model.forward(X), y)
    loss.backward()
    optimizer.step()
    losses.push(loss.item())
  }
  const last = noGrad(() => criterion.forward(model.forward(X), y).item())
  return [losses[0], last]
}

/** The share of rows on whose side of 0.5 (of 0, for scores) the model is right. */
export function accuracy(model: nn.Module, [X, y]: [Tensor, Tensor], threshold = 0.5): number {
  const right = noGrad(() => model.forward(X))
    .gt(threshold)
    .eq(y.gt(0.5))
  return right.float().mean().item()
}
