// A script that is watched from outside: for each optimizer that it makes, its network and loss are found and watched.
import { observers } from '../../nn/hooks.js'
import type { Module } from '../../nn/module.js'
import { type Optimizer, optimizerObservers } from '../../optim/optimizer.js'
import { Tensor } from '../../tensor/tensor.js'
import type { Watcher, WatchOptions } from '../options.js'
import type { ReportParts } from '../report.js'
import { watch } from '../watch.js'
import { covers, discover, isLoss, type SeenCall } from './discover.js'

/** Calls remembered until an optimizer's network is found: those of a step, of a large network. */
const MOST_CALLS = 4096

/** Steps after which no loss module is looked for. */
const MOST_STEPS = 3

interface Watched {
  readonly optimizer: Optimizer
  watcher: Watcher | null
  options: WatchOptions | null
  /** Why it could not be watched. */
  problem: string | null
  steps: number
  /** What it gives out is what the network of another optimizer takes in. */
  entangled: boolean
}

export interface SessionOptions {
  /** Show the run on a page as it goes. */
  readonly serve?: boolean
  /** Called before each step of any optimizer. */
  readonly onStep?: () => void
}

export interface SessionResult {
  readonly reports: readonly ReportParts[]
  /** What was not watched, and why. */
  readonly problems: readonly string[]
}

export class Session {
  private readonly watched: Watched[] = []
  private calls: SeenCall[] = []
  /** Whose network gave out what is in a memory. */
  private readonly outputs = new WeakMap<object, Watched>()
  private readonly made = (optimizer: Optimizer) => this.follow(optimizer)
  private readonly called = (module: Module, inputs: readonly unknown[]) => this.see({ module, inputs })

  constructor(private readonly options: SessionOptions = {}) {
    optimizerObservers.add(this.made)
    observers.add(this.called)
  }

  private follow(optimizer: Optimizer): void {
    const watched: Watched = { optimizer, watcher: null, options: null, problem: null, steps: 0, entangled: false }
    this.watched.push(watched)
    observers.add(this.called)
    optimizer.registerStepPreHook(() => {
      this.options.onStep?.()
      watched.steps++
      if (watched.watcher === null && watched.steps <= MOST_STEPS) this.piece(watched)
      if (watched.steps === MOST_STEPS && this.watched.every(w => w.steps >= MOST_STEPS)) {
        this.calls = []
        observers.delete(this.called)
      }
    })
  }

  private see(call: SeenCall): (output: unknown) => void {
    const { module } = call
    if (this.calls.length >= MOST_CALLS) this.calls.splice(0, MOST_CALLS / 2)
    this.calls.push(call)
    for (const w of this.watched) {
      if (w.watcher === null && covers(module, w.optimizer)) this.start(w, module, undefined)
      else if (isLoss(call)) this.adopt(w, module)
    }
    const owner = this.watched.find(w => w.options?.model === module)
    if (owner !== undefined) this.entangle(owner, call.inputs)
    return output => {
      call.output = output
      if (owner !== undefined && output instanceof Tensor) this.outputs.set(output.storage, owner)
      if (isLoss(call)) for (const w of this.watched) this.adopt(w, module)
    }
  }

  /** Networks that feed each other, as in adversarial training, have losses that are not theirs alone. */
  private entangle(owner: Watched, inputs: readonly unknown[]): void {
    for (const x of inputs) {
      const source = x instanceof Tensor ? this.outputs.get(x.storage) : undefined
      if (source === undefined || source === owner) continue
      source.entangled = true
      owner.entangled = true
    }
  }

  /** The loss of a network that is watched already. */
  private adopt({ options }: Watched, criterion: Module): void {
    if (options !== null && options.model !== criterion) options.criterion ??= criterion
  }

  /** Where no module has all parameters: those that have some. */
  private piece(w: Watched): void {
    const name = w.optimizer.constructor.name
    const { parts, criterion, strangers } = discover(w.optimizer, this.calls)
    if (parts.length === 1) this.start(w, parts[0], criterion)
    if (parts.length > 1)
      w.problem = `${name}: its network is put together from ${parts.length} modules by hand; make it one nn.Module to have it watched`
    else if (strangers > 0) w.problem = `${name}: ${strangers} of its parameters belong to no module that was called`
  }

  private start(w: Watched, model: Module, criterion: Module | undefined): void {
    const { optimizer } = w
    w.options = { model, optimizer, criterion, serve: this.options.serve ?? false }
    try {
      w.watcher = watch(w.options)
    } catch (error) {
      w.problem = `${optimizer.constructor.name}: ${(error as Error).message}`
    }
  }

  /** Ends the watching. An optimizer that made no step is looked at now. */
  end(): SessionResult {
    optimizerObservers.delete(this.made)
    observers.delete(this.called)
    const reports: ReportParts[] = []
    const problems: string[] = []
    for (const w of [...this.watched].sort((a, b) => b.steps - a.steps)) {
      const name = w.optimizer.constructor.name
      if (w.watcher === null && w.problem === null) this.piece(w)
      try {
        if (w.entangled)
          w.problem = `${name}: its network and that of another optimizer feed each other, which is not judged`
        else if (w.watcher !== null) reports.push(w.watcher.report())
      } catch (error) {
        w.problem = `${name}: ${(error as Error).message}`
      }
      w.watcher?.stop()
      if (w.problem !== null) problems.push(w.problem)
    }
    if (this.watched.length === 0) problems.push('the script made no optimizer')
    return { reports, problems }
  }
}
