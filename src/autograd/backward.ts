// The backward pass: visits the nodes from the outputs down, each after all the nodes that send it a gradient.

import { kernel, launch } from '../core/dispatch.js'
import { isFloating } from '../core/dtype.js'
import {
  AutogradError,
  checkIterable,
  checkOptions,
  DTypeError,
  describe,
  formatShape,
  ShapeError,
} from '../core/errors.js'
import { sameShape } from '../core/shape.js'
import { emptyTensor, recycleTensor, Tensor } from '../tensor/tensor.js'
import { accumulate, accumulatorOf, leafOf, sumGradients } from './accumulate.js'
import { checkBackward } from './anomaly.js'
import { checkTensor } from './defineOp.js'
import { mode } from './mode.js'
import type { Arrival, Gradient, Node } from './node.js'

const FILL = kernel('fill')

function filled(shape: readonly number[], dtype: Tensor['dtype'], value: number): Tensor {
  const out = emptyTensor(shape, dtype)
  launch(FILL, dtype, [out], [out.count], [value])
  return out
}

let passes = 0

/** All nodes below the roots, latest first: an order in which each comes after everything that uses its results. */
function collect(roots: readonly Node[], pass: number): Node[] {
  const nodes: Node[] = []
  const stack = [...roots]
  while (stack.length > 0) {
    const node = stack.pop()!
    if (node.pass === pass) continue
    node.pass = pass
    node.checkLive()
    nodes.push(node)
    for (let i = 0; i < node.next.length; i++) {
      const next = node.next[i]
      if (next !== null && next.pass !== pass) stack.push(next)
    }
  }
  return nodes.sort((a, b) => b.sequence - a.sequence)
}

/** Hands a gradient to output `index` of a node. */
function send(node: Node, index: number, grad: Tensor, owned: boolean): void {
  node.waiting ??= []
  const there = node.waiting[index]
  if (there === undefined) node.waiting[index] = { grad, owned }
  else {
    there.grad = sumGradients(there.grad, grad, there.owned)
    there.owned = true
    if (owned && !mode.grad) recycleTensor(grad)
  }
}

/** The gradients that arrived at a node, in its outputs' order: hooks applied, missing ones zeros (null for a whole-node miss). */
function receive(node: Node): Arrival[] | null {
  const { waiting, hooks } = node
  node.waiting = null
  if (waiting === null) return null
  const n = node.outputs === null ? 1 : node.outputs.length
  for (let i = 0; i < n; i++) {
    waiting[i] ??= { grad: filled(node.outputs![i].shape, node.outputs![i].dtype, 0), owned: true }
    const arrival = waiting[i]
    const list = hooks?.[i]
    if (list === undefined || list.length === 0) continue
    for (const hook of list.slice()) {
      const { grad } = arrival
      const other = hook(grad)
      if (other === undefined || other === null) continue
      checkGradient('hook', other, grad.shape, grad.dtype)
      arrival.grad = other
    }
    // The hook may have kept the tensor: nobody may write to it from here on.
    arrival.owned = false
  }
  return waiting
}

/** Throws unless `grad` is a gradient of this shape and dtype. */
export function checkGradient(
  op: string,
  grad: unknown,
  shape: readonly number[],
  dtype: Tensor['dtype'],
): asserts grad is Tensor {
  checkTensor(op, grad, 'a gradient')
  if (!sameShape(grad.shape, shape)) {
    const message = `a gradient has shape ${formatShape(grad.shape)}, expected ${formatShape(shape)}`
    throw new ShapeError(message, { op, shapes: [grad.shape, shape] })
  }
  if (grad.dtype !== dtype) throw new DTypeError(`a gradient is ${grad.dtype}, expected ${dtype}`, { op })
}

interface Pass {
  readonly retainGraph: boolean
  readonly createGraph: boolean
  /** Where given, the pass ends at these nodes: it hands over what arrives at them, and leaves .grad alone. */
  readonly inputs?: ReadonlyMap<Node, (grads: Tensor[]) => void> | undefined
}

