// The protocol of worker.ts from a worker's end, for the sides that are written in JavaScript.
import { createInterface } from 'node:readline'
import { manualSeed } from 'glorot'
import { measure } from './clock.js'
import type { Answer, Greeting, Request } from './worker.js'

/** A work that is ready: one iteration of it, and a number that all sides must agree on. */
export interface Prepared {
  readonly step: () => unknown
  readonly value: () => number
}

export interface Library {
  readonly greeting: Greeting
  // biome-ignore lint/suspicious/noExplicitAny: each work checks its own arguments by failing
  readonly works: Readonly<Record<string, (args: any) => Prepared>>
  setThreads(n: number): void
}

/** Thrown where a library cannot express a work. */
export class Lacks extends Error {}

const say = (message: Answer | Greeting | { missing: string }) => process.stdout.write(`${JSON.stringify(message)}\n`)
const firstLine = (problem: unknown) => String(problem).split('\n')[0]

/** Answers requests until the input ends. Numbers are drawn by glorot, from seed 0 for each work. */
export async function serve(open: () => Promise<Library>): Promise<void> {
  // Standard output carries the protocol, and libraries greet on it.
  console.log = console.error
  let library: Library
  try {
    library = await open()
  } catch (problem) {
    say({ missing: firstLine((problem as Error).message) })
    return
  }
  let prepared: (() => unknown) | undefined
  const answer = (request: Request): Answer => {
    library.setThreads(request.threads)
    if (request.do === 'run') return { samples: measure(prepared!, request.seconds, request.cpu) }
    const work = library.works[request.work]
    if (work === undefined) throw new Error(`no program for '${request.work}'`)
    manualSeed(0)
    const { step, value } = work(request.args)
    prepared = step
    return { value: value() }
  }
  say(library.greeting)
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      say(answer(JSON.parse(line)))
    } catch (problem) {
      say(problem instanceof Lacks ? { lacks: problem.message } : { error: firstLine(problem) })
    }
  }
}
