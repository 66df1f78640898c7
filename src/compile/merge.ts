// Pass: merging. Steps of optimizers that follow each other become one launch: those of groups, of more parameters than a launch has room
// for outside a program, of several optimizers of one kind. To the bit the same where no step reads or writes what another one writes.
import { kernelOf, mostMerged, steps } from '../core/dispatch.js'
import { overlap } from '../core/storage.js'
import { joined, type RecordedLaunch } from './recorder.js'

/** The operands of a step and where its groups begin: native/kernels/optim/sweep.h. */
interface Groups {
  /** The numbers of each group, as operands. */
  readonly numbers: readonly number[]
  /** The first parameter of each. */
  readonly starts: readonly number[]
  /** The operands of all parameters. */
  readonly parameters: readonly number[]
}

function groupsOf({ storages, sizes }: RecordedLaunch): Groups {
  const starts = [0, ...sizes.slice(2 + sizes[0])]
  const operands = [...storages.keys()]
  const end = storages.length - (starts.length - 1)
  return { numbers: [0, ...operands.slice(end)], starts, parameters: operands.slice(1, end) }
}

/** The launch that does both, where it may. */
function together(first: RecordedLaunch, then: RecordedLaunch): RecordedLaunch | null {
  if (first.code !== then.code || !steps.has(kernelOf(first.code)) || first.sizes[1] !== then.sizes[1]) return null
  const [count, variant] = first.sizes
  const [a, b] = [groupsOf(first), groupsOf(then)]
  const last = a.numbers.at(-1)!
  const sameGroup = first.storages[last] === then.storages[0] && first.offsets[last] === then.offsets[0]
  const from = sameGroup ? 1 : 0
  const starts = [...a.starts.slice(1), ...b.starts.slice(from).map(k => k + count)]
  const pick = <V>(mine: readonly V[], other: readonly V[]): V[] => [
    mine[0],
    ...a.parameters.map(i => mine[i]),
    ...b.parameters.map(i => other[i]),
    ...a.numbers.slice(1).map(i => mine[i]),
    ...b.numbers.slice(from).map(i => other[i]),
  ]
  const storages = pick(first.storages, then.storages)
  const elements = [...first.sizes.slice(2, 2 + count), ...then.sizes.slice(2, 2 + then.sizes[0])]
  const sizes = [elements.length, variant, ...elements, ...starts]
  if (storages.length > mostMerged.buffers || sizes.length > mostMerged.sizes) return null
  const clash = (x: RecordedLaunch, y: RecordedLaunch) =>
    x.storages.some((s, i) => x.written[i] && y.storages.some(other => overlap(s, other)))
  if (clash(first, then) || clash(then, first)) return null
  return {
    ...first,
    storages,
    offsets: pick(first.offsets, then.offsets),
    written: pick(first.written, then.written),
    sizes,
  }
}

/** The launches, with the steps that follow each other made one. */
export function merge(launches: readonly RecordedLaunch[]): RecordedLaunch[] {
  return joined(launches, together)
}
