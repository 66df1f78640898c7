// Optimizers whose step is a kernel: one launch for many parameters. The list of a launch's arguments is kept from step to step; only
// the gradients, new tensors after each backward pass, are put in anew.
import { copyOf } from '../autograd/accumulate.js'
import { copyElements } from '../autograd/inplace.js'
import { enableGrad } from '../autograd/mode.js'
import { launch, maxBuffers, type Operand } from '../core/dispatch.js'
import type { DType } from '../core/dtype.js'
import { checkOptions, describe, formatShape, StateDictError } from '../core/errors.js'
import { recording, unrecorded } from '../core/recording.js'
import { sameShape } from '../core/shape.js'
import { peekGrad, Tensor } from '../tensor/tensor.js'
import { bindNumbers, type Hyper, type ParamGroup } from './group.js'
import { Optimizer, type ParamState, type Params } from './optimizer.js'
import { type Part, StateBlock } from './state.js'

/** An optimizer as native/kernels/optim/rules.h has it. */
export interface Rule<O extends object> {
  readonly kernel: number
  readonly hyper: Hyper
  /** Which of the kernel's variants the options ask for; the arrays depend on nothing else. */
  variant?(group: ParamGroup<O>): number
  /** Scalars of the state after the number of steps. */
  scalars?(group: ParamGroup<O>): readonly Part[]
  /** Arrays of the state, in the kernel's order. */
  arrays(group: ParamGroup<O>): readonly Part[]
  /** The kernel counts steps, state dicts do not. */
  readonly hidesStep?: boolean
}

interface LaunchList {
  readonly dtype: DType
  readonly operands: Operand[]
  readonly sizes: number[]
}

/** Where the gradient of a parameter goes. */
interface Slot {
  readonly p: Tensor
  readonly dtype: DType
  readonly operands: Operand[]
  readonly at: number
}

/** The launches of one group's step. */
interface Plan {
  readonly variant: number
  /** By parameter; null where it has no gradient. */
  readonly slots: readonly (Slot | null)[]
  readonly lists: readonly LaunchList[]
  /** Contiguous stand-ins of parameters that are not, to be copied back. */
  readonly standIns: readonly (readonly [from: Tensor, to: Tensor])[]
}

export abstract class KernelOptimizer<O extends object> extends Optimizer<O> {
  protected abstract readonly rule: Rule<O>
  private readonly numbers = new WeakMap<ParamGroup<O>, Tensor>()
  private readonly plans = new WeakMap<ParamGroup<O>, Plan>()
  private readonly blocks = new Map<Tensor, StateBlock>()
  /** Counts changes of blocks: a recorded step writes to those that there were. */
  private layout = 0

