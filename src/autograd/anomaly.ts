// Anomaly mode: scans every result for nan and names the operation, the layer and the place of the call that first made one.
// PyTorch's detect_anomaly (https://pytorch.org/docs/stable/autograd.html#anomaly-detection) scans gradients only.
import { isFloating } from '../core/dtype.js'
import { AutogradError, formatShape } from '../core/errors.js'
import { Tensor } from '../tensor/tensor.js'
import { runWith } from './mode.js'
import type { Node } from './node.js'

/** The layer being run, innermost first; nn/module.ts keeps it. */
export const layers: {
  path: () => string | undefined
  /** The same said later: it takes a walk through the modules. */
  later: () => (() => string | undefined) | undefined
} = { path: () => undefined, later: () => undefined }

export function whereAmI(): { path: string | undefined; stack: string } {
  return { path: layers.path(), stack: callers() }
}

const library = import.meta.url.replace(/\/dist\/.*/, '/dist/').replace('file://', '')

/** Stack lines outside the library. */
function callers(): string {
  const lines = (new Error().stack ?? '').split('\n').slice(1)
  return lines
    .filter(line => !line.includes(library) && !line.includes('node:'))
    .slice(0, 4)
    .join('\n')
}

function hasNan(x: Tensor): boolean {
  return isFloating(x.dtype) && x.toTypedArray().some(Number.isNaN)
}

/** @throws AutogradError if a result holds nan and no argument does */
export function checkForward(name: string, args: readonly unknown[], out: Tensor | readonly Tensor[]): void {
  const outs = out instanceof Tensor ? [out] : out
  const bad = outs.find(hasNan)
  if (bad === undefined) return
  const tensors = args.filter((a): a is Tensor => a instanceof Tensor)
  if (tensors.some(hasNan)) return
  const shapes = tensors.map(t => t.shape)
  const message = `the result holds nan, no input does (inputs ${shapes.map(formatShape).join(', ')}, result ${formatShape(bad.shape)})`
  const error = new AutogradError(message, { op: name, shapes })
  const path = layers.path()
  throw path === undefined ? error : error.at(path)
}

/** @throws AutogradError if a gradient that the node's backward made holds nan and none that it received does */
export function checkBackward(
  node: Node,
  received: readonly (Tensor | null)[],
  made: readonly (Tensor | null | undefined)[],
): void {
  const at = made.findIndex(g => g !== null && g !== undefined && hasNan(g))
  if (at < 0 || received.some(g => g !== null && hasNan(g))) return
  const { path, stack } = node.origin ?? { path: undefined, stack: '' }
  const place = stack ? `; its forward call was made\n${stack}` : ''
  const message = `its backward returned nan as the gradient of input ${at}, from gradients without nan${place}`
  const error = new AutogradError(message, { op: node.operation.name, shapes: [made[at]!.shape] })
  throw path === undefined ? error : error.at(path)
}

/**
 * Runs `fn` and throws where an operation first turns numbers into nan, in a forward pass or in a backward pass whose graph was
 * recorded within: the error names the operation, the layer and, for a backward, the place of its forward call. Slow, every
 * result is scanned. A result that is nan only because an input was is passed over: look where that input came from.
 */
export function detectAnomaly<T>(fn: () => T): T {
  return runWith('detectAnomaly', 'anomaly', true, fn)
}
