// Every error the library throws, and the checks on options and plain numbers that throw them.

export interface ErrorDetails {
  /** The operation, in its public name. */
  op?: string
  /** Shapes of the operands, in order. */
  shapes?: readonly (readonly number[])[]
  cause?: unknown
}

/**
 * Base of all errors: `.op`, `.shapes` and `.path`, the layers it passed through from the model inwards
 * (`encoder.0.fc1 (Linear 784 -> 10)`), beside the message that says the same in words.
 */
export class GlorotError extends Error {
  readonly op: string | undefined
  readonly shapes: readonly (readonly number[])[] | undefined
  path: string | undefined

  constructor(message: string, details: ErrorDetails = {}) {
    super(
      details.op ? `${details.op}: ${message}` : message,
      details.cause === undefined ? undefined : { cause: details.cause },
    )
    this.op = details.op
    this.shapes = details.shapes
  }

  override get name(): string {
    return this.constructor.name
  }

  /** Names the layer the error came from; the innermost call wins, outer layers only lengthen nothing. */
  at(path: string): this {
    if (this.path !== undefined) return this
    this.path = path
    this.message += `\n    at ${path}`
    return this
  }
}

/** Shapes that do not fit each other. */
export class ShapeError extends GlorotError {}
/** A dtype an operation does not take. */
export class DTypeError extends GlorotError {}
/** An index out of range, or not a whole number. */
export class IndexError extends GlorotError {}
/** A value an operation cannot take: lr < 0, p > 1, a probability outside [0, 1]. */
export class ValueError extends GlorotError {}
/** A function that cannot be recorded and replayed. */
export class CompileError extends GlorotError {}
/** A state dict that does not fit its module or optimizer. */
export class StateDictError extends GlorotError {}
/** A gradient that cannot be computed: freed graph, changed saved tensor, no gradient path. */
export class AutogradError extends GlorotError {}
/** The native layer refused a launch: memory detached or shrunk under a tensor, or a bug in glorot. */
export class LaunchError extends GlorotError {}

/** Runs `fn`; what the native side says of `kernel` is said of the operation that it serves. */
export function sayAs<T>(op: string, kernel: string, fn: () => T): T {
  try {
    return fn()
  } catch (error) {
    if (!(error instanceof GlorotError) || error.op !== kernel) throw error
    throw new (error.constructor as typeof GlorotError)(error.message.slice(kernel.length + 2), { op, cause: error })
  }
}

/** In the order of native/launch.h ErrorKind. */
export const nativeErrors = [GlorotError, LaunchError, ValueError, IndexError] as const

/** `[2, 3]` */
export function formatShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`
}

/** A short description of any value for a message. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === 'function') return value.name ? `function ${value.name}` : 'a function'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object') {
    const name = (value as object).constructor?.name
    return name && name !== 'Object' ? `a ${name}` : 'an object'
  }
  return String(value)
}

function editDistance(a: string, b: string): number {
  const row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0]
    row[0] = i
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]
      row[j] = Math.min(
        above + 1,
        row[j - 1] + 1,
        diagonal + (a[i - 1].toLowerCase() === b[j - 1].toLowerCase() ? 0 : 1),
      )
      diagonal = above
    }
  }
  return row[b.length]
}

/** The candidate nearest to `name` by edit distance, or undefined where none is close. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const plain = (s: string) => s.replaceAll('_', '')
  const ranked = candidates.map(c => [editDistance(plain(name), plain(c)), c] as const).sort((a, b) => a[0] - b[0])
  return ranked.length > 0 && ranked[0][0] <= Math.max(2, Math.ceil(name.length / 2)) ? ranked[0][1] : undefined
}

/** Options that are a boolean, whoever takes them; null and undefined are their default. */
const flags = new Set(
  `accumulate allowUnused amsgrad averageAttnWeights batchFirst broadcast ceilMode centered countIncludePad createGraph
  cycleMomentum descending enforceSorted equalNan errorIfNonfinite full inplace isCausal keepVars keepdim largest leaveParametrized logInput logTarget
  memoryIsCausal needWeights persistent raiseException recurse removeDuplicate replacement requiresGrad retainGraph returnIndices setToNone sorted
  srcIsCausal stable strict swap tgtIsCausal threePhase`.split(/\s+/),
)
/** Options that are a number, likewise. */
const numbers = new Set(
  'beta delta divisorOverride epochs eps gain ignoreIndex initialLr labelSmoothing lastEpoch margin p stepsPerEpoch value'.split(
    ' ',
  ),
)

/**
 * Throws a TypeError unless `options` is undefined or an object whose keys are all in `known`, and those of `flags` and `numbers` have
 * values of that type.
 */
export function checkOptions(op: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${op}: options must be an object like { ${known[0] ?? ''}: … }, got ${describe(options)}`)
  }
  for (const key in options) {
    if (known.includes(key)) {
      const type = flags.has(key) ? 'boolean' : numbers.has(key) ? 'number' : undefined
      if (type === undefined) continue
      const value = (options as Record<string, unknown>)[key] ?? undefined
      if (value === undefined || typeof value === type) continue
      throw new TypeError(`${op}: ${key} must be a ${type}, got ${describe(value)}`)
    }
    const near = nearest(key, known)
    const all = known.length > 0 ? `; it takes ${known.join(', ')}` : '; it takes none'
    throw new TypeError(`${op}: unknown option '${key}'${near ? `, did you mean '${near}'?` : all}`)
  }
}

