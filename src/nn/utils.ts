// Helpers around training: gradient clipping, and parameters as one vector.
import { noGrad } from '../autograd/mode.js'
import { checkNumber, checkOptions, DTypeError, describe, formatShape, ShapeError, ValueError } from '../core/errors.js'
import { clipNorm, clipValue } from '../ops/clip.js'
import { joinOp } from '../ops/piece.js'
import { filled } from '../tensor/create.js'
import { peekGrad, Tensor } from '../tensor/tensor.js'

export * as parametrizations from './parametrizations.js'
export * as parametrize from './parametrize.js'
export * as rnn from './rnnUtils.js'

type Parameters = Tensor | Iterable<Tensor>

function tensors(op: string, parameters: Parameters): Tensor[] {
  if (parameters instanceof Tensor) return [parameters]
  if (typeof (parameters as unknown as Iterable<Tensor>)?.[Symbol.iterator] !== 'function')
    throw new TypeError(`${op}: expected parameters, got ${describe(parameters)}`)
  const list = [...parameters]
  for (const p of list) {
    if (!(p instanceof Tensor)) throw new TypeError(`${op}: expected Tensors, got ${describe(p)} among them`)
  }
  return list
}

function gradients(op: string, parameters: Parameters): Tensor[] {
  return tensors(op, parameters).flatMap(p => peekGrad(p) ?? [])
}

/**
 * Scales the gradients in place so that their norm, all taken as one vector, is at most `maxNorm`. Call it between backward and step.
 * @param options `normType`: the p of the norm, default 2, also Infinity or 'inf'; `errorIfNonfinite`: default false
 * @returns the norm before
 * @throws ValueError with `errorIfNonfinite` where the norm is infinite or nan
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
 */
export function clipGradNorm_(
  parameters: Parameters,
  maxNorm: number,
  options?: { normType?: number | 'inf'; errorIfNonfinite?: boolean },
): Tensor {
  const op = 'clipGradNorm_'
  checkOptions(op, options, ['normType', 'errorIfNonfinite'])
  checkNumber(op, 'maxNorm', maxNorm)
  const given = options?.normType ?? 2
  const p = checkNumber(op, 'normType', given === 'inf' ? Infinity : given)
  if (p <= 0) throw new ValueError(`normType must be above 0, got ${p}`, { op })
  const grads = gradients(op, parameters)
  if (grads.length === 0) return filled([], 'float32', 0)
  return noGrad(() => clipNorm(grads, maxNorm, p, options?.errorIfNonfinite ?? false))
}

/**
 * Clamps every element of the gradients to ±clipValue, in place.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
 */
export function clipGradValue_(parameters: Parameters, value: number): void {
  const op = 'clipGradValue_'
  checkNumber(op, 'clipValue', value, 0)
  const grads = gradients(op, parameters)
  noGrad(() => clipValue(grads, value))
}

/** All parameters as one vector, in their order; gradients flow back. */
export function parametersToVector(parameters: Iterable<Tensor>): Tensor {
  const op = 'parametersToVector'
  const list = tensors(op, parameters)
  if (list.length === 0) throw new ValueError('there are no parameters', { op })
  for (const p of list) {
    if (p.dtype !== list[0].dtype)
      throw new DTypeError(`parameters of ${list[0].dtype} and ${p.dtype} do not make one vector`, { op })
  }
  const count = list.reduce((n, p) => n + p.count, 0)
  return joinOp(0, [count], ...list.map(p => p.reshape([p.count])))
}

/**
 * Makes the parameters views of a vector, in order: from here on they share its memory, as in PyTorch.
 * @throws ShapeError if the vector does not have as many elements as all parameters
 */
export function vectorToParameters(vector: Tensor, parameters: Iterable<Tensor>): void {
  const op = 'vectorToParameters'
  const list = tensors(op, parameters)
  const count = list.reduce((n, p) => n + p.count, 0)
  if (!(vector instanceof Tensor)) throw new TypeError(`${op}: expected a Tensor, got ${describe(vector)}`)
  if (vector.shape.length !== 1 || vector.count !== count) {
    const message = `the vector is ${formatShape(vector.shape)}, the parameters have ${count} elements`
    throw new ShapeError(message, { op, shapes: [vector.shape] })
  }
  let at = 0
  for (const p of list) {
    p.data = vector.detach().narrow(0, at, p.count).reshape(p.shape)
    at += p.count
  }
}
