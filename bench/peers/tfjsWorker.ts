// TensorFlow.js as a side of the comparison, on the backend that the first argument names: wasm or cpu. See worker.ts.
import path from 'node:path'
import type { Tensor } from 'glorot'
import { arange, data, nn } from 'glorot'
import { foreign } from './foreign.js'
import { Lacks, type Library, type Prepared, serve } from './serve.js'
import { drawLoader, drawNetwork, type Loader, last, type Network } from './works.js'

const backend = process.argv[2]

// biome-ignore lint/suspicious/noExplicitAny: the package may not be here, and then its types are not either
type Any = any
let tf: Any

const convert = (t: Tensor, dtype?: string): Any => tf.tensor(t.toTypedArray(), t.shape, dtype)

type Layer = (x: Any) => Any
const activations: Record<string, Layer> = { ReLU: x => tf.relu(x), Sigmoid: x => tf.sigmoid(x) }

/** A layer with the weights of ours, as tf.layers.dense computes it: inputs by columns, the bias fused. */
function layerOf(module: nn.Module): Layer {
  const name = module.constructor.name
  if (!(module instanceof nn.Linear)) {
    if (activations[name] === undefined) throw new Lacks(`no layer like ${name} here`)
    return activations[name]
  }
  const kernel = tf.variable(tf.transpose(convert(module.weight.detach())))
  const bias = tf.variable(convert(module.bias!.detach()))
  return x => tf.fused.matMul({ a: x, b: kernel, bias })
}

const losses: Record<string, (y: Any, z: Any) => Any> = {
  MSELoss: (y, z) => tf.losses.meanSquaredError(y, z),
  BCELoss: (y, z) => tf.losses.logLoss(y, z),
  CrossEntropyLoss: (y, z) => tf.losses.softmaxCrossEntropy(y, z),
}

/** PyTorch's epsilon: that of tf.train.adam is larger. */
const optimizers: Record<string, (lr: number) => Any> = {
  SGD: lr => tf.train.sgd(lr),
  Adam: lr => tf.train.adam(lr, 0.9, 0.999, 1e-8),
}

/** A training step that gives the loss as a number, as a loop that reports it reads it. */
function trainer(parts: readonly nn.Module[], loss: string, optimizer: string, lr: number) {
  const layers = parts.map(layerOf)
  const rule = optimizers[optimizer](lr)
  return (x: Any, y: Any): number =>
    tf.tidy(() => {
      const value = rule.minimize(
        () =>
          losses[loss](
            y,
            layers.reduce((h, layer) => layer(h), x),
          ),
        true,
      )
      return value.dataSync()[0]
    })
}

function network(args: Network): Prepared {
  const { parts, x, y } = drawNetwork(args)
  const inputs = convert(x)
  const classes = args.layers[args.layers.length - 1]
  const labels = args.loss === 'CrossEntropyLoss' ? tf.oneHot(convert(y, 'int32'), classes) : convert(y)
  const train = trainer(parts, args.loss, args.optimizer, args.lr)
  const step = () => train(inputs, labels)
  return { step, value: () => last(args.checked ?? 2, step) }
}

/** The order of an epoch is drawn by our loader, so that both see the same batches; the rows are gathered by TensorFlow.js. */
function loader(args: Loader): Prepared {
  const { x, y, model } = drawLoader(args)
  const [inputs, labels] = [convert(x), convert(y)]
  const places = new data.TensorDataset(arange(args.samples, { dtype: 'int32' }))
  const batches = new data.DataLoader(places, { batchSize: args.batch, shuffle: true })
  const train = trainer([model.fc1, model.relu, model.fc2, model.sigmoid], 'BCELoss', 'Adam', args.lr)
  const epoch = (): number => {
    let loss = 0
    for (const [places] of batches) {
      loss = tf.tidy(() => {
        const index = tf.tensor1d(places.toTypedArray(), 'int32')
        return train(tf.gather(inputs, index), tf.gather(labels, index))
      })
    }
    return loss
  }
  return { step: epoch, value: epoch }
}

async function open(): Promise<Library> {
  const { library, version } = await foreign('@tensorflow/tfjs')
  tf = library
  let details = `backend ${backend}, one thread, Node ${process.versions.node}`
  if (backend === 'wasm') {
    const { library: wasm, folder } = await foreign('@tensorflow/tfjs-backend-wasm')
    wasm.setWasmPaths(path.join(folder, 'dist', path.sep))
    wasm.setThreadsCount(1)
    details += (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? ', SIMD' : ', no SIMD'
  }
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js has no backend ${backend} here`)
  await tf.ready()
  return {
    greeting: { name: `TensorFlow.js ${backend}`, version, details },
    works: { network, loader },
    setThreads(n) {
      if (n !== 1) throw new Error('the threads of a backend are chosen before it starts: one')
    },
  }
}

await serve(open)
