// Follows the calls of a training loop: gradients that are cleared or not, clipping, modes.
import type { Module } from '../../nn/module.js'
import type { Tensor } from '../../tensor/tensor.js'
import { sumOfSquares } from '../measure.js'

/** Norm of all gradients. */
export function gradientNorm(parameters: readonly Tensor[]): number {
  let sum = 0
  for (const p of parameters) if (p.grad !== null) sum += sumOfSquares(p.grad)
  return Math.sqrt(sum)
}

/** A gradient of so few numbers is looked at in full. */
const SMALL = 4096

export class Wires {
  backwards = 0
  /** Steps in a row without clearing. */
  private kept = 0
  unzeroed = 0
  readonly gradientNorms: number[] = []
  readonly clipFactors: number[] = []
  private readonly modal: readonly (readonly [name: string, module: Module])[]
  private readonly still = new Map<string, number>()
  private modeSteps = 0
  /** The gradients that the last step used. */
  private used: (Tensor | null)[] | null = null
  private cleared = false
  /** Parameters whose gradients are kept an eye on: small ones, as what is held cannot be used again. */
  private readonly marked: readonly Tensor[]
  private afterBackward = Number.NaN

  constructor(
    model: Module,
    private readonly parameters: readonly Tensor[],
  ) {
    const bySize = [...parameters].filter(p => p.leafRequiresGrad).sort((a, b) => a.count - b.count)
    const small = bySize.filter(p => p.count <= SMALL)
    this.marked = small.length > 0 ? small : bySize.slice(0, 1)
    this.modal = [...model.namedModules()].filter(([, m]) => /Dropout|BatchNorm|InstanceNorm/.test(m.constructor.name))
  }

  /** A backward pass begins. Gradients of the step before that are still there were not cleared; zeros were. */
  before(): void {
    this.backwards++
    if (this.used === null || this.cleared) return
    this.cleared = !this.marked.some((p, i) => {
      const { grad } = p
      return grad !== null && grad === this.used![i] && (grad.count > SMALL || sumOfSquares(grad) > 0)
    })
  }

  /** A backward pass has ended. */
  after(sampled: boolean): void {
    this.afterBackward = sampled ? gradientNorm(this.parameters) : Number.NaN
  }

  /** A step begins. */
  beforeStep(sampled: boolean): void {
    if (sampled) {
      const norm = gradientNorm(this.parameters)
      this.gradientNorms.push(norm)
      if (this.afterBackward > 0) this.clipFactors.push(norm / this.afterBackward)
    }
    if (this.used !== null && this.backwards > 0) this.kept = this.cleared ? 0 : this.kept + 1
    this.unzeroed = Math.max(this.unzeroed, this.kept)
  }

  /** A step was made. */
  afterStep(): void {
    this.used = this.marked.map(p => p.grad)
    this.cleared = false
    this.noteModes()
  }

  /** A step was replayed, of a recording that adds to the gradients it finds or does not. */
  replayed(accumulates: boolean, sampled: boolean): void {
    this.backwards++
    if (accumulates) this.unzeroed = ++this.kept
    else this.kept = 0
    if (sampled) this.gradientNorms.push(gradientNorm(this.parameters))
    this.used = null
    this.noteModes()
  }

  private noteModes(): void {
    this.modeSteps++
    for (const [name, module] of this.modal)
      if (!module._training) this.still.set(name, (this.still.get(name) ?? 0) + 1)
  }

  /** Modules that were in evaluation mode in (nearly) every step. */
  get inEvaluation(): string[] {
    if (this.modeSteps < 3) return []
    return [...this.still].filter(([, n]) => n >= 0.9 * this.modeSteps).map(([name]) => name)
  }

  /** Clipping to one norm shows in gradients that all have it, also where the pass before it cannot be seen. */
  factors(): number[] {
    const norms = this.gradientNorms
    if (this.clipFactors.length >= norms.length / 2 || norms.length < 8) return this.clipFactors
    const same = norms.filter(n => Math.abs(n / norms[norms.length - 1] - 1) < 1e-4).length
    if (same < 0.95 * norms.length || this.clipFactors.length === 0) return this.clipFactors
    const typical = this.clipFactors[this.clipFactors.length - 1]
    return norms.map((_, i) => this.clipFactors[i] ?? typical)
  }
}
