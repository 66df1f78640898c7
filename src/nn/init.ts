// Initialisers: each fills a tensor in place, outside the graph, and returns it. Draws equal PyTorch's (torch/nn/init.py).
import { checkTensor } from '../autograd/defineOp.js'
import { noGrad } from '../autograd/mode.js'
import { checkChoice, checkNumber, checkOptions, formatShape, ShapeError, ValueError } from '../core/errors.js'
import { tensor } from '../tensor/create.js'
import type { Generator } from '../tensor/generator.js'
import { randperm } from '../tensor/random.js'
import { emptyTensor, type Tensor } from '../tensor/tensor.js'

interface Drawing {
  /** Draw from this stream instead of the default one. */
  generator?: Generator | null
}

const nonlinearities = [
  'linear',
  'conv1d',
  'conv2d',
  'conv3d',
  'sigmoid',
  'tanh',
  'relu',
  'leaky_relu',
  'selu',
] as const
export type Nonlinearity = (typeof nonlinearities)[number]

/** What a nonlinearity shrinks deviations by, inverted: √2 for relu, 5/3 for tanh. `param`: slope of leaky_relu, default 0.01. */
export function calculateGain(nonlinearity: Nonlinearity, param?: number): number {
  checkChoice('calculateGain', 'nonlinearity', nonlinearity, nonlinearities)
  if (nonlinearity === 'tanh') return 5 / 3
  if (nonlinearity === 'relu') return Math.SQRT2
  if (nonlinearity === 'leaky_relu')
    return Math.sqrt(2 / (1 + checkNumber('calculateGain', 'param', param ?? 0.01) ** 2))
  return nonlinearity === 'selu' ? 3 / 4 : 1
}

/** Inputs and outputs of one unit: dimensions 1 and 0, times the size of a kernel. */
function fans(op: string, x: Tensor): [fanIn: number, fanOut: number] {
  checkTensor(op, x)
  if (x.shape.length < 2) {
    throw new ShapeError(`fan in and fan out need 2 dimensions at least, got ${formatShape(x.shape)}`, {
      op,
      shapes: [x.shape],
    })
  }
  const kernel = x.shape.slice(2).reduce((a, b) => a * b, 1)
  return [x.shape[1] * kernel, x.shape[0] * kernel]
}

function quietly(x: Tensor, fill: () => void): Tensor {
  noGrad(fill)
  return x
}

/** Uniform in [a, b). Defaults: 0, 1. */
export function uniform_(x: Tensor, a = 0, b = 1, options?: Drawing): Tensor {
  checkTensor('uniform_', x)
  return quietly(x, () => x.uniform_(a, b, options))
}
/** Normal. Defaults: mean 0, std 1. */
export function normal_(x: Tensor, mean = 0, std = 1, options?: Drawing): Tensor {
  checkTensor('normal_', x)
  return quietly(x, () => x.normal_(mean, std, options))
}
/** Every element `value`. */
export function constant_(x: Tensor, value: number): Tensor {
  checkTensor('constant_', x)
  return quietly(x, () => x.fill_(value))
}
export const ones_ = (x: Tensor): Tensor => constant_(x, 1)
export const zeros_ = (x: Tensor): Tensor => constant_(x, 0)

/** 1 on the diagonal, else 0. Two dimensions. */
export function eye_(x: Tensor): Tensor {
  checkTensor('eye_', x)
  if (x.shape.length !== 2)
    throw new ShapeError(`needs 2 dimensions, got ${formatShape(x.shape)}`, { op: 'eye_', shapes: [x.shape] })
  return quietly(x, () => x.zero_().diagonal().fill_(1))
}

export interface XavierOptions extends Drawing {
  /** Default: 1; see `calculateGain`. */
  gain?: number
}

/** Uniform in ±gain·√(6/(fanIn + fanOut)). Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward networks" */
export function xavierUniform_(x: Tensor, options?: XavierOptions): Tensor {
  checkOptions('xavierUniform_', options, ['gain', 'generator'])
  const [fanIn, fanOut] = fans('xavierUniform_', x)
  const bound = Math.sqrt(3) * (options?.gain ?? 1) * Math.sqrt(2 / (fanIn + fanOut))
  return uniform_(x, -bound, bound, { generator: options?.generator })
}
/** Normal of deviation gain·√(2/(fanIn + fanOut)). Glorot & Bengio 2010 */
export function xavierNormal_(x: Tensor, options?: XavierOptions): Tensor {
  checkOptions('xavierNormal_', options, ['gain', 'generator'])
  const [fanIn, fanOut] = fans('xavierNormal_', x)
  return normal_(x, 0, (options?.gain ?? 1) * Math.sqrt(2 / (fanIn + fanOut)), { generator: options?.generator })
}

export interface KaimingOptions extends Drawing {
  /** Slope left of 0 of the leaky_relu that follows. Default: 0. */
  a?: number
  /** Keep the size of activations ('fan_in', default) or of gradients ('fan_out'). */
  mode?: 'fan_in' | 'fan_out'
  /** Default: 'leaky_relu'. */
  nonlinearity?: Nonlinearity
}

