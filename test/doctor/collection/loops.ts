// Programs whose loop matters: they are watched while they train.
import { compile, data, manualSeed, nn, optim, type Tensor } from 'glorot'
import type { DiagnoseOptions, Report, Watcher } from 'glorot/doctor'
import { adam, mlp, sgd } from './nets.js'
import type { Program } from './program.js'
import { blobs, circle, halves, plane, surface } from './tasks.js'

interface Parts {
  readonly options: DiagnoseOptions
  readonly loader: data.DataLoader
  readonly loss: (x: Tensor, y: Tensor) => Tensor
  readonly watcher: Watcher
}

type Loop = (parts: Parts) => void

/** What a loop needs, made of a program's options, with the watcher started. */
function run(loop: Loop): NonNullable<Program['loop']> {
  return (options: DiagnoseOptions, watch: (o: DiagnoseOptions) => Watcher): Report => {
    const [X, y] = options.data as unknown as readonly [Tensor, Tensor]
    const set = new data.TensorDataset(X, y)
    const loader = new data.DataLoader(set, { batchSize: options.batchSize ?? 32, shuffle: options.shuffle ?? true })
    const criterion = options.criterion as nn.Module
    const watcher = watch(options)
    loop({ options, loader, watcher, loss: (a, b) => criterion.forward(options.model.forward(a), b) })
    const report = watcher.report()
    watcher.stop()
    return report
  }
}

const program = (
  name: string,
  sickness: readonly string[],
  make: (seed: number) => DiagnoseOptions,
  loop: Loop,
): Program => ({
  name,
  sickness,
  make,
  loop: run(loop),
})

/** The loop as it should be. */
const plain: Loop = ({ options, loader, loss }) => {
  for (let epoch = 0; epoch < options.epochs!; epoch++) {
    for (const [x, y] of loader) {
      options.optimizer.zeroGrad()
      loss(x, y).backward()
      options.optimizer.step()
    }
  }
}

const compiled: Loop = ({ options, loader, loss }) => {
  const step = compile((x: Tensor, y: Tensor) => {
    options.optimizer.zeroGrad()
    const l = loss(x, y)
    l.backward()
    options.optimizer.step()
    return l
  })
  for (let epoch = 0; epoch < options.epochs!; epoch++) step.runEpochSync(loader)
}

const surfaces =
  (lr: number, epochs = 20) =>
  (s: number): DiagnoseOptions => {
    const [X, y] = surface(400, 5, s)
    const model = mlp([5, 32, 1], 'tanh', s)
    return { model, criterion: new nn.MSELoss(), optimizer: adam(model, lr), data: [X, y], epochs, batchSize: 40 }
  }

const clouds =
  (lr: number, epochs = 15) =>
  (s: number): DiagnoseOptions => {
    const [X, y] = blobs(480, 6, 4, s)
    const model = mlp([6, 24, 4], 'relu', s)
    return {
      model,
      criterion: new nn.CrossEntropyLoss(),
      optimizer: sgd(model, lr),
      data: [X, y],
      epochs,
      batchSize: 32,
    }
  }

const dropped = (s: number): DiagnoseOptions => {
  const [X, y] = blobs(480, 6, 4, s)
  manualSeed(s)
  const model = new nn.Sequential(new nn.Linear(6, 32), new nn.ReLU(), new nn.Dropout({ p: 0.3 }), new nn.Linear(32, 4))
  return {
    model,
    criterion: new nn.CrossEntropyLoss(),
    optimizer: adam(model),
    data: [X, y],
    epochs: 15,
    batchSize: 32,
  }
}

const memorising = (s: number): DiagnoseOptions => {
  const [X, y] = halves(60, 20, s, 2)
  const [Xv, yv] = halves(300, 20, s, 2)
  const model = mlp([20, 96, 96, 1], 'relu', s)
  return {
    model,
    criterion: new nn.BCEWithLogitsLoss(),
    optimizer: adam(model),
    data: [X, y],
    validation: [Xv, yv],
    epochs: 60,
    batchSize: 20,
  }
}

