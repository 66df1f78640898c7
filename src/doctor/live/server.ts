// The server of the live page, in its own thread: the page at /, its updates as server-sent events at /events. It answers those alone
// who ask for it by its own name, so that no other page can have its name lead here.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { MessagePort } from 'node:worker_threads'
import type { ReportParts } from '../report.js'
import { livePage, type Shown, shownOf, waiting } from './page.js'

export interface ServerData {
  readonly port: number
  /** Set, and notified, when the server listens, and when its last words are sent. */
  readonly signal: Int32Array
  readonly answer: MessagePort
}

export type FromServer = { readonly port: number } | { readonly error: string }

export interface ToServer {
  readonly report: ReportParts
  readonly last: boolean
}

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

const HEARTBEAT = 15_000

/** @param done called once the server listens or cannot, and once the last words are sent */
export function createLiveServer(done: () => void) {
  const { createServer } = process.getBuiltinModule('node:http')
  const readers = new Set<ServerResponse>()
  let shown: Shown = waiting
  let ended = false

  const words = () => `event: report\ndata: ${JSON.stringify({ ...shown, body: shown.body.text, ended })}\n\n`

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const { host } = request.headers
    const { port } = request.socket.address() as { port: number }
    const refuse = (status: number, text: string, headers = {}) =>
      response.writeHead(status, { ...HEADERS, ...headers, 'Content-Type': 'text/plain' }).end(text)
    if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`)
      refuse(403, 'this page is asked for by another name')
    else if (request.method !== 'GET') refuse(405, 'only GET', { Allow: 'GET' })
    else if (request.url === '/')
      response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/html; charset=utf-8' }).end(livePage(shown, ended))
    else if (request.url === '/events') {
      response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream' })
      if (ended) {
        response.end(words())
        return
      }
      response.write(words())
      readers.add(response)
      response.on('close', () => readers.delete(response))
    } else refuse(404, 'there is / and /events')
  }

  const server = createServer(answer)
  setInterval(() => {
    for (const reader of readers) reader.write(': still here\n\n')
  }, HEARTBEAT).unref()

  return {
    server,
    show({ report, last }: ToServer): void {
      shown = shownOf(report)
      ended = last
      if (!last) for (const reader of readers) reader.write(words())
      else {
        const sent = [...readers].map(reader => new Promise<void>(resolve => reader.end(words(), resolve)))
        void Promise.all(sent).then(done)
      }
    },
  }
}

/** What the thread does. */
export function serveLive(): void {
  const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads')
  const { port, signal, answer } = workerData as ServerData
  const done = () => {
    Atomics.store(signal, 0, 1)
    Atomics.notify(signal, 0)
  }
  const { server, show } = createLiveServer(done)
  const say = (message: FromServer) => {
    answer.postMessage(message)
    answer.close()
    done()
  }
  server.once('error', error => say({ error: error.message }))
  server.listen(port, '127.0.0.1', () => say({ port: (server.address() as { port: number }).port }))
  parentPort?.on('message', show)
}
