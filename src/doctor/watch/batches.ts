// The first batches of a run that is watched: what its data are like.
import { copyOf } from '../../autograd/accumulate.js'
import type { Node } from '../../autograd/node.js'
import { gatherRows } from '../../data/rows.js'
import type { Tensor } from '../../tensor/tensor.js'
import { join } from '../join.js'
import { type LossKind, lossKind, rowsTensor } from '../loss.js'

const MOST_ROWS = 4096
const MOST_VALUES = 1 << 20
/** How far below the root of a backward pass the loss is looked for: means, sums and weights come after it. */
const DEPTH = 12

export interface LossSeen {
  readonly kind: LossKind
  readonly prediction: Tensor | null
  readonly target: Tensor | null
  readonly node: Node
}

/** The operations of known losses under the root of a backward pass, outermost first. */
export function lossesUnder(root: Tensor): LossSeen[] {
  const found: LossSeen[] = []
  let level: Node[] = root.gradFn === null ? [] : [root.gradFn]
  for (let depth = 0; depth < DEPTH && level.length > 0; depth++) {
    const below: Node[] = []
    for (const node of level) {
      const kind = lossKind(undefined, node)
      if (kind === 'other') below.push(...node.next.filter(next => next !== null))
      else {
        const { saved } = node
        const first = kind === 'nll' ? 0 : 1
        found.push({ kind, prediction: first === 0 ? null : (saved[0] ?? null), target: saved[first] ?? null, node })
      }
    }
    level = [...new Set(below)]
  }
  return found
}

export class Batches {
  private readonly inputs: Tensor[] = []
  private readonly targets: Tensor[] = []
  rows = 0
  private values = 0
  private known: { readonly rows: number; readonly pair: [X: Tensor, y: Tensor] } | null = null
  /** Rows of the first batch. */
  size = 0

  get full(): boolean {
    return this.rows >= MOST_ROWS || this.values >= MOST_VALUES
  }

  /** Keeps a copy of a batch, unless there are enough or it is of another kind than those before. */
  add(input: Tensor, target: Tensor): void {
    const rows = input.shape[0] ?? 0
    if (this.full || rows === 0 || target.shape[0] !== rows) return
    const [first, other] = [this.inputs[0], this.targets[0]]
    const like = (a: Tensor, b: Tensor) => a.dtype === b.dtype && a.shape.slice(1).join() === b.shape.slice(1).join()
    if (first !== undefined && !(like(first, input) && like(other, target))) return
    this.inputs.push(copyOf(input))
    this.targets.push(copyOf(target))
    this.size = Math.max(this.size, rows)
    this.rows += rows
    this.values += input.count
  }

  /** The batches as they came; null before the first. */
  first(): [X: Tensor, y: Tensor] | null {
    return this.inputs.length === 0 ? null : [join(this.inputs), join(this.targets)]
  }

  /** All different rows, in the order in which they came; null before the first. Later epochs bring the same rows again. */
  joined(): [X: Tensor, y: Tensor] | null {
    if (this.inputs.length === 0) return null
    if (this.known?.rows !== this.rows) {
      const [X, y] = [join(this.inputs), join(this.targets)]
      const first = distinct(X, y)
      const all = first.length === this.rows
      const index = rowsTensor(first)
      this.known = { rows: this.rows, pair: all ? [X, y] : [gatherRows(X, index), gatherRows(y, index)] }
    }
    return this.known.pair
  }
}

/** The rows that no earlier one equals. */
function distinct(X: Tensor, y: Tensor): number[] {
  const rows = X.shape[0]
  const bytesOf = (t: Tensor) => {
    const values = t.toTypedArray()
    return Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  }
  const [a, b] = [bytesOf(X), bytesOf(y)]
  const [n, m] = [a.length / rows, b.length / rows]
  const seen = new Set<string>()
  return Array.from({ length: rows }, (_, i) => i).filter(i => {
    const key = a.toString('latin1', i * n, (i + 1) * n) + b.toString('latin1', i * m, (i + 1) * m)
    const before = seen.size
    return seen.add(key).size > before
  })
}
