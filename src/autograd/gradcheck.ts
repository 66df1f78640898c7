// Checks gradients against central differences: J[j][i] = (f_j(x + h·e_i) - f_j(x - h·e_i)) / 2h.
import type { TypedArray } from '../core/dtype.js'
import { isFloating } from '../core/dtype.js'
import {
  AutogradError,
  checkIterable,
  checkNumber,
  checkOptions,
  describe,
  formatShape,
  ValueError,
} from '../core/errors.js'
import { fromTypedArray } from '../tensor/create.js'
import { emptyTensor, Tensor } from '../tensor/tensor.js'
import { grad } from './backward.js'
import { checkTensor } from './defineOp.js'
import { copyElements } from './inplace.js'
import { enableGrad, noGrad } from './mode.js'

export interface GradcheckOptions {
  /** Step of the differences. Default: 1e-6. */
  eps?: number
  /** Absolute tolerance. Default: 1e-5. */
  atol?: number
  /** Relative tolerance. Default: 1e-3. */
  rtol?: number
  /** Throw where gradients differ, instead of returning false. Default: true. */
  raiseException?: boolean
}

type Checked = (...inputs: Tensor[]) => Tensor | readonly Tensor[]

/** The floating results that depend on the inputs. */
function resultsOf(op: string, fn: Checked, inputs: readonly Tensor[]): Tensor[] {
  const result = fn(...inputs)
  const all = result instanceof Tensor ? [result] : result
  if (!Array.isArray(all)) throw new TypeError(`${op}: the function must return tensors, got ${describe(result)}`)
  for (const t of all) checkTensor(op, t, 'a result')
  return all.filter(t => isFloating(t.dtype))
}

/** Column i of the Jacobian of every result, for element i of x: by differences. */
function differences(fn: () => Tensor[], x: Tensor, eps: number): TypedArray[][] {
  const values = x.toTypedArray()
  const write = (i: number, value: number) => {
    const moved = values.slice()
    moved[i] = value
    copyElements(fromTypedArray(moved, x.shape), x)
    x.storage.version++
  }
  const columns: TypedArray[][] = []
  for (let i = 0; i < values.length; i++) {
    write(i, values[i] + eps)
    const above = fn().map(t => Float64Array.from(t.toTypedArray()))
    write(i, values[i] - eps)
    const below = fn().map(t => t.toTypedArray())
    write(i, values[i])
    columns.push(above.map((a, k) => a.map((v, j) => (v - below[k][j]) / (2 * eps))))
  }
  return columns
}

/** Rows of the Jacobian of one result with respect to each input: by backward, one pass for each element of the result. */
function analytic(out: Tensor, inputs: readonly Tensor[]): (TypedArray | null)[][] {
  return Array.from({ length: out.count }, (_, j) => {
    const unit = emptyTensor(out.shape, out.dtype)
    unit.typedArray().fill(0)[j] = 1
    const grads = grad(out, inputs, { gradOutputs: unit, retainGraph: true, allowUnused: true })
    return grads.map(g => (g as Tensor | null)?.toTypedArray() ?? null)
  })
}

/**
 * Compares the gradients of `fn` at `inputs` with central differences: |analytic - numeric| <= atol + rtol·|numeric|.
 * Use float64 inputs, away from kinks; those that require gradients are checked.
 *
 * @example
 * const x = tensor(new Float64Array([0.3, -1.2]), { requiresGrad: true })
 * autograd.gradcheck(x => x.mul(x), [x]) // true
 * @throws AutogradError if gradients differ, unless `raiseException` is false
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.gradcheck.html
 */
