// Progress of a training: a live bar in a terminal; elsewhere a plain line now and then.
import { SingleBar } from 'cli-progress'
import type { Terminal } from './terminal.js'

export interface Progress {
  /** `done` of `total` samples are through, the last batch with this loss. */
  update(done: number, loss: number): void
  /** Writes a line that stays; the bar goes on below it. */
  print(line: string): void
  stop(): void
}

/** Milliseconds between plain lines. */
const INTERVAL = 5000

/** The bar is drawn by `update` itself: a training loop is synchronous, no timer fires while it runs. */
function liveProgress(total: number, { stream, columns, unicode }: Terminal): Progress {
  const bar = new SingleBar({
    stream,
    format: '  {bar} {percentage} % | loss {loss} | {rate}/s | {left} s left',
    barsize: Math.max(5, Math.min(40, columns - 50)),
    barCompleteChar: unicode ? '█' : '#',
    barIncompleteChar: unicode ? '░' : '-',
    clearOnComplete: true,
    // Ctrl-C ends the process at once: a handler could run only after the loop. So nothing is set that has to be set back.
    gracefulExit: false,
    hideCursor: false,
    linewrap: true,
  })
  const started = performance.now()
  let value = 0
  let shown = { loss: '-', rate: '-', left: '-' }
  const start = () => bar.start(total, value, shown)
  start()
  return {
    update(done, loss) {
      const rate = (1000 * done) / (performance.now() - started)
      value = done
      shown = {
        loss: loss.toFixed(4),
        rate: Math.round(rate).toLocaleString('en'),
        left: Math.ceil((total - done) / rate).toString(),
      }
      bar.update(done, shown)
    },
    print(line) {
      bar.stop()
      stream.write(`${line}\n`)
      start()
    },
    stop: () => bar.stop(),
  }
}

function plainProgress(total: number, { stream }: Terminal, now: () => number): Progress {
  let last = now()
  const print = (line: string) => {
    last = now()
    stream.write(`${line}\n`)
  }
  return {
    update(done, loss) {
      if (now() - last >= INTERVAL) print(`  ${Math.floor((100 * done) / total)} %, loss ${loss.toFixed(4)}`)
    },
    print,
    stop() {},
  }
}

/** Starts to show the progress of `total` samples. */
export function startProgress(total: number, terminal: Terminal, now = () => performance.now()): Progress {
  return terminal.live ? liveProgress(total, terminal) : plainProgress(total, terminal, now)
}
