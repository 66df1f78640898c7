// A run shown on a page while it goes on. The server lives in a thread of its own: a training loop leaves the event loop of its thread
// no turn, and the page would wait until it ends.
import { describe, ValueError } from '../../core/errors.js'
import { portable } from '../portable.js'
import { outline } from '../render/thin.js'
import type { ReportParts } from '../report.js'
import type { FromServer, ServerData, ToServer } from './server.js'

const { MessageChannel, receiveMessageOnPort, Worker } = process.getBuiltinModule('node:worker_threads')

/** Milliseconds to wait for the server: to listen, and to send its last words. */
const START = 10_000
const END = 5000

/** Milliseconds between updates at least; and the share of time that they may take at most. */
const INTERVAL = 500
const SHARE = 0.1

/** Points of the loss that are sent: as many as can be seen. */
const POINTS = 1200

function sendable(parts: ReportParts): ReportParts {
  const losses = outline(parts.trace.losses, p => p.loss, POINTS)
  return portable({ ...parts, trace: { ...parts.trace, losses } })
}

export class Live {
  /** Where the page is: `http://127.0.0.1:40123/`. */
  readonly url: string
  private readonly worker: InstanceType<typeof Worker>
  private readonly signal = new Int32Array(new SharedArrayBuffer(4))
  private next = 0
  private ended = false

  /** Starts to serve, and says where. @param port 0 for one that is free @throws ValueError if nothing can listen there */
  constructor({ port = 0 }: { port?: number } = {}) {
    if (!Number.isInteger(port) || port < 0 || port > 65535)
      throw new ValueError(`port must be a whole number from 0 to 65535, got ${describe(port)}`, { op: 'watch' })
    const { port1: here, port2: there } = new MessageChannel()
    const workerData: ServerData = { port, signal: this.signal, answer: there }
    this.worker = new Worker(new URL('./doctor/live.js', import.meta.url), {
      workerData,
      transferList: [there],
      execArgv: [],
    })
    // It ends with the process, and does not keep it from ending.
    this.worker.unref()
    this.worker.on('error', () => {
      this.ended = true
    })
    this.wait(START)
    const answer = receiveMessageOnPort(here)?.message as FromServer | undefined
    here.close()
    if (answer === undefined || 'error' in answer) {
      void this.worker.terminate()
      throw new ValueError(`cannot listen on port ${port} of 127.0.0.1: ${answer?.error ?? 'no answer'}`, {
        op: 'watch',
      })
    }
    this.url = `http://127.0.0.1:${answer.port}/`
    process.stderr.write(`glorot doctor: the run is shown at ${this.url}\n`)
  }

  /** Sleeps until the server has done what it was asked to. */
  private wait(milliseconds: number): void {
    Atomics.wait(this.signal, 0, 0, milliseconds)
    Atomics.store(this.signal, 0, 0)
  }

  private post(message: ToServer): void {
    this.worker.postMessage(message)
  }

  /** Shows what there is by now; does nothing shortly after the last time. */
  update(parts: () => ReportParts): void {
    const now = performance.now()
    if (this.ended || now < this.next) return
    this.post({ report: sendable(parts()), last: false })
    const cost = performance.now() - now
    this.next = now + Math.max(INTERVAL, cost / SHARE)
  }

  /** Shows the whole run, tells readers that it has ended, and waits until they have got it. */
  end(parts: ReportParts): void {
    if (this.ended) return
    this.ended = true
    this.post({ report: sendable(parts), last: true })
    this.wait(END)
  }
}
