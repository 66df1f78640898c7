// A side of the comparison as a process of its own: one JSON line per request, one per answer, in turn. It opens with who it is.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

export type Args = Readonly<Record<string, unknown>>

export type Request =
  /** Makes a work ready, from seed 0, runs it once and gives a number that both sides must agree on. */
  | { do: 'prepare'; work: string; args: Args; threads: number }
  /** Runs the prepared work for a time, measured by the wall's clock or by the process's own CPU time. */
  | { do: 'run'; seconds: number; threads: number; cpu: boolean }

export interface Answer {
  readonly value?: number
  /** Seconds per iteration. */
  readonly samples?: readonly number[]
  readonly error?: string
  /** What the library lacks to run this work at all. */
  readonly lacks?: string
}

export interface Greeting {
  readonly name: string
  readonly version: string
  readonly details: string
}

/** Their threads are set by request; the libraries below them must not start with more. */
const one = { OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', GLOROT_NUM_THREADS: '1' }
const environment: NodeJS.ProcessEnv = { ...process.env, ...one }
// It would make OpenBLAS take kernels that are not this machine's.
delete environment.OPENBLAS_CORETYPE

export class Worker {
  readonly greeting: Greeting
  private readonly child: ChildProcessWithoutNullStreams
  private readonly closed: Promise<unknown>
  private readonly lines: AsyncIterator<string>

  private constructor(
    child: ChildProcessWithoutNullStreams,
    closed: Promise<unknown>,
    lines: AsyncIterator<string>,
    greeting: Greeting,
  ) {
    this.child = child
    this.closed = closed
    this.lines = lines
    this.greeting = greeting
  }

  /** @throws Error saying why the process cannot take part */
  static async start(command: string, args: readonly string[]): Promise<Worker> {
    const child = spawn(command, args, { env: environment })
    const failed = new Promise<never>((_, reject) => child.once('error', reject))
    // An unhandled rejection later would end the whole run.
    failed.catch(() => {})
    // A process that ended takes no more requests: what was asked of it is answered below.
    child.stdin.on('error', () => {})
    let complaint = ''
    child.stderr.on('data', chunk => {
      complaint = (complaint + chunk).slice(-2000)
    })
    const closed = new Promise(resolve => child.once('close', resolve))
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const first = await Promise.race([lines.next(), failed])
    if (first.done) {
      await closed
      throw new Error(complaint.trim() || `${command} ended without a word`)
    }
    const greeting = JSON.parse(first.value)
    if (greeting.missing !== undefined) throw new Error(greeting.missing)
    return new Worker(child, closed, lines, greeting)
  }

  async ask(request: Request): Promise<Answer> {
    this.child.stdin.write(`${JSON.stringify(request)}\n`)
    const { value, done } = await this.lines.next()
    return done ? { error: `${this.greeting.name}'s process ended` } : JSON.parse(value)
  }

  /** Done when the process has ended, and so takes no more time from others. */
  async stop(): Promise<void> {
    this.child.stdin.end()
    await this.closed
  }
}
