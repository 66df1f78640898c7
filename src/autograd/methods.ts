// The methods of Tensor that belong to autograd.
import { AutogradError, describe } from '../core/errors.js'
import { Tensor } from '../tensor/tensor.js'
import { accumulatorOf } from './accumulate.js'
import { type BackwardOptions, backward } from './backward.js'
import type { GradientHook, RemovableHandle } from './node.js'

declare module '../tensor/tensor.js' {
  interface Tensor {
    /**
     * Adds the gradient of this tensor with respect to every leaf below it to the leaf's `grad`.
     * @param gradient gradient of this tensor; default 1, for a tensor of one element
     * @throws AutogradError if nothing was recorded, the graph was freed, or a tensor it needs was changed in place
     * @see https://pytorch.org/docs/stable/generated/torch.Tensor.backward.html
     */
    backward(gradient?: Tensor | null, options?: BackwardOptions): void
    /**
     * Calls `hook` with the gradient of this tensor whenever a backward pass has it complete; a tensor it returns takes its place.
     * @returns a function that removes the hook
     */
    registerHook(hook: GradientHook): RemovableHandle
    /** Makes a tensor that is not a leaf keep its gradient in `grad`. */
    retainGrad(): void
    /** @internal */
    retainsGrad?: boolean
  }
}

function nodeFor(op: string, t: Tensor) {
  if (!t.requiresGrad) throw new AutogradError('the tensor does not require gradients', { op, shapes: [t.shape] })
  return t.gradFn ?? accumulatorOf(t)
}

Tensor.prototype.backward = function (gradient, options) {
  backward(this, gradient, options)
}

Tensor.prototype.registerHook = function (hook) {
  if (typeof hook !== 'function') throw new TypeError(`registerHook: expected a function, got ${describe(hook)}`)
  return nodeFor('registerHook', this).addHook(this.outputIndex, hook)
}

Tensor.prototype.retainGrad = function () {
  const node = nodeFor('retainGrad', this)
  if (this.isLeaf || this.retainsGrad) return
  this.retainsGrad = true
  node.addHook(this.outputIndex, grad => {
    this.grad = grad
  })
}
