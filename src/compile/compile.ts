// compile: a function of tensors, recorded and then replayed by native code in one call.
import { checkInteger, checkOptions, describe } from '../core/errors.js'
import type { Tensor } from '../tensor/tensor.js'
import { Compiler } from './compiler.js'
import type { EpochOptions } from './epochs.js'
import type { Passes } from './program.js'
import type { Result } from './result.js'

export interface CompileOptions {
  /**
   * How many kinds of call (shapes and dtypes of the inputs, modes) are kept ready; another one takes the place of the one not used for
   * longest when it was used twice since. Default: 8.
   */
  cacheSize?: number
  /** Return the same tensors from every replay, overwritten by the next one: a replay then allocates no memory. Default: false. */
  reuseResults?: boolean
  /** Pass: let tensors that are not needed at the same time share memory. Default: true. */
  reuseMemory?: boolean
  /** Pass: leave out what nobody needs, such as an accuracy that is not returned; with it goes what it would have thrown. Default: true. */
  prune?: boolean
  /** Pass: compute relu, sigmoid and tanh within the linear layer before them, their slopes within the backward of the one after them, to
   *  the bit the same. Default: true. */
  fuse?: boolean
  /** Pass: step optimizers' groups, and more parameters than an eager launch takes, in one launch, to the bit the same. Default: true. */
  merge?: boolean
  /** Pass: run elementwise operations that follow each other tile by tile, while elements are in the cache, to the bit the same. Default: true. */
  chain?: boolean
}

const every: Passes = { prune: true, fuse: true, merge: true, chain: true, reuseMemory: true }

/** A compiled function. */
export interface Compiled<A extends Tensor[], R extends Result> {
  (...inputs: A): R
  /**
   * The same without blocking the event loop: replays run on another thread. Calls wait for those before them, of all compiled functions.
   * Until then leave alone what the function reads and writes: parameters, gradients, optimizer state, buffers, the stream of random
   * numbers that it draws from.
   */
  runAsync(...inputs: A): Promise<R>
  /**
   * A whole epoch without blocking the event loop: the function on every batch of the loader, gathered natively where its dataset is of
   * tensors, many batches to a native call. Resolves to the results, stacked: of a loss, one number a batch.
   * @param options `onProgress`: called with `{ batch, batches }` now and then; `signal`: stops between native calls
   */
  runEpoch(loader: Iterable<Tensor[]>, options?: EpochOptions): Promise<R>
  /** The same at once, blocking. */
  runEpochSync(loader: Iterable<Tensor[]>, options?: EpochOptions): R
  /** Lets go of everything recorded. Calling the function afterwards is an error. */
  dispose(): void
  /** Bytes that the programs hold beside parameters and the like. */
  readonly memory: number
}

/**
 * Makes a function of tensors that is recorded and then replayed by native code, in one call and without JavaScript: a training step, or
 * a forward pass. Results, parameters, gradients, optimizer state and random numbers are to the bit those of calling `fn` itself.
 *
 * ```ts
 * const step = compile((inputs, labels) => {
 *   optimizer.zeroGrad()
 *   const loss = criterion.forward(model.forward(inputs), labels)
 *   loss.backward()
 *   optimizer.step()
 *   return loss
 * })
 * for (const [inputs, labels] of loader) total += step(inputs, labels).item()
 * ```
 *
 * `fn` itself runs until two calls in a row, with inputs of these shapes and dtypes, have launched the same kernels; from then on it is
 * replayed. Results are new tensors outside the graph, as the gradients are.
 *
 * | within `fn` | what happens |
 * |---|---|
 * | reading a value: `item()`, `tolist()`, printing | `CompileError`; return the tensor and read it after the call |
 * | a number or a branch that changes from call to call | `CompileError` after four calls of which no two agree; pass it in as a tensor |
 * | `state = next` to keep a tensor for the next call | the same, but not seen where `next` is an input; write `state.copy_(next)` |
 * | setting `lr`, a scheduler's `step()` | `CompileError`; do it after the call, it takes effect with the next one |
 * | `step` of an `LBFGS`, which reads losses | `CompileError`; compile its closure: `optimizer.step(() => compiled(x, y))` |
 * | changing an input in place, returning what is no tensor, calling a compiled function | `CompileError` |
 * | `console.log`, counters and other effects of JavaScript | happen while it is recorded, not when it is replayed |
 * | a tensor carried out by a closure | keeps the values of the recorded call; return it instead |
 *
 * Between calls, these take effect as they would without compiling, by the memory that they share or because the function is recorded
 * again: in-place changes of any tensor, `manualSeed`, `loadStateDict`, `train()`, `eval()`, `requiresGrad`, hooks, `x.data = …`, `p.grad = …`,
 * parameter groups and options of an optimizer, and the layers that run: a layer or a parameter replaced, added to a list or taken out,
 * and the settings of each, be they properties (`dropout.p`) or within arrays and objects that are.
 *
 * | between calls | what happens |
 * |---|---|
 * | rebinding a variable that `fn` reads: `beta = 0.1`, `model = other` | not seen: compile anew, or keep it in a property of a layer |
 * | a property that a layer or an object in it did not have, a method replaced, entries of a `Map` or of more than 64 | the same |
 * | a setting that is another one in every call | takes effect, and nothing is replayed: the function runs plainly |
 * | keeping `p.grad` | it is memory that the next call writes to: clone it |
 *
 * @param fn takes tensors that do not require gradients, returns a tensor, an array or an object of them
 * @throws CompileError on what cannot be replayed, saying what to do instead
 */
export function compile<A extends Tensor[], R extends Result>(
  fn: (...inputs: A) => R,
  options?: CompileOptions,
): Compiled<A, R> {
  const op = 'compile'
  if (typeof fn !== 'function') throw new TypeError(`${op}: expected a function, got ${describe(fn)}`)
  checkOptions(op, options, ['cacheSize', 'reuseResults', ...Object.keys(every)])
  const cacheSize = checkInteger(op, 'cacheSize', options?.cacheSize ?? 8, 1)
  const passes = Object.fromEntries(
    Object.entries(every).map(([name, on]) => [name, options?.[name as keyof Passes] ?? on]),
  ) as unknown as Passes
  const reuseResults = options?.reuseResults ?? false
  for (const [name, on] of Object.entries({ ...passes, reuseResults })) {
    if (typeof on !== 'boolean') throw new TypeError(`${op}: ${name} must be true or false, got ${describe(on)}`)
  }
  const compiler = new Compiler(fn, cacheSize, passes, reuseResults)
  const compiled = (...inputs: A) => compiler.call(inputs)
  return Object.defineProperty(
    Object.assign(compiled, {
      runAsync: (...inputs: A) => compiler.callAsync(inputs),
      runEpoch: (loader: Iterable<Tensor[]>, options?: EpochOptions) => compiler.epoch(loader, options),
      runEpochSync: (loader: Iterable<Tensor[]>, options?: EpochOptions) => compiler.epochSync(loader, options),
      dispose: () => {
        compiler.dispose()
      },
    }),
    'memory',
    { get: () => compiler.memory },
  ) as unknown as Compiled<A, R>
}
