// L-BFGS: steps along an estimate of Newton's direction, from the last changes of parameters and gradients.
import { copyOf } from '../autograd/accumulate.js'
import { copyElements } from '../autograd/inplace.js'
import { enableGrad, noGrad } from '../autograd/mode.js'
import { checkChoice, checkInteger, checkNumber, checkOptions, DTypeError, ValueError } from '../core/errors.js'
import { recording } from '../core/recording.js'
import { normOf } from '../ops/clip.js'
import { dot } from '../ops/matmul.js'
import { filled } from '../tensor/create.js'
import { emptyTensor, Tensor, viewOf } from '../tensor/tensor.js'
import type { ParamGroup } from './group.js'
import { Optimizer, type ParamState, type Params } from './optimizer.js'
import { type Point, strongWolfe } from './strongWolfe.js'

export interface LBFGSOptions {
  /** Length of a step, in the units of the direction. Default: 1. */
  lr?: number
  /** Iterations a step. Default: 20. */
  maxIter?: number
  /** Calls of the closure a step. Default: 5/4 of maxIter. */
  maxEval?: number | null
  /** Stops where no element of the gradient is larger. Default: 1e-7. */
  toleranceGrad?: number
  /** Stops where loss or parameters change less. Default: 1e-9. */
  toleranceChange?: number
  /** Changes that are remembered. Default: 100. */
  historySize?: number
  /** How the length of a step is found: lr (null, default) or a line search. */
  lineSearchFn?: 'strong_wolfe' | null
}

const defaults: Required<LBFGSOptions> = {
  lr: 1,
  maxIter: 20,
  maxEval: null,
  toleranceGrad: 1e-7,
  toleranceChange: 1e-9,
  historySize: 100,
  lineSearchFn: null,
}

/** What is remembered between steps; the names are PyTorch's. */
interface History {
  func_evals: number
  n_iter: number
  /** The last direction and step. */
  d: Tensor
  t: number
  /** Changes of gradients and of parameters, and one over their products. */
  old_dirs: Tensor[]
  old_stps: Tensor[]
  ro: number[]
  H_diag: number
  prev_flat_grad: Tensor | null
  prev_loss: number
}

const value = (loss: unknown): number => (loss instanceof Tensor ? loss.item() : Number(loss))
const product = (a: Tensor, b: Tensor): number => dot(a, b).item()
const largest = (x: Tensor): number => normOf(x, Infinity)

/**
 * One group only; `step` needs a closure that computes loss and gradients anew, and calls it several times. How often depends on the
 * losses, so the step cannot be compiled; the closure can. Liu and Nocedal 1989
 *
 * ```ts
 * optimizer.step(() => {
 *   optimizer.zeroGrad()
 *   const loss = criterion.forward(model.forward(x), y)
 *   loss.backward()
 *   return loss
 * })
 * ```
 * @see https://pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
 */
export class LBFGS extends Optimizer<LBFGSOptions> {
  private readonly params: readonly Tensor[]
  private readonly count: number

  constructor(params: Params<LBFGSOptions>, options?: LBFGSOptions) {
    const op = 'LBFGS'
    checkOptions(op, options, Object.keys(defaults))
    const all = { ...defaults, ...options }
    all.maxEval ??= Math.floor((checkInteger(op, 'maxIter', all.maxIter, 1) * 5) / 4)
    super(params, all)
    if (this.paramGroups.length !== 1)
      throw new ValueError(`takes one parameter group, got ${this.paramGroups.length}`, { op })
    this.params = this.paramGroups[0].params
    this.count = this.params.reduce((n, p) => n + p.count, 0)
    for (const p of this.params) {
      if (p.dtype !== this.params[0].dtype)
        throw new DTypeError(`parameters of ${this.params[0].dtype} and ${p.dtype} do not make one vector`, { op })
    }
  }

  protected override checkGroup(group: ParamGroup<LBFGSOptions>): void {
    const op = 'LBFGS'
    checkNumber(op, 'lr', group.lr, 0)
    checkInteger(op, 'maxIter', group.maxIter, 1)
    checkInteger(op, 'maxEval', group.maxEval, 1)
    checkInteger(op, 'historySize', group.historySize, 1)
    checkNumber(op, 'toleranceGrad', group.toleranceGrad)
    checkNumber(op, 'toleranceChange', group.toleranceChange)
    if (group.lineSearchFn !== null) checkChoice(op, 'lineSearchFn', group.lineSearchFn, ['strong_wolfe'] as const)
  }

  /** All gradients as one vector, zeros where there is none. */
  private gradient(): Tensor {
    const flat = filled([this.count], this.params[0].dtype, 0)
    let at = 0
    for (const { grad, count } of this.params) {
      if (grad !== null && count > 0)
        copyElements(grad, viewOf(flat, grad.shape, emptyTensor(grad.shape, grad.dtype).strides, at))
      at += count
    }
    return flat
  }

  /** p += t·(its part of the vector d) */
  private move(t: number, d: Tensor): void {
    let at = 0
    for (const p of this.params) {
      p.add_(d.narrow(0, at, p.count).reshape(p.shape), { alpha: t })
      at += p.count
    }
  }

