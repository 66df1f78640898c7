// Whole steps of training: the founding networks, a deep one, and an MLP as for MNIST.
import { manualSeed, nn, optim, randint, randn, type Tensor } from 'glorot'
import { type Case, suite } from './suite.js'

manualSeed(0)

/** zeroGrad, forward, loss, backward, optimizer. */
function step(
  title: string,
  model: nn.Module,
  criterion: { forward(input: Tensor, target: Tensor): Tensor },
  optimizer: optim.Optimizer,
  [x, y]: [Tensor, Tensor],
): Case {
  return [
    title,
    () => () => {
      optimizer.zeroGrad()
      criterion.forward(model.forward(x), y).backward()
      optimizer.step()
    },
  ]
}

function founding1(): Case {
  const model = new nn.Sequential(new nn.Linear(10, 10), new nn.Sigmoid(), new nn.Linear(10, 1))
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 })
  const batch: [Tensor, Tensor] = [randn([100, 10]), randn([100, 1])]
  return step('10-10-1, batch 100, MSE, SGD', model, new nn.MSELoss(), optimizer, batch)
}

function founding2(): Case {
  const model = new nn.Sequential(new nn.Linear(10, 10), new nn.ReLU(), new nn.Linear(10, 1), new nn.Sigmoid())
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 })
  const batch: [Tensor, Tensor] = [randn([100, 10]), randint(0, 2, [100, 1]).float()]
  return step('10-10-1, batch 100, BCE, Adam', model, new nn.BCELoss(), optimizer, batch)
}

function deep(): Case {
  const layers = Array.from({ length: 8 }, () => [new nn.Linear(64, 64), new nn.Sigmoid()]).flat()
  const model = new nn.Sequential(...layers)
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 })
  return step('8 layers of 64, batch 64, MSE, SGD', model, new nn.MSELoss(), optimizer, [
    randn([64, 64]),
    randn([64, 64]),
  ])
}

function mlp(): Case {
  const model = new nn.Sequential(
    new nn.Linear(784, 512),
    new nn.ReLU(),
    new nn.Linear(512, 256),
    new nn.ReLU(),
    new nn.Linear(256, 10),
  )
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 })
  const batch: [Tensor, Tensor] = [randn([128, 784]), randint(0, 10, [128])]
  return step('784-512-256-10, batch 128, cross entropy, Adam', model, new nn.CrossEntropyLoss(), optimizer, batch)
}

await suite('step', 'Steps of training', [founding1(), founding2(), deep(), mlp()])