/** Throws unless value is an integer >= least. Returns it. */
export function checkInteger(op: string, what: string, value: unknown, least = 0): number {
  if (typeof value !== 'number') throw new TypeError(`${op}: ${what} must be a number, got ${describe(value)}`)
  if (!Number.isSafeInteger(value) || value < least) {
    throw new ValueError(`${what} must be a whole number${least === -Infinity ? '' : ` >= ${least}`}, got ${value}`, {
      op,
    })
  }
  return value
}

/** Throws unless value is a number in [least, most]; nan is refused. Returns it. */
export function checkNumber(op: string, what: string, value: unknown, least = -Infinity, most = Infinity): number {
  if (typeof value !== 'number') throw new TypeError(`${op}: ${what} must be a number, got ${describe(value)}`)
  if (!(value >= least && value <= most)) {
    const range = most === Infinity ? `>= ${least}` : `between ${least} and ${most}`
    throw new ValueError(`${what} must be ${least === -Infinity ? 'a number, not nan' : range}, got ${value}`, { op })
  }
  return value
}

/** Throws unless value is one of the given strings. Returns it. */
export function checkChoice<T extends string>(op: string, what: string, value: unknown, choices: readonly T[]): T {
  if (!choices.includes(value as T)) {
    const near = typeof value === 'string' ? nearest(value, choices) : undefined
    const list = choices.map(c => `'${c}'`).join(', ')
    throw new ValueError(
      `${what} must be one of ${list}, got ${describe(value)}${near ? `, did you mean '${near}'?` : ''}`,
      { op },
    )
  }
  return value as T
}

/** Throws a TypeError unless value is an array. Returns it. */
export function checkArray<T>(op: string, what: string, value: readonly T[]): readonly T[] {
  if (!Array.isArray(value)) throw new TypeError(`${op}: ${what} must be an array, got ${describe(value)}`)
  return value
}

/** The values of an iterable. @throws TypeError if it is none */
export function checkIterable<T>(op: string, what: string, value: Iterable<T>): T[] {
  if (typeof (value as Iterable<T> | null | undefined)?.[Symbol.iterator] === 'function') return [...value]
  throw new TypeError(`${op}: ${what} must be an array or another iterable, got ${describe(value)}`)
}

/** The entries of an object, or of an iterable of pairs. @throws TypeError if it is none */
export function checkEntries<T>(
  op: string,
  what: string,
  value: Readonly<Record<string, T>> | Iterable<readonly [string, T]>,
): (readonly [string, T])[] {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`${op}: ${what} must be an object or pairs, got ${describe(value)}`)
  if (!(Symbol.iterator in value)) return Object.entries(value)
  const pairs = [...value]
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new TypeError(`${op}: ${what} must be pairs of a name and a value, got ${describe(pair)}`)
  }
  return pairs
}

/** Throws a TypeError unless value is a boolean. Returns it. */
export function checkFlag(op: string, what: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${op}: ${what} must be a boolean, got ${describe(value)}`)
  return value
}
