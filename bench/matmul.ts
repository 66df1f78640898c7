// Matrix products as the layers of a network call them. bench/gemm measures the kernel alone, against OpenBLAS.
import { nn, randn } from 'glorot'
import { type Case, suite } from './suite.js'

function product(m: number, k: number, n: number): Case {
  const [a, b] = [randn([m, k]), randn([k, n])]
  return [`${m}x${k} times ${k}x${n}`, () => () => a.matmul(b)]
}

/** A layer's forward, and its backward to input, weight and bias. */
function layer(batch: number, inputs: number, outputs: number): Case {
  const linear = new nn.Linear(inputs, outputs)
  const x = randn([batch, inputs]).requiresGrad_(true)
  const grad = randn([batch, outputs])
  return [
    `Linear ${inputs} -> ${outputs}, batch ${batch}, forward and backward`,
    () => () => {
      linear.zeroGrad()
      x.grad = null
      linear.forward(x).backward(grad)
    },
  ]
}

const squares = [16, 64, 256, 1024].map(n => product(n, n, n))
await suite('matmul', 'Matrix products', [
  ...squares,
  product(1, 512, 512),
  product(100, 10, 10),
  layer(100, 10, 10),
  layer(128, 784, 512),
  layer(128, 256, 10),
])
