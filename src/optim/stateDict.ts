// State dicts of optimizers in PyTorch's layout: parameters are numbers, counted through the groups in order.
import { describe, StateDictError } from '../core/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { camelCase, snakeCase } from './names.js'
import type { ParamState } from './optimizer.js'

export interface OptimizerStateDict {
  state: Record<number, ParamState>
  // biome-ignore lint/suspicious/noExplicitAny: options of any optimizer
  param_groups: ({ params: number[] } & Record<string, any>)[]
}

interface Group {
  params: Tensor[]
}

export function packStateDict(
  groups: readonly Group[],
  stateOf: (p: Tensor) => ParamState | undefined,
): OptimizerStateDict {
  const state: OptimizerStateDict['state'] = {}
  let next = 0
  const param_groups = groups.map(group => {
    const packed: OptimizerStateDict['param_groups'][number] = { params: [] }
    for (const [key, value] of Object.entries(group)) if (key !== 'params') packed[snakeCase(key)] = value
    for (const p of group.params) {
      const own = stateOf(p)
      if (own !== undefined) state[next] = { ...own }
      packed.params.push(next++)
    }
    return packed
  })
  return { state, param_groups }
}

/** Checks everything, then takes it over. `take` checks the saved state of one parameter and returns what takes that over. */
export function loadStateDict(
  groups: readonly Group[],
  stateDict: OptimizerStateDict,
  take: (p: Tensor, saved: ParamState | undefined, group: Record<string, unknown>) => () => void,
): void {
  const op = 'loadStateDict'
  const saved = stateDict?.param_groups
  if (!Array.isArray(saved) || typeof stateDict.state !== 'object' || stateDict.state === null)
    throw new TypeError(`${op}: expected an object with state and param_groups, got ${describe(stateDict)}`)
  if (saved.length !== groups.length)
    throw new StateDictError(`the state dict has ${saved.length} parameter groups, the optimizer ${groups.length}`, {
      op,
    })
  const actions: (() => void)[] = []
  groups.forEach((group, i) => {
    const numbers = saved[i]?.params
    if (!Array.isArray(numbers) || numbers.length !== group.params.length) {
      const count = Array.isArray(numbers) ? numbers.length : 'no'
      throw new StateDictError(
        `group ${i} has ${count} parameters in the state dict, ${group.params.length} in the optimizer`,
        { op },
      )
    }
    const options: Record<string, unknown> = {}
    for (const [key, value] of Object.entries(saved[i])) {
      // Options that other implementations have (foreach, fused …) mean nothing here.
      const name = camelCase(key)
      if (key !== 'params' && (name in group || scheduled.includes(name))) options[name] = value
    }
    group.params.forEach((p, k) => {
      actions.push(take(p, stateDict.state[numbers[k]], { ...group, ...options }))
    })
    actions.push(() => Object.assign(group, options))
  })
  for (const action of actions) action()
}

/** What schedulers keep in groups. */
const scheduled = ['initialLr', 'maxLr', 'minLr', 'maxMomentum', 'baseMomentum']