  /** The loss at the parameters as they are, and the gradient. */
  private evaluate(closure: () => unknown): [loss: number, gradient: Tensor] {
    const loss = value(enableGrad(closure))
    return [loss, this.gradient()]
  }

  /** Remembers the last change; its share of the curvature scales the next direction. */
  private remember(h: History, grad: Tensor, size: number): void {
    const change = grad.sub(h.prev_flat_grad!)
    const step = h.d.mul(h.t)
    const curvature = product(change, step)
    if (curvature <= 1e-10) return
    if (h.old_dirs.length === size) for (const list of [h.old_dirs, h.old_stps, h.ro]) list.shift()
    h.old_dirs.push(change)
    h.old_stps.push(step)
    h.ro.push(1 / curvature)
    h.H_diag = curvature / product(change, change)
  }

  /** The estimate of the inverse Hessian times -grad, by the two loops over what is remembered. */
  private direction(h: History, grad: Tensor): Tensor {
    const q = grad.neg()
    const al: number[] = []
    for (let i = h.old_dirs.length - 1; i >= 0; i--) {
      al[i] = product(h.old_stps[i], q) * h.ro[i]
      q.add_(h.old_dirs[i], { alpha: -al[i] })
    }
    q.mul_(h.H_diag)
    for (let i = 0; i < h.old_dirs.length; i++)
      q.add_(h.old_stps[i], { alpha: al[i] - product(h.old_dirs[i], q) * h.ro[i] })
    return q
  }

  protected override update<R>(closure: (() => R) | undefined): R | undefined {
    if (closure === undefined) throw new TypeError('LBFGS: step needs a closure that computes the loss')
    recording.active?.refuse(
      'what an LBFGS does next depends on the losses that it reads; compile its closure instead: optimizer.step(() => compiled(x, y))',
    )
    return noGrad(() => this.iterate(closure))
  }

  private iterate<R>(closure: () => R): R {
    const { lr, maxIter, maxEval, toleranceGrad, toleranceChange, historySize, lineSearchFn } = this.paramGroups[0]
    const key = this.params[0]
    const first = enableGrad(closure)
    let loss = value(first)
    let grad = this.gradient()
    let evaluations = 1
    let h = this.state.get(key) as History | undefined
    if (h === undefined) {
      h = {
        func_evals: 0,
        n_iter: 0,
        d: grad,
        t: 0,
        old_dirs: [],
        old_stps: [],
        ro: [],
        H_diag: 1,
        prev_flat_grad: null,
        prev_loss: loss,
      }
      this.state.set(key, h as unknown as ParamState)
    }
    h.func_evals++
    if (largest(grad) <= toleranceGrad) return first
    for (let n = 1; n <= maxIter; n++) {
      h.n_iter++
      if (h.n_iter === 1) h.d = grad.neg()
      else {
        this.remember(h, grad, historySize)
        h.d = this.direction(h, grad)
      }
      h.prev_flat_grad = copyOf(grad)
      h.prev_loss = loss
      h.t = h.n_iter === 1 ? Math.min(1, 1 / normOf(grad, 1)) * lr : lr
      const slope = product(grad, h.d)
      if (slope > -toleranceChange) break

      let flat = false
      let calls = 0
      if (lineSearchFn !== null) {
        const found = this.search(closure, h, { t: 0, loss, grad, slope }, toleranceChange, maxEval! - evaluations)
        ;({ loss, grad, t: h.t } = found.point)
        calls = found.evaluations
        this.move(h.t, h.d)
        flat = largest(grad) <= toleranceGrad
      } else {
        this.move(h.t, h.d)
        // The last iteration's gradient would not be used.
        if (n !== maxIter) {
          ;[loss, grad] = this.evaluate(closure)
          flat = largest(grad) <= toleranceGrad
          calls = 1
        }
      }
      evaluations += calls
      h.func_evals += calls
      if (evaluations >= maxEval! || flat) break
      if (largest(h.d) * Math.abs(h.t) <= toleranceChange || Math.abs(loss - h.prev_loss) < toleranceChange) break
    }
    return first
  }

  private search(closure: () => unknown, h: History, start: Point, toleranceChange: number, most: number) {
    const before = this.params.map(copyOf)
    const evaluate = (t: number): Point => {
      this.move(t, h.d)
      const [loss, grad] = this.evaluate(closure)
      this.params.forEach((p, i) => {
        p.copy_(before[i])
      })
      return { t, loss, grad, slope: product(grad, h.d) }
    }
    return strongWolfe(evaluate, start, h.t, largest(h.d), toleranceChange, most)
  }

  protected override loadedState(p: Tensor, saved: ParamState | undefined): () => void {
    const own = (v: unknown): unknown =>
      v instanceof Tensor ? copyOf(v.detach()).to(p.dtype) : Array.isArray(v) ? v.map(own) : v
    const number = (v: unknown): unknown => (v instanceof Tensor ? v.item() : Array.isArray(v) ? v.map(number) : v)
    return () => {
      this.state.delete(p)
      if (saved === undefined) return
      const state: ParamState = {}
      for (const [name, v] of Object.entries(saved)) {
        const vectors = ['d', 'old_dirs', 'old_stps', 'prev_flat_grad'].includes(name)
        state[name] = vectors ? own(v) : number(v)
      }
      this.state.set(p, state)
    }
  }
}
