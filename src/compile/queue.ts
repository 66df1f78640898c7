// Runs on another thread, one after the other.

export class Queue {
  private last: Promise<unknown> | null = null

  get busy(): boolean {
    return this.last !== null
  }

  /** Starts when all before have ended: at once, before this returns, where there are none. */
  async run<T>(start: () => Promise<T>): Promise<T> {
    const before = this.last
    // A failed one before is its own caller's matter.
    const run = before === null ? start() : before.then(start, start)
    this.last = run
    try {
      return await run
    } finally {
      if (this.last === run) this.last = null
    }
  }
}

/** Runs of all functions take turns: they may share parameters, and they do share the stream of random numbers. */
export const turns = new Queue()
