// Generators of random numbers: mt19937 whose state is a tensor's storage, so that launches draw from it and advance it.
import { kernel, launch } from '../core/dispatch.js'
import { checkOptions, describe, ValueError } from '../core/errors.js'
import { allocateBytes, allocated, Storage } from '../core/storage.js'
import { emptyTensor } from './tensor.js'

const SEED = kernel('seedGenerator')
const RANDOM63 = kernel('random63')

/** native/kernels/random/engine.h: 624 words, next, kept, normal (double), seed (2 words). */
const BYTES = 2520
const NEXT_AT = 4 * 624
const SEED_AT = 2512

/** The two halves of a seed as PyTorch takes it: any integer of 64 bits, a negative one counts from 2^64. */
function halves(op: string, seed: unknown): [number, number] {
  if (typeof seed !== 'number' && typeof seed !== 'bigint')
    throw new TypeError(`${op}: the seed must be a number or bigint, got ${describe(seed)}`)
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
    throw new ValueError(`the seed must be a whole number within 2^53 (or a bigint), got ${seed}`, { op })
  }
  const big = BigInt(seed)
  if (big < -(2n ** 63n) || big >= 2n ** 64n) throw new ValueError(`the seed must fit 64 bits, got ${seed}`, { op })
  const bits = BigInt.asUintN(64, big)
  return [Number(bits & 0xffffffffn), Number(bits >> 32n)]
}

/** Node seeds Math.random from the system's entropy; loading node:crypto took a seventh of the package's import. */
const randomSeed = () => Math.floor(Math.random() * 2 ** 52)

interface State {
  readonly storage: Storage
  readonly byteOffset: number
}

/**
 * A stream of random numbers of its own: `rand([3], { generator })`. The same seed gives the numbers of PyTorch's CPU generator.
 * @see https://pytorch.org/docs/stable/generated/torch.Generator.html
 */
export class Generator {
  #made: State | undefined

  /** Starts with a seed that nobody knows, unless one is given; see `manualSeed`. */
  constructor(seed?: number | bigint) {
    if (seed !== undefined) this.manualSeed(seed)
  }

  /** @internal The operand of launches that draw. Made at first use: importing the package makes the default generator. */
  get state(): State {
    return this.#made ?? this.start(randomSeed())
  }

  private start(seed: number | bigint): State {
    const words = halves('manualSeed', seed)
    this.#made ??= { storage: new Storage(allocateBytes(BYTES)), byteOffset: allocated.at }
    launch(SEED, 'float32', [this.#made], words)
    return this.#made
  }

  /** Starts the stream of a seed anew. */
  manualSeed(seed: number | bigint): this {
    this.start(seed)
    return this
  }

  /** Starts the stream of a random seed and returns that. */
  seed(): number {
    const seed = randomSeed()
    this.start(seed)
    return seed
  }

  /** The seed of the stream; a bigint where it is beyond 2^53. */
  initialSeed(): number | bigint {
    const at = this.bytes()
    const seed = at.readBigUInt64LE(SEED_AT)
    return seed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seed) : seed
  }

  /** A copy of the state: the stream goes on from here after `setState`. */
  getState(): Uint8Array {
    return Uint8Array.from(this.bytes())
  }

  /** Goes on from a state that `getState` gave. @throws ValueError if it is not one; the stream is left as it was */
  setState(state: Uint8Array): this {
    if (!(state instanceof Uint8Array)) throw new TypeError(`setState: expected a Uint8Array, got ${describe(state)}`)
    if (state.length !== BYTES)
      throw new ValueError(`a state has ${BYTES} bytes, got ${state.length}`, { op: 'setState' })
    const view = new DataView(state.buffer, state.byteOffset)
    const next = view.getUint32(NEXT_AT, true)
    const kept = view.getUint32(NEXT_AT + 4, true)
    if (next > 624 || kept > 1)
      throw new ValueError(`the state is damaged: position ${next} of 624, ${kept} numbers kept`, { op: 'setState' })
    this.bytes().set(state)
    return this
  }

  private bytes(): Buffer {
    const { bytes } = this.state.storage
    return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset + this.state.byteOffset, BYTES)
  }

  /** @internal A whole number of 63 bits: what PyTorch's random_() on an int64 tensor gives. */
  random63(): bigint {
    const out = emptyTensor([2], 'float64')
    launch(RANDOM63, 'float64', [this.state, out], [])
    const [high, low] = out.typedArray()
    return (BigInt(high) << 32n) | BigInt(low)
  }
}

/** The generator of this thread that everything draws from unless told otherwise. */
export const defaultGenerator = new Generator()

/** Starts the default stream of a seed; from here on all draws equal PyTorch's after `torch.manual_seed(seed)`. */
export function manualSeed(seed: number | bigint): Generator {
  return defaultGenerator.manualSeed(seed)
}

/** The seed of the default stream. */
export function initialSeed(): number | bigint {
  return defaultGenerator.initialSeed()
}

/** The generator of an options object, or the default one. */
export function generatorOf(op: string, generator: Generator | null | undefined): Generator {
  if (generator === undefined || generator === null) return defaultGenerator
  if (generator instanceof Generator) return generator
  throw new TypeError(`${op}: generator must be a Generator, got ${describe(generator)}`)
}

/** Checks an options object that has a generator at most. */
export function onlyGenerator(op: string, options: { generator?: Generator | null } | undefined): Generator {
  checkOptions(op, options, ['generator'])
  return generatorOf(op, options?.generator)
}