/** Marks the nodes on a way to one of the inputs; `nodes` latest first. */
function markWanted(nodes: readonly Node[], inputs: ReadonlyMap<Node, unknown>, pass: number): void {
  for (let i = nodes.length - 1; i >= 0; i--) {
    const node = nodes[i]
    if (inputs.has(node) || node.next.some(next => next !== null && next.wanted === pass)) node.wanted = pass
  }
}

/** Whether a tensor of `made` other than the i-th lies in this memory. */
function isShared({ storage }: Tensor, made: readonly Gradient[], i = -1): boolean {
  for (let k = 0; k < made.length; k++) if (k !== i && made[k]?.storage === storage) return true
  return false
}

/** Whether others hold the memory of a gradient that was handed through. */
function isHeld({ storage }: Tensor, arrivals: readonly Arrival[]): boolean {
  for (const { grad, owned } of arrivals) if (!owned && grad.storage === storage) return true
  return false
}

function visit(node: Node, { retainGraph, createGraph, inputs }: Pass): void {
  const arrivals = receive(node)
  if (arrivals === null) return
  const grads = arrivals.map(a => a.grad)
  const asked = inputs?.get(node)
  if (asked !== undefined) {
    asked(grads)
    // They are the caller's now.
    for (const arrival of arrivals) arrival.owned = false
  }
  const leaf = leafOf(node)
  if (leaf !== null) {
    if (inputs === undefined) accumulate(leaf, grads[0], arrivals[0].owned)
    return
  }
  if (inputs !== undefined && !node.next.some(next => next !== null && next.wanted === node.pass)) return
  const { operation } = node
  const run = createGraph ? operation.derivative : operation.backward
  if (run === undefined) {
    const message = 'it has no second derivative, so createGraph cannot go through it'
    throw new AutogradError(message, { op: operation.name })
  }
  // A pass from within a hook may have gone through it first.
  node.checkLive()
  const result = run(node, ...grads)
  const made = (Array.isArray(result) ? result : [result]) as readonly Gradient[]
  if (mode.anomaly) checkBackward(node, grads, made)
  for (let i = 0; i < node.next.length; i++) {
    const next = node.next[i]
    const grad = made[i]
    if (next === null || grad === null || grad === undefined) continue
    if (inputs !== undefined && next.wanted !== node.pass) continue
    const owned = operation.ownsGradients === true && !isShared(grad, made, i) && !isHeld(grad, arrivals)
    send(next, node.nextIndex[i], grad, owned)
  }
  if (!retainGraph) node.release()
  // A user's Function may have kept what it was given.
  if (operation.ownsGradients !== true || createGraph) return
  for (const { grad, owned } of arrivals) if (owned && !isShared(grad, made)) recycleTensor(grad)
}

/** Runs a pass from the given outputs. Without createGraph nothing in it is recorded. */
function run(outputs: readonly Tensor[], seeds: readonly Tensor[], pass: Pass): void {
  const roots = outputs.map(t => t.gradFn ?? accumulatorOf(t))
  const nodes = collect(roots, ++passes)
  if (pass.inputs !== undefined) markWanted(nodes, pass.inputs, passes)
  // A pass started from within another one (a hook, a user's Function) may meet nodes where that one has gradients waiting.
  const stashed = nodes.map(node => node.waiting)
  for (const node of nodes) node.waiting = null
  const before = mode.grad
  mode.grad = pass.createGraph
  try {
    for (let i = 0; i < roots.length; i++) send(roots[i], outputs[i].outputIndex, seeds[i], false)
    for (const node of nodes) visit(node, pass)
  } finally {
    mode.grad = before
    for (let i = 0; i < nodes.length; i++) nodes[i].waiting = stashed[i]
  }
}

/** The gradient a pass starts with: the given one, or 1 for a single element. */
function seed(op: string, output: Tensor, gradient: unknown): Tensor {
  if (!output.requiresGrad) {
    const message =
      'the tensor does not require gradients and no operation that made it was recorded; ' +
      'check for noGrad(), detach() or item() on the way, and that a parameter took part'
    throw new AutogradError(message, { op })
  }
  if (gradient === undefined || gradient === null) {
    if (output.count !== 1) {
      const message = `only a tensor of one element starts a backward pass by itself, this one is ${formatShape(output.shape)}; reduce it (loss.mean()) or pass a gradient`
      throw new AutogradError(message, { op, shapes: [output.shape] })
    }
    return filled(output.shape, output.dtype, 1)
  }
  checkGradient(op, gradient, output.shape, output.dtype)
  return gradient
}

