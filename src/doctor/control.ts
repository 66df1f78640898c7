// The control network: a small net that learns whatever is plainly there to be learned. Where it learns and the user's does not, the
// program is at fault; where neither does, the data may be.

import { noGrad } from '../autograd/mode.js'
import { isFloating } from '../core/dtype.js'
import { gatherRows } from '../data/rows.js'
import { ReLU } from '../nn/activation.js'
import { Sequential } from '../nn/container.js'
import { Linear } from '../nn/linear.js'
import { BCEWithLogitsLoss, CrossEntropyLoss, MSELoss } from '../nn/loss.js'
import { Adam } from '../optim/adam.js'
import { Generator, manualSeed } from '../tensor/generator.js'
import { randperm } from '../tensor/random.js'
import type { Tensor } from '../tensor/tensor.js'
import { type Case, hasNumbers } from './case.js'
import { baselineOf, classCounts, type LossKind, rowsTensor, skillOf } from './loss.js'
import { median } from './numbers.js'
import { inSandbox } from './sandbox.js'
import type { Control } from './trace.js'

const HIDDEN = 32
const STEPS = 300
const MOST_ROWS = 2000
const MOST_FEATURES = 4096
/** Fewer are too few to judge by. */
export const FEWEST_ROWS = 200
const BATCH = 256
const CHECK_EVERY = 25

/** (x - mean) / std by column, both from the rows in `from`; constant columns become 0. */
export function standardised(x: Tensor, from: Tensor = x): Tensor {
  return noGrad(() => {
    const mean = from.mean(0)
    const std = from.std(0, { correction: 0 })
    return x.sub(mean).div(std.add(std.eq(0).to(x.dtype)))
  })
}

function problemOf(
  kind: LossKind,
  given: Tensor,
): { y: Tensor; outputs: number; kind: 'ce' | 'bceLogits' | 'mse' } | null {
  const y = given.dtype === 'bool' ? given.float() : given
  const flat = y.reshape([y.shape[0], -1])
  if (!isFloating(y.dtype)) {
    const counts = classCounts(y)
    if (counts === null) return null
    // An integer that takes hundreds of values is a quantity.
    if (flat.shape[1] === 1 && (kind === 'ce' || kind === 'nll' || counts.length <= 100))
      return { y: flat.reshape([-1]), outputs: counts.length, kind: 'ce' }
    return { y: standardised(flat.float()), outputs: flat.shape[1], kind: 'mse' }
  }
  if (kind === 'bce' || kind === 'bceLogits') return { y: flat.float(), outputs: flat.shape[1], kind: 'bceLogits' }
  return { y: standardised(flat.float()), outputs: flat.shape[1], kind: 'mse' }
}

/** Best skill on unseen rows over a short training. */
function trial(X: Tensor, kind: LossKind, y: Tensor, seed: number): number {
  const problem = problemOf(kind, y)!
  manualSeed(seed)
  const order = randperm(X.shape[0], { generator: new Generator(seed) })
  const cut = Math.floor(0.8 * X.shape[0])
  const [inner, outer] = [order.narrow(0, 0, cut).contiguous(), order.narrow(0, cut, X.shape[0] - cut).contiguous()]
  const x = gatherRows(X, inner)
  const [train, held] = [standardised(x), standardised(gatherRows(X, outer), x)]
  const [ty, hy] = [gatherRows(problem.y, inner), gatherRows(problem.y, outer)]
  const net = new Sequential(new Linear(X.shape[1], HIDDEN), new ReLU(), new Linear(HIDDEN, problem.outputs))
  const criterion =
    problem.kind === 'ce' ? new CrossEntropyLoss() : problem.kind === 'mse' ? new MSELoss() : new BCEWithLogitsLoss()
  const optimizer = new Adam(net.parameters(), { lr: 0.01 })
  const baseline = baselineOf(problem.kind, criterion, [hy.shape[0], problem.outputs], hy) ?? Number.NaN
  const batch = Math.min(BATCH, cut)
  const generator = new Generator(seed)
  let best = Number.NEGATIVE_INFINITY
  for (let step = 1, at = cut, rows = inner; step <= STEPS; step++, at += batch) {
    if (at + batch > cut) {
      rows = randperm(cut, { generator })
      at = 0
    }
    const index = rows.narrow(0, at, batch)
    optimizer.zeroGrad()
    criterion.forward(net.forward(gatherRows(train, index)), gatherRows(ty, index)).backward()
    optimizer.step()
    if (step % CHECK_EVERY === 0)
      best = Math.max(
        best,
        skillOf(
          noGrad(() => criterion.forward(net.forward(held), hy).item()),
          baseline,
        ),
      )
  }
  return best
}

/** How well the control network does on the data of a case; the median of three. Of fewer rows than `fewest` nothing is said. */
export function controlOf(c: Case, kind: LossKind, fewest = FEWEST_ROWS): Control {
  const rows = Math.min(c.rows, MOST_ROWS)
  const features = c.X.count / c.rows
  if (c.rows < fewest || !hasNumbers(c) || features > MOST_FEATURES || features === 0) return { skill: null, rows }
  return inSandbox({ modules: [] }, () => {
    const index = rowsTensor(Array.from({ length: rows }, (_, i) => Math.floor((i * c.rows) / rows)))
    const X = gatherRows(c.X, index).reshape([rows, features]).float()
    const y = gatherRows(c.y, index)
    if (problemOf(kind, y) === null) return { skill: null, rows }
    const skill = median([1, 2, 3].map(seed => trial(X, kind, y, seed)))
    return { skill: Number.isFinite(skill) ? skill : null, rows }
  })
}
