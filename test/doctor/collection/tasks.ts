// Data to learn from: what they are made of is known, and how well they can be learned.
import { arange, cat, manualSeed, rand, randn, randperm, stack, type Tensor, tensor } from 'glorot'

export type Pair = readonly [X: Tensor, y: Tensor]

/** k clouds in d dimensions; classes as int32. */
export function blobs(n: number, d: number, k: number, seed: number, spread = 1): Pair {
  manualSeed(seed)
  const centres = randn([k, d]).mul(2.5)
  const y = tensor(Int32Array.from({ length: n }, (_, i) => i % k))
  const X = centres.indexSelect(0, y).add(randn([n, d]).mul(spread))
  const order = randperm(n)
  return [X.indexSelect(0, order), y.indexSelect(0, order)]
}

/** Inside or outside of a circle: targets [n, 1] of 0 and 1. */
export function circle(n: number, seed: number, d = 2): Pair {
  manualSeed(seed)
  const X = randn([n, d])
  const radius = X.square().sum(1, { keepdim: true })
  const middle = [...radius.toTypedArray()].sort((a, b) => a - b)[Math.floor(n / 2)]
  return [X, radius.gt(middle).float()]
}

/** A half of space with some of the labels near the border turned: targets [n, 1] of 0 and 1. */
export function halves(n: number, d: number, seed: number, noise = 0.3): Pair {
  manualSeed(seed)
  const X = randn([n, d])
  const w = randn([d, 1])
  return [
    X,
    X.matmul(w)
      .add(randn([n, 1]).mul(noise))
      .gt(0)
      .float(),
  ]
}

/** A smooth function of d numbers, with noise: targets [n, 1] of mean 0 and deviation about 1. */
export function surface(n: number, d: number, seed: number, noise = 0.1): Pair {
  manualSeed(seed)
  const X = randn([n, d])
  const a = randn([d, 1]).mul(1.5 / Math.sqrt(d))
  const b = randn([d, 1]).div(Math.sqrt(d))
  const y = X.matmul(a)
    .sin()
    .add(X.matmul(b))
    .add(randn([n, 1]).mul(noise))
  return [X, y.sub(y.mean()).div(y.std())]
}

/** A linear function with noise. */
export function plane(n: number, d: number, seed: number, noise = 0.2): Pair {
  manualSeed(seed)
  const X = randn([n, d])
  const y = X.matmul(randn([d, 1]).div(Math.sqrt(d))).add(randn([n, 1]).mul(noise))
  return [X, y]
}

/** Two half moons. */
export function moons(n: number, seed: number): Pair {
  manualSeed(seed)
  const half = Math.floor(n / 2)
  const t = rand([half]).mul(Math.PI)
  const upper = stack([t.cos(), t.sin()], 1)
  const lower = stack([t.cos().mul(-1).add(1), t.sin().mul(-1).add(0.5)], 1)
  const X = cat([upper, lower], 0).add(randn([2 * half, 2]).mul(0.12))
  const y = arange(0, 2 * half)
    .ge(half)
    .float()
    .reshape([2 * half, 1])
  const order = randperm(2 * half)
  return [X.indexSelect(0, order), y.indexSelect(0, order)]
}

/** Pictures of bars on a grid of side x side, values from 0 to 1: class is the row or column that is lit. */
export function bars(n: number, side: number, seed: number): Pair {
  manualSeed(seed)
  const X = rand([n, side * side]).mul(0.2)
  const values = X.typedArray()
  const y = new Int32Array(n)
  for (let i = 0; i < n; i++) {
    y[i] = i % (2 * side)
    const line = y[i] % side
    for (let k = 0; k < side; k++) {
      const at = y[i] < side ? line * side + k : k * side + line
      values[i * side * side + at] = 0.7 + 0.3 * values[i * side * side + at]
    }
  }
  const order = randperm(n)
  return [X.indexSelect(0, order), tensor(y).indexSelect(0, order)]
}

/** The class of each row as a row of 0 and 1. */
export function oneHotRows(y: Tensor, k: number): Tensor {
  const rows = new Float32Array(y.numel() * k)
  y.toTypedArray().forEach((c: number, i: number) => {
    rows[i * k + c] = 1
  })
  return tensor(rows).reshape([y.numel(), k])
}