export const sickLoops: readonly Program[] = [
  program('gradients are never cleared', ['grad-not-zeroed'], clouds(0.05), ({ options, loader, loss }) => {
    for (let epoch = 0; epoch < options.epochs!; epoch++) {
      for (const [x, y] of loader) {
        loss(x, y).backward()
        options.optimizer.step()
      }
    }
  }),
  program('cleared once an epoch', ['grad-not-zeroed'], surfaces(0.01), ({ options, loader, loss }) => {
    for (let epoch = 0; epoch < options.epochs!; epoch++) {
      options.optimizer.zeroGrad()
      for (const [x, y] of loader) {
        loss(x, y).backward()
        options.optimizer.step()
      }
    }
  }),
  program('no step', ['params-not-updated'], clouds(0.1), ({ options, loader, loss }) => {
    for (let epoch = 0; epoch < options.epochs!; epoch++) {
      for (const [x, y] of loader) {
        options.optimizer.zeroGrad()
        loss(x, y).backward()
      }
    }
  }),
  program('trained in evaluation mode', ['eval-mode-training'], dropped, parts => {
    parts.options.model.eval()
    plain(parts)
  }),
  program('compiled in evaluation mode', ['eval-mode-training'], dropped, parts => {
    parts.options.model.eval()
    compiled(parts)
  }),
  program(
    'the rate is gone after an epoch',
    ['lr-decayed-too-early'],
    clouds(0.02, 20),
    ({ options, loader, loss }) => {
      const schedule = new optim.lrScheduler.ExponentialLR(options.optimizer, { gamma: 0.5 })
      for (let epoch = 0; epoch < options.epochs!; epoch++) {
        for (const [x, y] of loader) {
          options.optimizer.zeroGrad()
          loss(x, y).backward()
          options.optimizer.step()
          schedule.step()
        }
      }
    },
  ),
  program('clipped to nothing', ['clip-too-tight', 'lr-too-low'], clouds(0.1), ({ options, loader, loss }) => {
    for (let epoch = 0; epoch < options.epochs!; epoch++) {
      for (const [x, y] of loader) {
        options.optimizer.zeroGrad()
        loss(x, y).backward()
        nn.utils.clipGradNorm_(options.model.parameters(), 1e-4)
        options.optimizer.step()
      }
    }
  }),
  program('by heart, watched', ['overfitting'], memorising, ({ options, loader, loss, watcher }) => {
    for (let epoch = 0; epoch < options.epochs!; epoch++) {
      for (const [x, y] of loader) {
        options.optimizer.zeroGrad()
        loss(x, y).backward()
        options.optimizer.step()
      }
      watcher.epoch()
    }
  }),
  program(
    'sgd of 20, watched',
    ['lr-too-high', 'nonfinite-training', 'loss-diverging'],
    s => {
      const [X, y] = plane(400, 8, s)
      const model = mlp([8, 32, 1], 'relu', s)
      return { model, criterion: new nn.MSELoss(), optimizer: sgd(model, 20), data: [X, y], epochs: 10, batchSize: 32 }
    },
    plain,
  ),
  program('sgd of 1e-5, compiled', ['lr-too-low'], clouds(1e-5, 20), compiled),
  program('adam of 3, compiled', ['lr-too-high'], surfaces(3, 20), compiled),
  program(
    'incomes, watched',
    ['unscaled-features'],
    s => {
      const options = surfaces(0.01)(s)
      const [X, y] = options.data as unknown as readonly [Tensor, Tensor]
      return { ...options, data: [X.mul(3000), y] }
    },
    plain,
  ),
  program(
    'eight sigmoids, watched',
    ['vanishing-gradient', 'deep-saturating-stack'],
    s => {
      const options = clouds(0.1, 30)(s)
      const model = mlp([6, 20, 20, 20, 20, 20, 20, 20, 4], 'sigmoid', s)
      return { ...options, model, optimizer: sgd(model, 0.1) }
    },
    plain,
  ),
  program(
    'all weights alike, watched',
    ['symmetric-init'],
    s => {
      const options = surfaces(0.01)(s)
      for (const p of options.model.parameters()) nn.init.constant_(p, 0.3)
      return options
    },
    compiled,
  ),
]

export const healthyLoops: readonly Program[] = [
  program('eager', [], surfaces(0.01), plain),
  program('compiled epochs', [], clouds(0.2), compiled),
  program('dropout, watched', [], dropped, plain),
  program('gradients of four batches', [], clouds(0.3, 30), ({ options, loader, loss }) => {
    let n = 0
    for (let epoch = 0; epoch < options.epochs!; epoch++) {
      for (const [x, y] of loader) {
        loss(x, y).div(4).backward()
        if (++n % 4 !== 0) continue
        options.optimizer.step()
        options.optimizer.zeroGrad()
      }
    }
  }),
  program('cleared after the step, with zeros', [], surfaces(0.01), ({ options, loader, loss }) => {
    for (let epoch = 0; epoch < options.epochs!; epoch++) {
      for (const [x, y] of loader) {
        loss(x, y).backward()
        options.optimizer.step()
        options.optimizer.zeroGrad({ setToNone: false })
      }
    }
  }),
  program('cleared by hand', [], surfaces(0.01), ({ options, loader, loss }) => {
    for (let epoch = 0; epoch < options.epochs!; epoch++) {
      for (const [x, y] of loader) {
        for (const p of options.model.parameters()) p.grad?.zero_()
        loss(x, y).backward()
        options.optimizer.step()
      }
    }
  }),
  program('a schedule that ends at 0', [], clouds(0.5), ({ options, loader, loss }) => {
    const schedule = new optim.lrScheduler.CosineAnnealingLR(options.optimizer, { TMax: options.epochs! })
    for (let epoch = 0; epoch < options.epochs!; epoch++) {
      for (const [x, y] of loader) {
        options.optimizer.zeroGrad()
        loss(x, y).backward()
        options.optimizer.step()
      }
      schedule.step()
    }
  }),
  program('clipped to 1', [], clouds(0.3), ({ options, loader, loss }) => {
    for (let epoch = 0; epoch < options.epochs!; epoch++) {
      for (const [x, y] of loader) {
        options.optimizer.zeroGrad()
        loss(x, y).backward()
        nn.utils.clipGradNorm_(options.model.parameters(), 1)
        options.optimizer.step()
      }
    }
  }),
  program(
    'evaluated between epochs',
    [],
    s => {
      const [X, y] = circle(600, s)
      const model = mlp([2, 32, 32, 1], 'relu', s, new nn.Dropout({ p: 0 }))
      const rows = (from: number, n: number) =>
        [X.narrow(0, from, n).contiguous(), y.narrow(0, from, n).contiguous()] as const
      return {
        model,
        criterion: new nn.BCEWithLogitsLoss(),
        optimizer: adam(model),
        data: rows(0, 480),
        validation: rows(480, 120),
        epochs: 20,
        batchSize: 32,
      }
    },
    ({ options, loader, loss, watcher }) => {
      for (let epoch = 0; epoch < options.epochs!; epoch++) {
        options.model.train()
        for (const [x, y] of loader) {
          options.optimizer.zeroGrad()
          loss(x, y).backward()
          options.optimizer.step()
        }
        options.model.eval()
        watcher.epoch()
      }
    },
  ),
]