export interface BackwardOptions {
  /** Keep what the graph saved, so that another pass can go through it. Default: createGraph. */
  retainGraph?: boolean
  /** Record the pass itself, for second derivatives. Default: false. */
  createGraph?: boolean
}

/** Who follows backward passes: told before one from `output`, and after it. */
export interface PassObserver {
  before(output: Tensor): void
  after(): void
}

export const passObservers = new Set<PassObserver>()

/** See Tensor.backward. */
export function backward(output: Tensor, gradient?: Tensor | null, options?: BackwardOptions): void {
  if (options !== undefined) checkOptions('backward', options, ['retainGraph', 'createGraph'])
  const createGraph = options?.createGraph ?? false
  const retainGraph = options?.retainGraph ?? createGraph
  if (passObservers.size > 0) for (const o of passObservers) o.before(output)
  run([output], [seed('backward', output, gradient)], { retainGraph, createGraph })
  if (passObservers.size > 0) for (const o of passObservers) o.after()
}

export interface GradOptions extends BackwardOptions {
  /** Gradient of each output; needed where one has several elements. */
  gradOutputs?: Tensor | readonly (Tensor | null)[]
  /** Give null for an input that the outputs do not depend on, instead of throwing. Default: false. */
  allowUnused?: boolean
}

/**
 * Gradients of the outputs with respect to the inputs, without touching any `.grad`.
 * @returns one gradient per input, in order
 * @throws AutogradError if an input does not require gradients or took no part (unless `allowUnused`)
 * @see https://pytorch.org/docs/stable/generated/torch.autograd.grad.html
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions,
): Tensor[] {
  const op = 'autograd.grad'
  checkOptions(op, options, ['gradOutputs', 'retainGraph', 'createGraph', 'allowUnused'])
  const outs: readonly Tensor[] = outputs instanceof Tensor ? [outputs] : checkIterable(op, 'outputs', outputs)
  const ins: readonly Tensor[] = inputs instanceof Tensor ? [inputs] : checkIterable(op, 'inputs', inputs)
  for (const t of outs) checkTensor(op, t, 'an output')
  for (const t of ins) checkTensor(op, t, 'an input')
  const given = options?.gradOutputs
  const gradients = given === undefined || given === null ? [] : given instanceof Tensor ? [given] : given
  if (!Array.isArray(gradients) || (given && gradients.length !== outs.length)) {
    const got = Array.isArray(gradients) ? `${gradients.length} for ${outs.length} outputs` : describe(given)
    throw new TypeError(`${op}: gradOutputs must be a Tensor, or an array of one for each output, got ${got}`)
  }
  const createGraph = options?.createGraph ?? false
  const retainGraph = options?.retainGraph ?? createGraph
  for (const t of ins) {
    if (!t.requiresGrad) throw new AutogradError('an input does not require gradients', { op, shapes: [t.shape] })
    if (!isFloating(t.dtype)) throw new DTypeError(`an input is ${t.dtype}`, { op })
  }
  const results: (Tensor | undefined)[] = new Array(ins.length).fill(undefined)
  const wanted = new Map<Node, (grads: Tensor[]) => void>()
  ins.forEach((t, i) => {
    const node = t.gradFn ?? accumulatorOf(t)
    const others = wanted.get(node)
    wanted.set(node, grads => {
      others?.(grads)
      results[i] = grads[t.outputIndex]
    })
  })
  run(
    outs,
    outs.map((t, i) => seed(op, t, gradients[i])),
    { retainGraph, createGraph, inputs: wanted },
  )
  return results.map((g, i) => {
    if (g !== undefined) return g
    if (options?.allowUnused) return null as unknown as Tensor
    throw new AutogradError(`input ${i} took no part in the outputs; pass { allowUnused: true } to get null for it`, {
      op,
    })
  })
}