function kaimingStd(op: string, x: Tensor, options: KaimingOptions | undefined): number {
  checkOptions(op, options, ['a', 'mode', 'nonlinearity', 'generator'])
  const mode = checkChoice(op, 'mode', options?.mode ?? 'fan_in', ['fan_in', 'fan_out'] as const)
  const [fanIn, fanOut] = fans(op, x)
  return (
    calculateGain(options?.nonlinearity ?? 'leaky_relu', options?.a ?? 0) /
    Math.sqrt(mode === 'fan_in' ? fanIn : fanOut)
  )
}
/** Uniform in ±gain·√(3/fan). He et al. 2015, arXiv:1502.01852 */
export function kaimingUniform_(x: Tensor, options?: KaimingOptions): Tensor {
  checkTensor('kaimingUniform_', x)
  if (x.count === 0) return x
  const bound = Math.sqrt(3) * kaimingStd('kaimingUniform_', x, options)
  return uniform_(x, -bound, bound, { generator: options?.generator })
}
/** Normal of deviation gain/√fan. He et al. 2015, arXiv:1502.01852 */
export function kaimingNormal_(x: Tensor, options?: KaimingOptions): Tensor {
  checkTensor('kaimingNormal_', x)
  if (x.count === 0) return x
  return normal_(x, 0, kaimingStd('kaimingNormal_', x, options), { generator: options?.generator })
}

/**
 * Normal, drawn anew until every element is within [a, b].
 * @param options defaults: mean 0, std 1, a -2, b 2
 */
export function truncNormal_(
  x: Tensor,
  options?: Drawing & { mean?: number; std?: number; a?: number; b?: number },
): Tensor {
  const op = 'truncNormal_'
  checkTensor(op, x)
  checkOptions(op, options, ['mean', 'std', 'a', 'b', 'generator'])
  const { mean = 0, std = 1, a = -2, b = 2, generator } = options ?? {}
  if (checkNumber(op, 'a', a) >= checkNumber(op, 'b', b))
    throw new ValueError(`a must be below b, got ${a} and ${b}`, { op })
  checkNumber(op, 'std', std, 0)
  return quietly(x, () => truncate(x, checkNumber(op, 'mean', mean), std, a, b, generator))
}

/** Φ, by the error function. */
function normalCdf(z: number): number {
  return (
    emptyTensor([], 'float64')
      .fill_(z * Math.SQRT1_2)
      .erf()
      .item() /
      2 +
    0.5
  )
}

function truncate(
  x: Tensor,
  mean: number,
  std: number,
  a: number,
  b: number,
  generator: Generator | null | undefined,
): void {
  const [low, high] = [normalCdf((a - mean) / std), normalCdf((b - mean) / std)]
  const draw = () => emptyTensor(x.shape, x.dtype).normal_(mean, std, { generator }).toTypedArray()
  if (high - low > 0.3) {
    const values = draw()
    const outside = (v: number) => v < a || v > b
    while (values.some(outside)) {
      const again = draw()
      values.forEach((v, i) => {
        if (outside(v)) values[i] = again[i]
      })
    }
    x.copy_(tensor(values).reshape(x.shape))
    return
  }
  x.uniform_(2 * low - 1, 2 * high - 1, { generator })
  const values = x
    .erfinv_()
    .mul_(std * Math.SQRT2)
    .add_(mean)
    .toTypedArray()
  x.copy_(tensor(values.map(v => Math.min(Math.max(v, a), b))).reshape(x.shape))
}

/** Rows or columns at right angles: Q of a QR of normal numbers, times gain. Saxe et al. 2013, arXiv:1312.6120 */
export function orthogonal_(x: Tensor, options?: XavierOptions): Tensor {
  const op = 'orthogonal_'
  checkTensor(op, x)
  checkOptions(op, options, ['gain', 'generator'])
  if (x.shape.length < 2)
    throw new ShapeError(`needs 2 dimensions at least, got ${formatShape(x.shape)}`, { op, shapes: [x.shape] })
  const gain = checkNumber(op, 'gain', options?.gain ?? 1)
  if (x.count === 0) return x
  const rows = x.shape[0]
  const cols = x.count / rows
  const flat = emptyTensor([rows, cols], x.dtype).normal_(0, 1, { generator: options?.generator })
  const q = orthonormal(rows < cols ? flat.t() : flat)
  return quietly(x, () => x.copy_((rows < cols ? q.t() : q).mul(gain).reshape(x.shape)))
}

/**
 * Q of the QR decomposition with a positive diagonal of R, for a tall matrix: Gram-Schmidt in double, twice, which is exact to
 * rounding (Giraud et al. 2005). It is the product of Householder's Q and the signs of R's diagonal.
 */
function orthonormal(matrix: Tensor): Tensor {
  const [n, k] = matrix.shape
  const columns = matrix.double().t().contiguous()
  for (let j = 0; j < k; j++) {
    const column = columns.narrow(0, j, 1).reshape([n, 1])
    for (let pass = 0; pass < 2 && j > 0; pass++) {
      const before = columns.narrow(0, 0, j)
      column.sub_(before.t().matmul(before.matmul(column)))
    }
    column.div_(column.t().matmul(column).sqrt())
  }
  return columns.t().to(matrix.dtype)
}

/** Normal, with a share of each column set to 0. Martens 2010, "Deep learning via Hessian-free optimization" */
export function sparse_(x: Tensor, sparsity: number, options?: Drawing & { std?: number }): Tensor {
  const op = 'sparse_'
  checkTensor(op, x)
  checkOptions(op, options, ['std', 'generator'])
  checkNumber(op, 'sparsity', sparsity, 0, 1)
  if (x.shape.length !== 2)
    throw new ShapeError(`needs 2 dimensions, got ${formatShape(x.shape)}`, { op, shapes: [x.shape] })
  const [rows, cols] = x.shape
  const zeros = Math.ceil(sparsity * rows)
  const generator = options?.generator
  return quietly(x, () => {
    x.normal_(0, options?.std ?? 0.01, { generator })
    for (let c = 0; c < cols; c++) {
      for (const r of randperm(rows, { generator }).narrow(0, 0, zeros).toTypedArray())
        x.select(0, r).select(0, c).fill_(0)
    }
  })
}
