// Parametrizations of weights: by length and direction, and by their largest singular value.
import { noGrad } from '../autograd/mode.js'
import { checkInteger, checkNumber, checkOptions, describe, ValueError } from '../core/errors.js'
import { resolveDim } from '../core/shape.js'
import { dot, mv } from '../ops/matmul.js'
import { norm } from '../ops/reduce.js'
import { flatten, movedim } from '../ops/view.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { ConvTranspose1d, ConvTranspose2d, ConvTranspose3d } from './conv.js'
import { normalize } from './functional/distance.js'
import { Module } from './module.js'
import { isParametrized, registerParametrization } from './parametrize.js'

/** The lengths of the slices along a dimension, kept as 1; of all elements where there is none. */
function lengths(v: Tensor, dim: number | null): Tensor {
  if (dim === null) return norm(v, 2)
  const others = v.shape.map((_, d) => d).filter(d => d !== dim)
  return others.length === 0 ? v.abs() : norm(v, 2, others, { keepdim: true })
}

/** g·v/‖v‖: `original0` is g, `original1` v. */
class _WeightNorm extends Module {
  private readonly along: number | null

  constructor(along: number | null) {
    super()
    this.along = along
  }

  override forward(g: Tensor, v: Tensor): Tensor {
    return v.mul(g.div(lengths(v, this.along)))
  }

  rightInverse(weight: Tensor): Tensor[] {
    return [lengths(weight, this.along), weight]
  }
}

/** The parameter of that name. @throws ValueError where there is none */
function weightOf(op: string, module: Module, name: string): Tensor {
  if (!(module instanceof Module)) throw new TypeError(`${op}: expected a Module, got ${describe(module)}`)
  const weight = (module as unknown as Record<string, unknown>)[name]
  if (weight instanceof Tensor) return weight
  throw new ValueError(`${module.constructor.name} has no parameter '${name}'`, { op })
}

/**
 * Learns a weight as its length and its direction: `parametrizations.weight.original0` holds the lengths along `dim`, `original1` the
 * directions. Salimans, Kingma 2016, arXiv:1602.07868
 * @param options `name`: of the parameter, default 'weight'; `dim`: along which there are several lengths, default 0; null, or -1, for one
 * @returns the module
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.weight_norm.html
 */
export function weightNorm<M extends Module>(module: M, options?: { name?: string; dim?: number | null }): M {
  const op = 'weightNorm'
  checkOptions(op, options, ['name', 'dim'])
  const name = options?.name ?? 'weight'
  // As in PyTorch, -1 is none and not the last one.
  const dim = options?.dim === undefined ? 0 : options.dim === -1 ? null : options.dim
  const rank = weightOf(op, module, name).shape.length
  if (isParametrized(module, name))
    throw new ValueError(`'${name}' is parametrized already; weight norm must come first`, { op })
  return registerParametrization(module, name, new _WeightNorm(dim === null ? null : resolveDim(op, dim, rank)))
}

/** W/σ(W), σ estimated by power iteration from vectors that are kept. */
class _SpectralNorm extends Module {
  declare _u: Tensor
  declare _v: Tensor
  private readonly along: number
  private readonly iterations: number
  private readonly eps: number

  constructor(weight: Tensor, along: number, iterations: number, eps: number) {
    super()
    this.along = along
    this.iterations = iterations
    this.eps = eps
    if (weight.shape.length < 2) return
    const matrix = this.matrix(weight.detach())
    const drawn = (n: number) => normalize(emptyTensor([n], weight.dtype).normal_(0, 1), { dim: 0, eps })
    const [u, v] = matrix.shape.map(drawn)
    this.registerBuffer('_u', u)
    this.registerBuffer('_v', v)
    this.iterate(matrix, 15)
  }

  private matrix(weight: Tensor): Tensor {
    return flatten(this.along === 0 ? weight : movedim(weight, this.along, 0), 1)
  }

  private iterate(matrix: Tensor, times: number): void {
    const options = { dim: 0, eps: this.eps }
    noGrad(() => {
      for (let i = 0; i < times; i++) {
        this._u.copy_(normalize(mv(matrix, this._v), options))
        this._v.copy_(normalize(mv(matrix.t(), this._u), options))
      }
    })
  }

  override forward(weight: Tensor): Tensor {
    if (weight.shape.length < 2) return normalize(weight, { dim: 0, eps: this.eps })
    const matrix = this.matrix(weight)
    if (this.training) this.iterate(matrix.detach(), this.iterations)
    // Copies, as the next forward changes the vectors before this one's backward may have run.
    const [u, v] = [this._u.clone(), this._v.clone()]
    return weight.div(dot(u, mv(matrix, v)))
  }

  rightInverse(value: Tensor): Tensor {
    return value
  }
}

export interface SpectralNormOptions {
  /** Of the parameter. Default: 'weight'. */
  name?: string
  /** At each forward in training. Default: 1. */
  nPowerIterations?: number
  /** Default: 1e-12. */
  eps?: number
  /** The dimension of the outputs. Default: 0, for transposed convolutions 1. */
  dim?: number | null
}

/**
 * Divides a weight by its largest singular value, estimated by power iteration. Miyato et al. 2018, arXiv:1802.05957
 * @returns the module
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrizations.spectral_norm.html
 */
export function spectralNorm<M extends Module>(module: M, options?: SpectralNormOptions): M {
  const op = 'spectralNorm'
  checkOptions(op, options, ['name', 'nPowerIterations', 'eps', 'dim'])
  const { name = 'weight', nPowerIterations = 1, eps = 1e-12 } = options ?? {}
  checkInteger(op, 'nPowerIterations', nPowerIterations, 1)
  checkNumber(op, 'eps', eps)
  const weight = weightOf(op, module, name)
  const transposed = [ConvTranspose1d, ConvTranspose2d, ConvTranspose3d].some(kind => module instanceof kind)
  const dim = resolveDim(op, options?.dim ?? (transposed ? 1 : 0), weight.shape.length)
  return registerParametrization(module, name, new _SpectralNorm(weight, dim, nPowerIterations, eps))
}