export function gradcheck(fn: Checked, inputs: Tensor | readonly Tensor[], options?: GradcheckOptions): boolean {
  const op = 'gradcheck'
  if (typeof fn !== 'function') throw new TypeError(`${op}: expected a function, got ${describe(fn)}`)
  checkOptions(op, options, ['eps', 'atol', 'rtol', 'raiseException'])
  const eps = checkNumber(op, 'eps', options?.eps ?? 1e-6, Number.MIN_VALUE)
  const atol = checkNumber(op, 'atol', options?.atol ?? 1e-5, 0)
  const rtol = checkNumber(op, 'rtol', options?.rtol ?? 1e-3, 0)
  const all: readonly Tensor[] = inputs instanceof Tensor ? [inputs] : checkIterable(op, 'inputs', inputs)
  for (const x of all) checkTensor(op, x, 'an input')
  const checked = all.filter(x => x.requiresGrad)
  if (checked.length === 0) throw new ValueError('no input requires gradients', { op })

  const outs = enableGrad(() => resultsOf(op, fn, all))
  const jacobians = outs.map(out => (out.requiresGrad ? analytic(out, checked) : null))
  for (const [n, x] of checked.entries()) {
    const columns = noGrad(() => differences(() => resultsOf(op, fn, all), x, eps))
    for (const [k, out] of outs.entries()) {
      for (let i = 0; i < x.count; i++) {
        for (let j = 0; j < out.count; j++) {
          const numeric = columns[i][k][j]
          const got = jacobians[k]?.[j][n]?.[i] ?? 0
          if (Math.abs(got - numeric) <= atol + rtol * Math.abs(numeric)) continue
          if (options?.raiseException === false) return false
          const single = all.some(t => t.dtype === 'float32')
            ? '; float32 is too coarse for differences, use float64'
            : ''
          const message =
            `the gradient of output ${k}, element ${j}, by input ${all.indexOf(x)} ${formatShape(x.shape)}, element ${i}, ` +
            `is ${got} by backward and ${numeric} by differences${single}`
          throw new AutogradError(message, { op, shapes: [x.shape, out.shape] })
        }
      }
    }
  }
  return true
}

/** Numbers in [-1, 1] without a pattern: the sine's fractional digits. */
function arbitrary(shape: readonly number[], dtype: Tensor['dtype']): Tensor {
  const out = emptyTensor(shape, dtype)
  const values = out.typedArray()
  for (let i = 0; i < values.length; i++) values[i] = (Math.sin(i + 1) * 43758.5453) % 1
  return out
}

/**
 * `gradcheck` of the gradients themselves: second derivatives, by all inputs and by the gradients of the outputs.
 * @param options `gradOutputs`: where the pass starts; default: arbitrary numbers
 * @throws AutogradError if they differ, or if an operation on the way has no second derivative
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.gradgradcheck.html
 */
export function gradgradcheck(
  fn: Checked,
  inputs: Tensor | readonly Tensor[],
  options?: GradcheckOptions & { gradOutputs?: Tensor | readonly Tensor[] },
): boolean {
  const op = 'gradgradcheck'
  checkOptions(op, options, ['eps', 'atol', 'rtol', 'raiseException', 'gradOutputs'])
  const all: readonly Tensor[] = inputs instanceof Tensor ? [inputs] : checkIterable(op, 'inputs', inputs)
  const { gradOutputs, ...rest } = options ?? {}
  const outs = resultsOf(op, fn, all).filter(t => t.requiresGrad)
  const seeds =
    gradOutputs === undefined
      ? outs.map(t => arbitrary(t.shape, t.dtype).requiresGrad_())
      : gradOutputs instanceof Tensor
        ? [gradOutputs]
        : gradOutputs
  const first: Checked = (...args) =>
    enableGrad(() => {
      const results = resultsOf(op, fn, args.slice(0, all.length)).filter(t => t.requiresGrad)
      const wanted = args.slice(0, all.length).filter(x => x.requiresGrad)
      const gradients = grad(results, wanted, {
        gradOutputs: args.slice(all.length),
        createGraph: true,
        allowUnused: true,
      })
      return gradients.filter(g => g !== null)
    })
  return gradcheck(first, [...all, ...seeds], rest)
}