  constructor(params: Params<O>, defaults: Required<O>, options: O | undefined, accepted = Object.keys(defaults)) {
    checkOptions(new.target.name, options, accepted)
    const given = Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined))
    super(params, { ...defaults, ...given })
    for (const group of this.paramGroups) this.bind(group)
  }

  protected override groupAdded(group: ParamGroup<O>): void {
    // Undefined while the base class is being made: its constructor adds the first groups.
    if (this.numbers !== undefined) this.bind(group)
  }

  private bind(group: ParamGroup<O>): void {
    this.numbers.set(group, bindNumbers(group as Record<string, unknown>, this.rule.hyper))
  }

  protected override update<R>(closure: (() => R) | undefined): R | undefined {
    const loss = closure === undefined ? undefined : enableGrad(closure)
    const { kernel } = this.rule
    for (const group of this.paramGroups) {
      const variant = this.rule.variant?.(group) ?? 0
      let plan = this.plans.get(group)
      if (plan === undefined || !refresh(plan, group.params, variant)) {
        plan = this.plan(group, variant)
        this.plans.set(group, plan)
      }
      const { layout } = this
      recording.active?.guard(() => this.layout === layout && (this.rule.variant?.(group) ?? 0) === variant)
      for (const { dtype, operands, sizes } of plan.lists) launch(kernel, dtype, operands, sizes)
      for (const [from, to] of plan.standIns) copyElements(from, to)
      for (const slot of plan.slots) if (slot !== null) slot.p.storage.version++
    }
    return loss
  }

  private plan(group: ParamGroup<O>, variant: number): Plan {
    const numbers = this.numbers.get(group)!
    const arrays = this.rule.arrays(group)
    const each = arrays.length > 0 ? 3 : 2
    const most = Math.floor((maxBuffers - 1) / each)
    const lists: LaunchList[] = []
    const open = new Map<DType, LaunchList>()
    const standIns: [Tensor, Tensor][] = []
    const slots = group.params.map((p): Slot | null => {
      const grad = peekGrad(p)
      if (grad === null) return null
      let list = open.get(p.dtype)
      if (list === undefined || list.sizes[0] === most) {
        list = { dtype: p.dtype, operands: [numbers], sizes: [0, variant] }
        lists.push(list)
        open.set(p.dtype, list)
      }
      let target = p
      if (!p.isContiguous()) {
        target = copyOf(p)
        standIns.push([target, p])
      }
      const { operands, sizes } = list
      sizes[0]++
      sizes.push(p.count)
      const at = operands.push(target, grad.isContiguous() ? grad : copyOf(grad)) - 1
      if (arrays.length > 0) operands.push(this.block(p, group, arrays))
      return { p, dtype: p.dtype, operands, at }
    })
    return { variant, slots, lists, standIns }
  }

  /** The state of a parameter, made or rebuilt where the options ask for other arrays. */
  private block(p: Tensor, group: ParamGroup<O>, arrays: readonly Part[]): StateBlock {
    const old = this.blocks.get(p)
    if (old?.fits(p, arrays)) return old
    const scalars = [{ name: 'step', initial: 0 }, ...(this.rule.scalars?.(group) ?? [])]
    const block = unrecorded(() => new StateBlock(p, scalars, arrays).adopt(old?.tensors ?? {}))
    this.keep(p, block)
    return block
  }

  private keep(p: Tensor, block: StateBlock): void {
    this.blocks.set(p, block)
    this.layout++
    const { step, ...others } = block.tensors
    this.state.set(p, this.rule.hidesStep ? others : { step, ...others })
  }

  protected override loadedState(p: Tensor, saved: ParamState | undefined, group: Record<string, unknown>): () => void {
    const op = 'loadStateDict'
    const full = group as unknown as ParamGroup<O>
    const arrays = this.rule.arrays(full)
    const scalars = [{ name: 'step', initial: 0 }, ...(this.rule.scalars?.(full) ?? [])]
    const visible = this.rule.hidesStep ? arrays : [...scalars, ...arrays]
    // PyTorch's SGD stores null for a momentum that has not begun.
    const none =
      saved === undefined || arrays.length === 0 || visible.every(({ name }) => (saved[name] ?? null) === null)
    if (none) {
      return () => {
        this.forget(p)
      }
    }
    const tensors: Record<string, Tensor> = {}
    const block = new StateBlock(p, scalars, arrays)
    for (const { name } of visible) {
      const value: unknown = saved[name]
      const mine = block.tensors[name]
      if (typeof value === 'number' && mine.shape.length === 0) mine.typedArray()[0] = value
      else if (!(value instanceof Tensor)) {
        throw new StateDictError(
          `'${name}' of the parameter ${formatShape(p.shape)} is ${describe(value)}, not a Tensor`,
          { op },
        )
      } else if (!sameShape(value.shape, mine.shape)) {
        const message = `'${name}' is ${formatShape(value.shape)} in the state dict, ${formatShape(mine.shape)} in the optimizer`
        throw new StateDictError(message, { op, shapes: [value.shape, mine.shape] })
      } else tensors[name] = value
    }
    block.adopt(tensors)
    if (this.rule.hidesStep) block.tensors.step.typedArray()[0] = 1
    return () => {
      this.forget(p)
      this.keep(p, block)
    }
  }

  private forget(p: Tensor): void {
    this.blocks.delete(p)
    this.layout++
    this.state.delete(p)
    for (const group of this.paramGroups) this.plans.delete(group)
  }
}

/** Puts the gradients of this step into the lists; false where the lists do not fit the parameters any more. */
function refresh(plan: Plan, params: readonly Tensor[], variant: number): boolean {
  const { slots } = plan
  if (slots.length !== params.length || plan.variant !== variant || plan.standIns.length > 0) return false
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i]
    const p = params[i]
    const grad = peekGrad(p)
    if (slot === null) {
      if (grad !== null) return false
      continue
    }
    if (
      slot.p !== p ||
      grad === null ||
      grad.customStrides !== null ||
      p.customStrides !== null ||
      p.dtype !== slot.dtype
    )
      return false
    slot.operands[slot.at] = grad
  }
  return true
}
